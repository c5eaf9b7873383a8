"""What the work of a job is given, on the jobs' thread or on the caller's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cocolora.core.events import CancelCheck, ProgressCallback


@dataclass(frozen=True, slots=True)
class Task:
    """A job's payload and profile, who watches it, and who may stop it."""

    payload: Mapping[str, object]
    profile: str
    on_progress: ProgressCallback
    cancelled: CancelCheck


Handler = Callable[[Task], str]
"""Does one kind of job, from the task alone, and says what happened. Done twice, it changes nothing more."""


@dataclass(slots=True)
class Work:
    """A task that is done on the caller's own thread; ``message`` is its last word."""

    task: Task
    message: str = ""
