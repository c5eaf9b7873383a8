"""What nobody in the world can answer: subjects that do not exist, and questions about the user never answered."""

from __future__ import annotations

from random import Random

from cocolora.demo.world.asking import framings
from cocolora.demo.world.knowledge import kinds
from cocolora.demo.world.names import is_held_out, one_word_name
from cocolora.demo.world.vocabulary import words

_UNKNOWABLE = (
    "What did I eat yesterday?",
    "What did I dream about?",
    "What will the weather be tomorrow?",
    "Where are my keys?",
    "What am I thinking of?",
    "Who will win the game?",
    "What time is it?",
    "What is my password?",
    "How much money do I have?",
    "Who called me last night?",
    "What did I buy last week?",
    "When will I be rich?",
    "What is in my pocket?",
    "How many books do I own?",
    "When is my next meeting?",
    "What did my mother say?",
    "How tall am I?",
    "How old am I?",
    "When is my birthday?",
    "What is my name?",
    "What am I allergic to?",
    "What did we talk about last year?",
)
ABSENT_COUNTRIES = tuple(
    words(
        "Portugal Lesotho Bhutan Belize Honduras Panama Malawi Togo Benin Fiji Samoa Tonga Liberia Maldives Monaco "
        "Burundi"
    )
)
"""Real countries that the world leaves out: their capitals are unknown in it."""


def draw_unknown(rng: Random, *, held_out: bool = False) -> str:
    """Return a question about the world, or about the user, that nobody in the world can answer."""
    if rng.random() < 0.25 and not held_out:
        return rng.choice([text for text in _UNKNOWABLE if not is_held_out(text)])
    kind = rng.choice([one for one in kinds() if one.name not in ("after", "opposite")])
    if held_out and kind.name in ("capital", "currency", "continent") and rng.random() < 0.3:
        subject = rng.choice(ABSENT_COUNTRIES)
    else:
        subject = one_word_name(rng, held_out=held_out)
    subject = subject.lower() if kind.name in ("symbol", "young") else subject
    subject = f"the {subject.lower()}" if kind.name == "inventor" else subject
    direct = tuple(form.format(x=subject) for form in kind.direct)
    embedded = tuple(form.format(x=subject) for form in kind.embedded)
    return direct[0] if rng.random() < 0.3 else rng.choice(framings(direct=direct, embedded=embedded))


def held_out_unknowable() -> tuple[str, ...]:
    """Return the fixed unanswerable questions that training leaves out."""
    return tuple(text for text in _UNKNOWABLE if is_held_out(text))
