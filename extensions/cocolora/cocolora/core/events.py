"""Events: what the engine tells whoever watches it (the tab, the command line), and how that one stops it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: ``done`` of ``total`` units of the step that ``doing`` names."""

    doing: str
    done: int
    total: int


ProgressCallback = Callable[[Progress], None]
CancelCheck = Callable[[], bool]
Step = Callable[[int, int], None]
"""Told before each piece of a work how many of how many are done; raises to stop the work there."""


def ignore_progress(progress: Progress) -> None:
    """Tell nobody."""


def never_cancelled() -> bool:
    """Go on to the end."""
    return False


def go_on(done: int, total: int) -> None:
    """Tell nobody, and go on."""
