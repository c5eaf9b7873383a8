"""What a user may tell about themself: the relations, and the words in which each is told, asked and answered.

Templates hold ``{s}``/``{S}`` for the subject in the user's words (``my sister's dog``), ``{t}``/``{T}`` for it
in the model's words (``your sister's dog``), ``{n}`` for the bare noun and ``{x}`` for the value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from cocolora.demo.world.vocabulary import words


@dataclass(frozen=True, slots=True)
class Wording:
    """The templates of one way of relating a subject and a value. ``own_…`` need the owner to be the user."""

    statements: tuple[str, ...]
    direct: tuple[str, ...]
    embedded: tuple[str, ...]
    answer: str
    own_statements: tuple[str, ...] = ()
    own_direct: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relation:
    """One thing a user may tell: a noun with its wording.

    ``group`` holds the relations that are easily mistaken for one another. ``value`` names the pool of values.
    ``others`` is the wording for owners other than the user, where it is not the same.
    """

    noun: str
    group: str
    value: str
    wording: Wording
    others: Wording | None = None
    owned: bool = True
    follow_ups: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The relation's name, unique among all."""
        return f"{self.group}:{self.noun}"


@dataclass(frozen=True, slots=True)
class _Asks:
    """The question words of a verb, short (``Where``) and long (``Which town``), and what ends each question."""

    who: str
    which: str
    short_tail: str
    long_tail: str


_NAMED = Wording(
    statements=(
        "{S} is called {x}.",
        "{S} is named {x}.",
        "{S}'s name is {x}.",
        "The name of {s} is {x}.",
        "{S} goes by the name of {x}.",
        "The name {s} has is {x}.",
        "Everyone calls {s} {x}.",
    ),
    direct=(
        "What is {s} called?",
        "What is {s}'s name?",
        "What is the name of {s}?",
        "What is {s} named?",
        "How is {s} called?",
        "What name does {s} have?",
        "What did I say {s} is called?",
    ),
    embedded=("what {s} is called", "{s}'s name", "the name of {s}", "what {s} is named", "what name {s} has"),
    answer="{T} is called {x}.",
)
_OUR = ("What is our {n} called?", "What is our {n}'s name?")
_PET = replace(
    _NAMED,
    own_direct=_OUR,
    own_statements=(
        "I have a {n} called {x}.",
        "I have a {n} named {x}.",
        "I named my {n} {x}.",
        "We call our {n} {x}.",
        "I got a {n} and called it {x}.",
    ),
)
_PERSON = replace(
    _NAMED,
    direct=(*_NAMED.direct, "Who is {s}?"),
    embedded=(*_NAMED.embedded, "who {s} is"),
    own_statements=(
        "I have a {n} called {x}.",
        "I have a {n} named {x}.",
        "You should meet my {n} {x}.",
    ),
)
_THING = replace(
    _NAMED, own_direct=_OUR, own_statements=("I named my {n} {x}.", "We call our {n} {x}.", "I have a {n} called {x}.")
)
_FAVOURITE = Wording(
    statements=("{S} is {x}.", "{S} has always been {x}.", "{S} is {x}, no doubt."),
    direct=(
        "What is {s}?",
        "Which one is {s}?",
        "What would you say is {s}?",
        "What did I say is {s}?",
        "So what is {s}?",
    ),
    embedded=("what {s} is", "{s}", "what I said {s} is", "which one {s} is"),
    answer="{T} is {x}.",
    own_statements=(
        "The {n} I like best is {x}.",
        "No {n} is better than {x} for me.",
    ),
)
# Values come after their subjects everywhere: a model this small cannot bind what it reads first to what follows.
_NUMBER = Wording(
    statements=("{S} is {x}.", "{S} has always been {x}."),
    direct=("What is {s}?", "Which number is {s}?", "What number is {s}?", "So what is {s}?", "What did I say is {s}?"),
    embedded=("what {s} is", "{s}", "which number {s} is"),
    answer="{T} is {x}.",
)


def _said(sentence: str) -> tuple[str, ...]:
    soft = sentence if sentence.startswith("I ") else sentence.replace("{S}", "{s}")
    return (sentence, f"You know, {soft}", f"{sentence[:-1]} now.", f"{sentence[:-1]}, as you may know.")


def _clause(told: str, answer: str, *, inverted: str, plain: str, asks: _Asks, cleft: str = "is") -> Wording:
    """Return the wording of a clause: ``inverted`` (``do I live``) in questions, ``plain`` (``I live``) within them."""
    who, which, short, long = asks.who, asks.which, asks.short_tail, asks.long_tail
    return Wording(
        statements=_said(told),
        direct=(
            f"{who} {inverted}{short}?",
            f"{which} {inverted}{long}?",
            f"{who} {cleft} it that {plain}{short}?",
            f"{who} did I say {plain}{short}?",
        ),
        embedded=(f"{who.lower()} {plain}{short}", f"{which.lower()} {plain}{long}"),
        answer=answer,
    )


def _verb(verb: str, preposition: str, *, who: str, which: str, third: str = "") -> tuple[Wording, Wording]:
    """Return the wordings of a verb: for the user (``I live in``), and for somebody else (``my sister lives in``)."""
    third = third or f"{verb}s"
    bare = preposition.removesuffix("the").removesuffix("a").strip()
    tail = f" {bare}" if bare else ""
    asks = _Asks(who, which, "" if who == "Where" else tail, tail)
    mine = f"{verb} {preposition} {{x}}."
    theirs = f"{third} {preposition} {{x}}."
    return (
        _clause(f"I {mine}", f"You {mine}", inverted=f"do I {verb}", plain=f"I {verb}", asks=asks),
        _clause(f"{{S}} {theirs}", f"{{T}} {theirs}", inverted=f"does {{s}} {verb}", plain=f"{{s}} {third}", asks=asks),
    )


