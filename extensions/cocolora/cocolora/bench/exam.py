"""The exam of a simulated life: what is asked, and the shares of right answers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from cocolora.core.gate import Probe
from cocolora.demo.asking import Arrange, mark
from cocolora.demo.world import PersonalFact, retention_probes, unknown_questions
from cocolora.engine import Engine

Scores = dict[str, float | None]
_ASKED_IN_ALL = 128
_MOST_WORDINGS = 8


@dataclass(frozen=True, slots=True)
class Exam:
    """The questions asked of a life: about its facts, about those that changed, about the world, and the unknown."""

    recall: tuple[Probe, ...]
    updates: tuple[Probe, ...]
    retention: tuple[Probe, ...]
    abstention: tuple[Probe, ...]


def set_exam(facts: Sequence[PersonalFact], *, updated: Sequence[int] = (), seed: int) -> Exam:
    """Return the exam for what is so today; half of what must stay unknown lies close to it.

    Each fact is asked in up to eight wordings, fewer where there are many facts. What was told is not unknown, however
    near it lies to something else, or by whatever chance it was drawn. ``updated`` are the places of facts
    that were told otherwise before: they are asked apart, in all wordings.
    """
    rng = random.Random(seed + 1)
    wordings = max(2, min(_MOST_WORDINGS, 2 * _ASKED_IN_ALL // max(1, len(facts))))
    told = {question for fact in facts for question in fact.questions}
    near = [question for fact in facts for question in fact.near_misses[:2] if question not in told]
    near = rng.sample(near, min(len(near), _ASKED_IN_ALL // 2))
    unknown = [question for question in unknown_questions(rng, max(40, len(near))) if question not in told]
    lasting = [fact for place, fact in enumerate(facts) if place not in set(updated)]
    return Exam(
        tuple(Probe(question, fact.key) for fact in lasting for question in fact.probes[:wordings]),
        tuple(Probe(question, facts[place].key) for place in updated for question in facts[place].probes),
        tuple(Probe(question, key) for question, key in retention_probes()),
        tuple(Probe(question, "") for question in [*near, *unknown]),
    )


def examine(engine: Engine, exam: Exam, arrange: Arrange) -> Scores:
    """Hold one exam and return its shares; ``updates`` is None where nothing changed."""
    return {
        "recall": mark(engine, exam.recall, arrange).share,
        "updates": mark(engine, exam.updates, arrange).share if exam.updates else None,
        "retention": mark(engine, exam.retention, arrange).share,
        "abstention": mark(engine, exam.abstention, arrange).share,
    }
