"""Pace: how long a job's present step will still take, from how it went so far."""

from __future__ import annotations

from dataclasses import dataclass

from cocolora.core.events import Progress

_ENOUGH_S = 2.0
"""A shorter look back says too little."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Where a step stood when it was first seen: ``done`` units at the time ``at_s``."""

    doing: str
    total: int
    done: int
    at_s: float

    def follow(self, progress: Progress, *, now_s: float) -> Pace:
        """Return this pace, or that of the new step when another one began."""
        same = (progress.doing, progress.total) == (self.doing, self.total) and progress.done >= self.done
        return self if same else begin(progress, now_s=now_s)

    def remaining_s(self, progress: Progress, *, now_s: float) -> float | None:
        """Return the seconds that are left at this pace; None as long as that is not known."""
        gone_s, made = now_s - self.at_s, progress.done - self.done
        if gone_s < _ENOUGH_S or made <= 0:
            return None
        return gone_s / made * max(0, progress.total - progress.done)


def begin(progress: Progress, *, now_s: float) -> Pace:
    """Return the pace of a step that is seen for the first time."""
    return Pace(progress.doing, progress.total, progress.done, now_s)