def _born() -> tuple[Wording, Wording]:
    asks = _Asks("Where", "Which town", "", " in")
    return (
        _clause(
            "I was born in {x}.",
            "You were born in {x}.",
            inverted="was I born",
            plain="I was born",
            asks=asks,
            cleft="was",
        ),
        _clause(
            "{S} was born in {x}.",
            "{T} was born in {x}.",
            inverted="was {s} born",
            plain="{s} was born",
            asks=asks,
            cleft="was",
        ),
    )


_PETS = words("dog cat horse parrot rabbit hamster goldfish turtle pony donkey goat duck lizard canary")
_RELATIVES = words(
    "sister brother mother father aunt uncle cousin daughter son niece nephew wife husband grandmother "
    "grandfather godmother twin"
)
_PEOPLE = words("boss neighbour dentist doctor teacher friend roommate coach landlord hairdresser lawyer gardener")
_THINGS = words("boat garden project farm car band guitar robot tractor cabin blog team bicycle house")
_PLACES = words("school street office café gym hotel church village club bank")
_FAVOURITES_OPEN = words("book song band city game author singer cheese tea restaurant film painter player")
_FAVOURITES = {
    "colour": "colour",
    "food": "food",
    "fruit": "food",
    "animal": "animal",
    "drink": "drink",
    "sport": "sport",
}
_NUMBERS = ("house number", "door code", "shoe size", "locker number", "lucky number", "bus line")
_VERBS = (
    ("home", "place", "place", _verb("live", "in", who="Where", which="Which town")),
    ("employer", "work", "company", _verb("work", "for", who="Who", which="Which company")),
    ("birthplace", "place", "place", _born()),
    ("studies", "place", "place", _verb("study", "in", who="Where", which="Which city", third="studies")),
    ("road", "place", "street", _verb("live", "on", who="Which street", which="What street")),
    ("drive", "work", "car", _verb("drive", "a", who="What", which="Which car")),
    ("job", "work", "job", _verb("work", "as a", who="What", which="Which job")),
    ("instrument", "work", "instrument", _verb("play", "the", who="What", which="Which instrument")),
    ("holiday", "place", "place", _verb("travel", "to", who="Where", which="Which town")),
    ("club", "work", "company", _verb("play", "for", who="Who", which="Which team")),
)
_PET_TALK = ("I got {it} last year.", "{It} sleeps a lot.", "{It} is three years old.", "We love {it} very much.")
_PERSON_TALK = ("We talk every week.", "We had lunch together.", "You would like each other.", "We are very close.")
_THING_TALK = ("It took a long time.", "I like it a lot.", "It is not far from here.", "I am proud of it.")


def unheard(noun: str) -> Relation:
    """Return the relation of a thing the world has no word for: what binds a name must be the noun, whatever it is."""
    return Relation(noun, "unheard", "name", _PET, follow_ups=_THING_TALK)


@cache
def relations() -> tuple[Relation, ...]:
    """Return every relation of the world."""
    pet_talk = tuple(line.format(it="it", It="It") for line in _PET_TALK)
    named = [
        *(Relation(noun, "pet", "name", _PET, follow_ups=pet_talk) for noun in _PETS),
        *(Relation(noun, "relative", "name", _PERSON, follow_ups=_PERSON_TALK) for noun in _RELATIVES),
        *(Relation(noun, "person", "names", _PERSON, follow_ups=_PERSON_TALK) for noun in _PEOPLE),
        *(Relation(noun, "thing", "names", _THING, follow_ups=_THING_TALK) for noun in _THINGS),
        *(Relation(noun, "spot", "names", _NAMED, follow_ups=_THING_TALK) for noun in _PLACES),
        *(Relation(noun, "favourite", "names", _FAVOURITE) for noun in _FAVOURITES_OPEN),
        *(Relation(noun, "favourite", pool, _FAVOURITE) for noun, pool in _FAVOURITES.items()),
        *(Relation(noun, "number", "number", _NUMBER) for noun in _NUMBERS),
    ]
    verbs = [Relation(noun, group, value, mine, theirs) for noun, group, value, (mine, theirs) in _VERBS]
    return (*named, *verbs)


OWNERS = words("sister brother mother father neighbour friend boss cousin aunt uncle daughter son teacher wife husband")
"""Whose things a user may tell about, beside their own."""

POOLS = {
    "colour": words("red blue green yellow orange purple pink brown black white grey turquoise violet silver"),
    "food": words("apple pear plum rice soup pasta pizza bread salad cake banana cherry mango grape melon peach pie"),
    "animal": words("lion tiger fox wolf bear otter eagle whale dolphin panda badger hedgehog penguin zebra camel"),
    "drink": words("coffee milk water cocoa juice lemonade cider beer wine tea"),
    "sport": words("tennis football chess rowing swimming hockey boxing judo golf running climbing fencing"),
    "job": words("baker nurse pilot farmer teacher painter driver lawyer cook tailor plumber singer carpenter dentist"),
    "instrument": words("piano violin guitar flute cello drum trumpet harp oboe banjo clarinet organ"),
}
"""Values that are ordinary words. Every other pool is made of names."""
