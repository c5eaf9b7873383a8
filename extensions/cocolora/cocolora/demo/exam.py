"""The story's questions, who answers them, and how the answers are marked."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cocolora.core.gate import Probe, holds_key
from cocolora.core.lessons import is_abstention
from cocolora.demo import script
from cocolora.demo.asking import Arrange, ask_all, bare, everything, text_only, weights_only
from cocolora.demo.world import retention_probes, unknown_questions
from cocolora.engine import Engine

ARRANGEMENTS: dict[str, Arrange] = {
    "base": bare,
    "text_memory": text_only,
    "cocolora": everything,
    "adapters_only": weights_only,
}
"""Who answers: the base alone, with quoted memories, with both, or with the adapters alone."""

_ASKED_KNOWN = 60
_ASKED_UNKNOWN = 30


def known_probes() -> tuple[Probe, ...]:
    """Return questions about the world that the base knows."""
    probes = retention_probes()
    stride = max(1, len(probes) // _ASKED_KNOWN)
    return tuple(Probe(question, key) for question, key in probes[::stride][:_ASKED_KNOWN])


def unknown_probes() -> tuple[Probe, ...]:
    """Return questions that nobody ever answered."""
    return tuple(Probe(question, "") for question in unknown_questions(random.Random(11), _ASKED_UNKNOWN))


@dataclass(frozen=True, slots=True)
class Sheet:
    """The answers to all of the story's questions, by question."""

    answers: dict[str, str]

    def recalled(self, probes: Sequence[Probe]) -> int:
        """Count the probes whose answer holds the key."""
        return sum(holds_key(self.answers[probe.question], probe.key) for probe in probes)

    def changed_from(self, other: Sheet, *, leaving_out: Sequence[Probe]) -> int:
        """Count the answers that differ from ``other``'s."""
        left_out = {probe.question for probe in leaving_out}
        return sum(
            answer != other.answers[question] for question, answer in self.answers.items() if question not in left_out
        )


def answer_sheet(engine: Engine, arrange: Arrange) -> Sheet:
    """Ask everything."""
    probes = [*script.KEPT, *script.FORGOTTEN, *known_probes(), *unknown_probes()]
    questions = list(dict.fromkeys([*script.SIMPLE, *(probe.question for probe in probes)]))
    return Sheet(dict(zip(questions, ask_all(engine, questions, arrange), strict=True)))


def mark_sheet(sheet: Sheet) -> dict[str, Any]:
    """Return the figures of one column."""
    facts, known, unknown = (*script.KEPT, *script.FORGOTTEN), known_probes(), unknown_probes()
    return {
        "facts_recalled": sheet.recalled(facts),
        "facts_total": len(facts),
        "style_kept": sum(len(sheet.answers[question].split()) == 1 for question in script.SIMPLE) / len(script.SIMPLE),
        "known_kept": sheet.recalled(known) / len(known),
        "abstention": sum(is_abstention(sheet.answers[probe.question]) for probe in unknown) / len(unknown),
    }
