"""Questions near a fact, in the fact's own wordings: what an adapter has to leave unknown.

A model writes the neighbouring questions of a turn in a few wordings of its own. An adapter that saw "what is the name
of my …" with what it knows alone takes the wording for a sign that it knows: "what is the name of my cousin's
landlord?" So what the neighbouring questions are about is put into the wordings in which the fact is asked for, and so
is what two facts are about together: "my goldfish" and "my cousin's favourite restaurant" give "my cousin's goldfish".
And what a fact is about, or whose that is, is put into the wordings of the other facts: "where does my cousin live?"
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cocolora.core.lessons import Lesson
from cocolora.core.study import normalise
from cocolora.core.truth import subjects

_Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Wording:
    """A question in three: what comes before its subject, that, and what follows."""

    opening: str
    subject: str
    end: str

    def about(self, subject: str) -> str:
        """Return the question about another subject."""
        return f"{self.opening}{subject}{self.end}"

    def subject_of(self, question: str) -> str:
        """Return what a question in this wording is about; nothing where it is worded otherwise."""
        if not (question.startswith(self.opening) and question.endswith(self.end)):
            return ""
        return question[len(self.opening) : len(question) - len(self.end)]


def near_questions(
    facts: Sequence[Lesson], negatives: Sequence[Lesson], *, for_each: int, rng: random.Random
) -> dict[str, Lesson]:
    """Return up to ``for_each`` new questions for each fact, each with a lesson of that fact.

    ``negatives`` are the neighbouring questions of the same turns. Where facts are asked for without words in common,
    or in wordings that no neighbouring question has, there are fewer or none.
    """
    known = {normalise(lesson.question) for lesson in [*facts, *negatives]}
    worded = _wordings(facts)
    beginnings = _beginnings(wording for _, wordings in worded for wording in wordings)
    found: dict[str, Lesson] = {}
    for fact, own in worded:
        neighbours = [lesson.question for lesson in negatives if lesson.turn_id == fact.turn_id]
        near = {*_subjects_of(neighbours, own), *_crossed(beginnings, own)}
        asked = {wording.about(subject) for wording in own for subject in near}
        others = [wording for other, wordings in worded if other is not fact for wording in wordings]
        asked |= {wording.about(subject) for wording in others for subject in _bearers(own)}
        new = sorted(question for question in asked if normalise(question) not in known)
        for question in rng.sample(new, min(for_each, len(new))):
            found.setdefault(question, fact)
    return found


def _wordings(facts: Sequence[Lesson]) -> list[tuple[Lesson, list[_Wording]]]:
    """Return one lesson of each fact, and the wordings in which that is asked for.

    They are cut around the subject in its shortest words: "my husband" of "where does my husband live?", where another
    question says "lives".
    """
    asked: dict[tuple[str, str], list[Lesson]] = {}
    for fact in facts:
        asked.setdefault((fact.turn_id, normalise(fact.key)), []).append(fact)
    found = []
    for (_, key), lessons in asked.items():
        cuts = _cut_all(lessons, subjects(lessons)[key])
        shortest = min((cut.subject.lower() for cut in cuts), key=len, default="")
        found.append((lessons[0], _cut_all(lessons, frozenset(shortest.split()))))
    return found


def _cut_all(lessons: Iterable[Lesson], subject: frozenset[str]) -> list[_Wording]:
    return [cut for lesson in lessons if (cut := _cut(lesson.question, subject))]


def _cut(question: str, subject: frozenset[str]) -> _Wording | None:
    """Return a question's wording around its subject; None where it begins with that, or does not hold it."""
    if not subject:
        return None
    word = rf"(?:{'|'.join(map(re.escape, sorted(subject, key=len)))})(?!\w)"
    run = re.search(rf"(?<!\w){word}(?:\s+{word})*", question, re.IGNORECASE)
    return _Wording(question[: run.start()], run[0], question[run.end() :]) if run and run.start() else None


def _bearers(own: Sequence[_Wording]) -> Iterator[str]:
    """Return what a fact is about, and whose that is: "my cousin's goldfish" is a cousin's."""
    for subject in {wording.subject for wording in own}:
        yield subject
        yield subject.partition("'s ")[0]


def _subjects_of(questions: Iterable[str], wordings: Sequence[_Wording]) -> Iterator[str]:
    for question in questions:
        for wording in wordings:
            if subject := wording.subject_of(question):
                yield subject


def _beginnings(wordings: Iterable[_Wording]) -> dict[str, set[_Words]]:
    """Return, by what comes before them, the first words of subjects that have more than those."""
    found: dict[str, set[_Words]] = {}
    for wording in wordings:
        words = tuple(wording.subject.split())
        found.setdefault(wording.opening, set()).update(words[:kept] for kept in range(1, len(words)))
    return found


def _crossed(beginnings: Mapping[str, set[_Words]], own: Sequence[_Wording]) -> Iterator[str]:
    """Return the beginnings of other subjects, each before the last words of one's own, where both are asked alike."""
    for wording in own:
        words = wording.subject.split()
        for beginning in beginnings[wording.opening]:
            if not set(beginning) & set(words):
                for start in range(len(words)):
                    yield " ".join([*beginning, *words[start:]])
