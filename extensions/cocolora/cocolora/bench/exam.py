"""The exam of a simulated life: what is asked, and the shares of right answers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from cocolora.core.gate import Probe
from cocolora.demo.asking import Arrange, mark
from cocolora.demo.world import PersonalFact, retention_probes, unknown_questions
from cocolora.engine import Engine

Scores = dict[str, float]


@dataclass(frozen=True, slots=True)
class Exam:
    """The questions asked of a life: about its facts, about the world, and about what nobody told."""

    recall: tuple[Probe, ...]
    retention: tuple[Probe, ...]
    abstention: tuple[Probe, ...]


def set_exam(facts: Sequence[PersonalFact], *, seed: int) -> Exam:
    """Return the exam for the facts told so far; half of what must stay unknown lies close to them."""
    rng = random.Random(seed + 1)
    near = [question for fact in facts for question in fact.near_misses[:2]]
    return Exam(
        tuple(Probe(question, fact.key) for fact in facts for question in fact.probes),
        tuple(Probe(question, key) for question, key in retention_probes()),
        tuple(Probe(question, "") for question in [*near, *unknown_questions(rng, max(40, len(near)))]),
    )


def examine(engine: Engine, exam: Exam, arrange: Arrange) -> Scores:
    """Hold one exam and return its shares."""
    return {
        "recall": mark(engine, exam.recall, arrange).share,
        "retention": mark(engine, exam.retention, arrange).share,
        "abstention": mark(engine, exam.abstention, arrange).share,
    }
