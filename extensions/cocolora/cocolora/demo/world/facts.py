"""Personal facts: one relation, one owner, one value, and everything that can be said and asked about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from random import Random

from cocolora.demo.world.asking import FRAMES, OPENERS, framings, lowered, raised
from cocolora.demo.world.names import is_held_out, one_word_name, two_word_name
from cocolora.demo.world.relations import OWNERS, POOLS, Relation, Wording, relations, unheard


@dataclass(frozen=True, slots=True)
class Topic:
    """What a fact is about, without its value: a relation and its owner (empty for the user)."""

    relation: Relation
    owner: str = ""

    @property
    def subject(self) -> str:
        """The subject in the user's words, such as ``my sister's dog``; for a verb, its owner: ``my sister``."""
        if self.relation.others is not None:
            return f"my {self.owner}"
        noun = f"favourite {self.relation.noun}" if self.relation.group == "favourite" else self.relation.noun
        return f"my {self.owner}'s {noun}" if self.owner else f"my {noun}"

    @property
    def wording(self) -> Wording:
        """The templates that fit the owner."""
        return self.relation.others if self.owner and self.relation.others else self.relation.wording

    @property
    def id(self) -> str:
        """The topic's name, unique among all."""
        return f"{self.relation.id}:{self.owner}"

    def fill(self, template: str, value: str = "{x}") -> str:
        """Return ``template`` with the subject and the value set in."""
        subject = self.subject
        yours = "your" + subject[2:]
        return template.format(s=subject, S=raised(subject), t=yours, T=raised(yours), n=self.relation.noun, x=value)

    def questions(self) -> tuple[str, ...]:
        """Return every wording in which the topic can be asked for."""
        return _questions(self)

    def study_groups(self) -> tuple[tuple[str, ...], ...]:
        """Return, for each study line in turn, the questions it may hold; the groups share no question."""
        return _study_groups(self)

    def asked(self, *, held_out: bool) -> tuple[str, ...]:
        """Return the wordings that are (or are not) kept out of training for this topic."""
        return tuple(text for text in self.questions() if self.keeps_out(text) == held_out)

    def keeps_out(self, text: str) -> bool:
        """Say whether this composition of topic and wording never occurs in training."""
        return is_held_out(f"{self.relation.id}|{text}") and not any(text in group for group in self.study_groups())


@lru_cache(maxsize=4096)
def _questions(topic: Topic) -> tuple[str, ...]:
    wording = topic.wording
    own = () if topic.owner else wording.own_direct
    return framings(
        direct=tuple(topic.fill(form) for form in (*wording.direct, *own)),
        embedded=tuple(topic.fill(form) for form in wording.embedded),
    )


@lru_cache(maxsize=4096)
def _study_groups(topic: Topic) -> tuple[tuple[str, ...], ...]:
    direct = [topic.fill(form) for form in topic.wording.direct]
    embedded = [topic.fill(form) for form in topic.wording.embedded]
    return (
        (direct[0],),
        (FRAMES[0].format(e=embedded[0]), FRAMES[1].format(e=embedded[0])),
        (direct[1],),
        (FRAMES[2].format(e=embedded[1]), FRAMES[4].format(e=embedded[1])),
        (OPENERS[1] + lowered(direct[2]), OPENERS[2] + lowered(direct[2])),
        (OPENERS[6] + lowered(direct[3]), OPENERS[3] + lowered(direct[3])),
    )


@dataclass(frozen=True, slots=True)
class Fact:
    """A topic and its value."""

    topic: Topic
    value: str

    @property
    def answer(self) -> str:
        """The full answer, in the second person."""
        return self.topic.fill(self.topic.wording.answer, self.value)

    def statements(self, *, held_out: bool) -> tuple[str, ...]:
        """Return the sentences that tell the fact and are (or are not) kept out of training for its relation."""
        return tuple(
            self.topic.fill(form, self.value)
            for form in _statement_forms(self.topic)
            if is_held_out(f"{self.topic.relation.id}|{bool(self.topic.owner)}|{form}") == held_out
        )

    def statement(self, rng: Random, *, held_out: bool = False) -> str:
        """Return one sentence that tells the fact."""
        return rng.choice(self.statements(held_out=held_out) or self.statements(held_out=not held_out))


def _statement_forms(topic: Topic) -> tuple[str, ...]:
    wording = topic.wording
    return wording.statements if topic.owner else (*wording.statements, *wording.own_statements)


def draw_value(rng: Random, pool: str, *, held_out: bool = False) -> str:
    """Return a value of ``pool``; names are drawn from their training or held-out part."""
    if pool in POOLS:
        return rng.choice(POOLS[pool])
    return _MAKERS[pool](rng, held_out)


def _either(rng: Random, held_out: bool) -> str:
    maker = two_word_name if rng.random() < 0.35 else one_word_name
    return maker(rng, held_out=held_out)


