"""What holds where two statements contradict each other: the later one, and how such pairs are found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from cocolora.core.conversations import Turn
from cocolora.core.lessons import Lesson, LessonKind
from cocolora.core.study import normalise

ALIKE = 0.5
"""Two turns whose questions are about words that agree this much (Jaccard) may tell the same thing."""
_PARTS_OF_A_ROLLUP = 4
"""A rollup is made again when so many parts of its turns, one part at a time, are outdated."""
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


@dataclass(frozen=True, slots=True)
class Outdated:
    """A lesson that no longer holds, the turn it is of, and when something else was said for the first time."""

    lesson_id: str
    turn_id: str
    since: datetime


def leave_out(outdated: Iterable[Outdated], *, level: int, made_at: datetime, told_turns: int) -> tuple[str, ...]:
    """Return which outdated lessons an adapter is made without; where that is not so of one, it is stale.

    ``outdated`` are all of its turns' lessons that no longer hold, ``told_turns`` is how many of the turns tell a fact,
    ``made_at`` when the adapter was first made: what was outdated by then is always left out. An adapter of one
    stretch is made without whatever became outdated since. A rollup is large, and questions about what is outdated
    lead to the later turn in any case: it is made again only with each further quarter of its turns. All of this hangs
    on the turns themselves and on what was said since, so that what is forgotten leaves no mark.
    """
    outdated = list(outdated)
    left_out = {one.lesson_id for one in outdated if one.since <= made_at}
    since: dict[str, datetime] = {}
    for one in outdated:
        if one.since > made_at:
            since[one.turn_id] = min(one.since, since.get(one.turn_id, one.since))
    in_order = sorted(since, key=lambda turn_id: (since[turn_id], turn_id))
    part = max(1, told_turns // _PARTS_OF_A_ROLLUP) if level else 1
    turns = set(in_order[: len(in_order) // part * part])
    return tuple(sorted(left_out | {one.lesson_id for one in outdated if one.turn_id in turns}))


def suspect(new: Sequence[Turn], told: Sequence[Turn], lessons: Iterable[Lesson]) -> tuple[Suspicion, ...]:
    """Return the pairs of a new turn and any told one that are about alike subjects and whose keys differ.

    Whether a pair is suspected depends on its two turns alone, so that what is forgotten leaves no mark on others.
    """
    facts: dict[str, list[Lesson]] = {}
    for lesson in lessons:
        if lesson.kind is LessonKind.FACT:
            facts.setdefault(lesson.turn_id, []).append(lesson)
    subject_of = {turn_id: subjects(asked) for turn_id, asked in facts.items()}
    found: dict[tuple[str, str, str], Suspicion] = {}
    for turn in new:
        for other in told:
            if turn.id == other.id or not (facts.get(turn.id) and facts.get(other.id)):
                continue
            older, newer = sorted((turn, other), key=lambda one: (one.said_at, one.conversation_id, one.ordinal))
            for key, new_key in _alike(subject_of[older.id], subject_of[newer.id]).items():
                pair = _most_alike(facts[older.id], key, facts[newer.id], new_key)
                found.setdefault((older.id, newer.id, key), Suspicion(older, newer, *pair))
    return tuple(found.values())


def subjects(lessons: Sequence[Lesson]) -> dict[str, frozenset[str]]:
    """Return, by key, the content words of at least half of the questions for it: what is asked, not how."""
    asked: dict[str, list[frozenset[str]]] = {}
    for lesson in lessons:
        asked.setdefault(normalise(lesson.key), []).append(content_words(lesson.question))
    return {
        key: frozenset(word for word, number in Counter(chain(*words)).items() if 2 * number >= len(words))
        for key, words in asked.items()
    }


def _alike(old: Mapping[str, frozenset[str]], new: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Return, for each older key with a subject like that of another newer key, the newer key most like it."""
    best: dict[str, tuple[float, str]] = {}
    for key, words in old.items():
        for new_key, new_words in new.items():
            score = likeness(words, new_words)
            if key != new_key and score >= ALIKE and score > best.get(key, (0.0, ""))[0]:
                best[key] = (score, new_key)
    return {key: new_key for key, (_, new_key) in best.items()}


def _most_alike(old: Sequence[Lesson], key: str, new: Sequence[Lesson], new_key: str) -> tuple[Lesson, Lesson]:
    pairs = [
        (one, other) for one in old if normalise(one.key) == key for other in new if normalise(other.key) == new_key
    ]
    return max(pairs, key=lambda pair: likeness(content_words(pair[0].question), content_words(pair[1].question)))
