"""Self-study in the world's language: the right study lines and neighbour questions of an exchange."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from cocolora.core.study import StudyLine
from cocolora.demo.world.facts import Fact, Topic, neighbours

NOTHING = "Nothing."
_Option = TypeVar("_Option")


def study_lines(rng: Random, fact: Fact, *, count: int = 6) -> tuple[StudyLine, ...]:
    """Return up to six study lines of a fact: no question twice, the answer full, the key verbatim."""
    groups = fact.topic.study_groups()[:count]
    return tuple(StudyLine(_mostly_first(rng, group), fact.answer, fact.value) for group in groups)


def study_text(rng: Random, facts: Sequence[Fact]) -> str:
    """Return the self-study of an exchange that tells ``facts``; fewer lines each when there are several."""
    if not facts:
        return NOTHING
    count = 6 if len(facts) == 1 else 3
    return "\n".join(line.render() for fact in facts for line in study_lines(rng, fact, count=count))


def neighbour_text(rng: Random, topic: Topic) -> str:
    """Return questions about subjects near ``topic`` that its exchange does not answer, one per line."""
    lines: dict[str, None] = {}
    for place, group in enumerate(neighbours(topic)):
        near = _mostly_first(rng, group)
        lines.setdefault(f"Q: {_mostly_first(rng, near.study_groups()[place % 3])}")
    return "\n".join(lines)


def _mostly_first(rng: Random, options: Sequence[_Option]) -> _Option:
    return options[0] if rng.random() < 0.8 else rng.choice(options)
