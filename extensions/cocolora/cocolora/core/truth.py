"""What holds where two statements contradict each other: the later one, and how such pairs are found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cocolora.core.conversations import Turn
from cocolora.core.lessons import Lesson, LessonKind
from cocolora.core.study import normalise

ALIKE = 0.5
"""Two questions that share this much of their words (Jaccard) may ask for the same thing."""
_COMMON = frozenset(
    "a an the is are was were be do does did what which who whom whose where when how why my your our me i you we "
    "it of in on at to for from by with about and or that this can could would tell say said know please name "
    "called".split()
)


def content_words(question: str) -> frozenset[str]:
    """Return the words of a question that say what it is about; all of its words when those are none."""
    words = frozenset(normalise(question).split())
    return (words - _COMMON) or words


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the Jaccard index of two sets of words, in [0, 1]."""
    return len(one & other) / len(one | other) if one or other else 0.0


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Two turns that may tell different things about the same: ``newer`` would then supersede ``older``.

    ``older_lesson`` and ``newer_lesson`` are their most alike questions.
    """

    older: Turn
    newer: Turn
    older_lesson: Lesson
    newer_lesson: Lesson


@dataclass(frozen=True, slots=True)
class Supersession:
    """A lesson that no longer holds, and the later turn that says otherwise."""

    lesson_id: str
    turn_id: str
    turn_version: int


def suspect(new: Sequence[Turn], told: Sequence[Turn], lessons: Iterable[Lesson]) -> tuple[Suspicion, ...]:
    """Return the pairs of a new turn and any told one whose questions are alike and whose keys differ.

    Whether a pair is suspected depends on its two turns alone, so that what is forgotten leaves no mark on others.
    """
    facts: dict[str, list[tuple[Lesson, frozenset[str]]]] = {}
    for lesson in lessons:
        if lesson.kind is LessonKind.FACT:
            facts.setdefault(lesson.turn_id, []).append((lesson, content_words(lesson.question)))
    found: dict[tuple[str, str, str], Suspicion] = {}
    for turn in new:
        for other in told:
            if turn.id == other.id or not (facts.get(turn.id) and facts.get(other.id)):
                continue
            older, newer = sorted((turn, other), key=lambda one: (one.said_at, one.conversation_id, one.ordinal))
            for key, (old_lesson, new_lesson) in _alike(facts[older.id], facts[newer.id]).items():
                found.setdefault((older.id, newer.id, key), Suspicion(older, newer, old_lesson, new_lesson))
    return tuple(found.values())


def _alike(
    old: Sequence[tuple[Lesson, frozenset[str]]], new: Sequence[tuple[Lesson, frozenset[str]]]
) -> dict[str, tuple[Lesson, Lesson]]:
    """Return, by the older key, the most alike questions of two turns whose answers differ."""
    best: dict[str, tuple[float, tuple[Lesson, Lesson]]] = {}
    for one, words in old:
        for other, other_words in new:
            score = likeness(words, other_words)
            if score < ALIKE or normalise(one.key) == normalise(other.key):
                continue
            if one.key not in best or score > best[one.key][0]:
                best[one.key] = (score, (one, other))
    return {key: pair for key, (_, pair) in best.items()}
