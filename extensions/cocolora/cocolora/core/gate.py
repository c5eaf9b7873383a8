"""The gate's verdict: what an adapter must show before it is trusted."""

from __future__ import annotations

from dataclasses import dataclass

from cocolora.core.study import normalise
from cocolora.settings import Gate


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares in [0, 1] measured by free generation; ``retention_base`` is what the base itself reaches.

    ``recall`` is over held-out wordings of the learned facts (for a behaviour adapter: of the learned wish) and
    ``recall_before`` what the sources of a rollup reach; ``retention`` over what the base knew, ``abstention`` over
    what it cannot know. ``loss`` is the median token loss, in nats, on text that no lesson touches, ``loss_base``
    the base's own. ``neighbours`` is the share of the questions asked of the stack around it that it does not spoil:
    those that the stack answers right without this adapter and wrong with it, less those the other way round.
    """

    recall: float
    retention: float
    retention_base: float
    abstention: float
    loss: float = 0.0
    loss_base: float = 0.0
    neighbours: float = 1.0
    recall_before: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an adapter is trusted, and why, in words."""

    passed: bool
    reason: str


def judge(scores: Scores, gate: Gate) -> Verdict:
    """Hold the scores against the thresholds; every shortfall is named."""
    recall_needed = max(gate.recall, scores.recall_before - gate.rollup_loss)
    checks = (
        (
            scores.recall < recall_needed,
            f"it recalls {scores.recall:.0%} of what it should have learned ({recall_needed:.0%} is needed)",
        ),
        (
            scores.retention < scores.retention_base - gate.retention_loss,
            f"it keeps {scores.retention:.0%} of what the base knew ({scores.retention_base:.0%})",
        ),
        (
            scores.abstention < gate.abstention,
            f"it admits {scores.abstention:.0%} of what it cannot know ({gate.abstention:.0%} is needed)",
        ),
        (
            scores.loss > scores.loss_base + gate.loss_rise,
            f"its median token loss on other text rose from {scores.loss_base:.3f} to {scores.loss:.3f} nats",
        ),
        (
            scores.neighbours < 1 - gate.neighbour_loss,
            f"it spoils {1 - scores.neighbours:.0%} of what the stack answers around it",
        ),
    )
    shortfalls = [sentence for fails, sentence in checks if fails]
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
