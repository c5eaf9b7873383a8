"""Events: what the engine tells whoever watches it (the tab, the command line), and how that one stops it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: ``done`` of ``total`` units of the step that ``doing`` names."""

    doing: str
    done: int
    total: int


ProgressCallback = Callable[[Progress], None]


def named(on_progress: ProgressCallback, name: str) -> ProgressCallback:
    """Return a callback that tells more about each step: ``{}`` in ``name`` is what the step does."""
    return lambda progress: on_progress(replace(progress, doing=name.format(progress.doing.lower())))


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
