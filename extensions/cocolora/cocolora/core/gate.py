"""The gate's verdict: what an adapter must show before it is trusted."""

from __future__ import annotations

from dataclasses import dataclass

from cocolora.core.study import normalise
from cocolora.settings import Gate


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares in [0, 1] measured by free generation; ``retention_base`` is what the base itself reaches.

    ``recall`` is over held-out wordings of the learned facts (for a behaviour adapter: of the learned wish),
    ``retention`` over what the base knew, ``abstention`` over what it cannot know.
    """

    recall: float
    retention: float
    retention_base: float
    abstention: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an adapter is trusted, and why, in words."""

    passed: bool
    reason: str


def judge(scores: Scores, gate: Gate) -> Verdict:
    """Hold the scores against the thresholds; every shortfall is named."""
    shortfalls = []
    if scores.recall < gate.recall:
        shortfalls.append(
            f"it recalls {scores.recall:.0%} of what it should have learned ({gate.recall:.0%} is needed)"
        )
    if scores.retention < scores.retention_base - gate.retention_loss:
        shortfalls.append(f"it keeps {scores.retention:.0%} of what the base knew ({scores.retention_base:.0%})")
    if scores.abstention < gate.abstention:
        shortfalls.append(f"it admits {scores.abstention:.0%} of what it cannot know ({gate.abstention:.0%} is needed)")
    if shortfalls:
        return Verdict(False, " and ".join(shortfalls))
    return Verdict(True, f"recall {scores.recall:.0%}, retention {scores.retention:.0%}")


def holds_key(answer: str, key: str) -> bool:
    """Say whether an answer holds the words that any right answer holds, as whole words."""
    wanted = normalise(key)
    return bool(wanted) and f" {wanted} " in f" {normalise(answer)} "


@dataclass(frozen=True, slots=True)
class Probe:
    """A question for the gate and the key its right answer holds; an empty key expects abstention."""

    question: str
    key: str