def _with_tail(*tails: str) -> Callable[[Random, bool], str]:
    def make(rng: Random, held_out: bool) -> str:
        return one_word_name(rng, held_out=held_out) + rng.choice(tails)

    return make


_MAKERS: dict[str, Callable[[Random, bool], str]] = {
    "name": lambda rng, held_out: (
        two_word_name(rng, held_out=held_out) if rng.random() < 0.1 else one_word_name(rng, held_out=held_out)
    ),
    "names": _either,
    "place": _with_tail("", "", "", "", " Bay", " Hill", " Falls"),
    "company": _with_tail("", "", " Works", " and Sons", " Books", " Bank"),
    "street": _with_tail(" Street", " Road", " Lane", " Avenue"),
    "car": _with_tail("", ""),
    "number": lambda rng, _: str(rng.randint(2, 9999) if rng.random() < 0.6 else rng.randint(2, 99)),
}


def draw_topic(rng: Random, *, held_out: bool = False) -> Topic:
    """Return a topic; those of owners other than the user are split between training and tests."""
    while True:
        owner = rng.choice(OWNERS) if rng.random() < 0.3 else ""
        topic = Topic(_draw_relation(rng, held_out=held_out), owner)
        if is_topic_held_out(topic) == held_out or (held_out and not owner):
            return topic


def _draw_relation(rng: Random, *, held_out: bool) -> Relation:
    chance = rng.random()
    if chance < 0.15 and not held_out:
        return unheard(one_word_name(rng).lower())
    if chance < 0.3:
        return rng.choice([relation for relation in relations() if relation.others is not None])
    return rng.choice(relations())


def is_topic_held_out(topic: Topic) -> bool:
    """Say whether no fact about this topic occurs in training."""
    return bool(topic.owner) and is_held_out(topic.id)


def draw_fact(rng: Random, *, held_out: bool = False) -> Fact:
    """Return a fact of the training world, or one with a held-out name."""
    topic = draw_topic(rng, held_out=held_out)
    return Fact(topic, draw_value(rng, topic.relation.value, held_out=held_out))


@cache
def _by_group() -> dict[str, tuple[Relation, ...]]:
    groups = {relation.group for relation in relations()}
    return {group: tuple(one for one in relations() if one.group == group) for group in sorted(groups)}


def _siblings(relation: Relation) -> list[Relation]:
    return [one for one in _by_group().get(relation.group, _by_group()["pet"]) if one.noun != relation.noun]


def leads_group(topic: Topic) -> bool:
    """Say whether others' neighbour questions mostly name this topic's noun, so that its own must name another."""
    return topic.relation in [group[0] for group in _by_group().values()]


def neighbours(topic: Topic) -> tuple[tuple[Topic, ...], ...]:
    """Return the topics easily mistaken for ``topic``: for each neighbour line in turn, those it may be about."""
    siblings = _siblings(topic.relation)
    if len(siblings) < 4:
        siblings += [one for one in _by_group()["pet"] if one.group != topic.relation.group]
    owners = [
        owner
        for owner in ("sister", "friend", "neighbour", "brother", "cousin")
        if owner not in (topic.owner, topic.relation.noun)
    ]
    return (
        (Topic(siblings[0], topic.owner), Topic(siblings[1], topic.owner)),
        (Topic(topic.relation, owners[0]), Topic(topic.relation, owners[1])),
        (Topic(siblings[2], topic.owner), Topic(siblings[3], topic.owner)),
        (Topic(topic.relation, owners[2]),),
        (Topic(siblings[0], owners[0]), Topic(siblings[1], owners[0])),
    )


@cache
def _people() -> dict[str, Relation]:
    return {relation.noun: relation for relation in relations() if relation.noun in OWNERS}


def same_person(rng: Random, topic: Topic) -> Topic:
    """Return another topic about whom a topic is about.

    For *my husband lives in …* and *my husband's dog is called …*: who my husband is, something else of his, or where I
    live and what my own dog is called.
    """
    person = topic.owner or (topic.relation.noun if topic.relation.noun in _people() else "")
    found = [Topic(_draw_relation(rng, held_out=False), person)]
    if topic.owner:
        found += [Topic(_people()[person]), Topic(topic.relation)]
    return rng.choice(found)


def near_miss(rng: Random, topic: Topic) -> Topic:
    """Return a topic like ``topic``, by another owner, of another noun, or both."""
    siblings = _siblings(topic.relation)
    others = [owner for owner in ("", *OWNERS) if owner not in (topic.owner, topic.relation.noun)]
    relation, owner = topic.relation, topic.owner
    chance = rng.random()
    if chance < 0.65 and siblings:
        relation = rng.choice(siblings)
    if chance > 0.5 or not siblings:
        owner = rng.choice(others)
    return Topic(relation, owner)
