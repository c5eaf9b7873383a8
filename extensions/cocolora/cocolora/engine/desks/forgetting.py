"""The forgetting desk: what would go, and letting it go, here or in the background."""

from __future__ import annotations

from collections.abc import Sequence

from cocolora.core.events import CancelCheck, ProgressCallback, ignore_progress, never_cancelled
from cocolora.engine import forget, handlers
from cocolora.engine.forget import ForgetPlan
from cocolora.engine.jobs import JobRunner
from cocolora.engine.rooms import Rooms


class ForgettingDesk:
    """Turns, and all that descends from them, forgotten."""

    def __init__(self, rooms: Rooms, jobs: JobRunner) -> None:
        self._rooms = rooms
        self._jobs = jobs

    def plan(
        self, *, conversation: str | None = None, turn_ids: Sequence[str] = (), match: str | None = None
    ) -> ForgetPlan:
        """Say what forgetting would do. Raises UnknownId."""
        return forget.plan_forget(self._rooms, conversation=conversation, turn_ids=turn_ids, match=match)

    def forget(
        self,
        plan: ForgetPlan,
        *,
        on_progress: ProgressCallback = ignore_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> str:
        """Forget, then teach again what shared an adapter with it; return what happened, in words."""
        profile = handlers.profile_of(plan)
        with self._jobs.here(
            handlers.FORGET, handlers.forgetting(plan), profile=profile, on_progress=on_progress, cancelled=cancelled
        ) as work:
            work.message = handlers.forget_turns(self._rooms, work.task)
        return work.message

    def start(self, plan: ForgetPlan) -> None:
        """Forget in the background."""
        self._jobs.submit(handlers.FORGET, handlers.forgetting(plan), profile=handlers.profile_of(plan))
