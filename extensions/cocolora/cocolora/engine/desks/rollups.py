"""The rollup desk: what would become one adapter, doing it, undoing it, and discarding what it kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cocolora.core.adapters import Adapter
from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.core.events import CancelCheck, ProgressCallback, ignore_progress, never_cancelled
from cocolora.core.rollup import RollupMethod, RollupPlan
from cocolora.engine import handlers, roll_up
from cocolora.engine.jobs import JobRunner
from cocolora.engine.rooms import Rooms
from cocolora.engine.run import Run


class RollupDesk:
    """Adapters that become fewer and larger."""

    def __init__(self, rooms: Rooms, jobs: JobRunner) -> None:
        self._rooms = rooms
        self._jobs = jobs

    def plan(
        self,
        *,
        profile: str = DEFAULT_PROFILE,
        adapter_ids: Sequence[str] = (),
        method: RollupMethod = RollupMethod.RETRAIN,
    ) -> tuple[RollupPlan, ...]:
        """Return the rollups that are due, or that of chosen adapters. Raises UnknownId, CannotRollUp."""
        if adapter_ids:
            return (roll_up.plan_chosen(self._rooms, profile, adapter_ids, method),)
        return tuple(replace(plan, method=method) for plan in roll_up.plan_due(self._rooms, profile))

    def cost_steps(self, plan: RollupPlan, *, profile: str = DEFAULT_PROFILE) -> int:
        """Return how many optimiser steps one attempt at a rollup takes. Raises NoModel, CannotTrain."""
        return roll_up.cost_steps(Run(self._rooms, profile, ignore_progress, never_cancelled), plan)

    def roll_up(
        self,
        plan: RollupPlan,
        *,
        profile: str = DEFAULT_PROFILE,
        on_progress: ProgressCallback = ignore_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> Adapter:
        """Carry out a rollup; its sources stay restorable. Raises NoModel, CannotTrain, HomeBusy, Cancelled."""
        with self._jobs.here(
            handlers.ROLL_UP, handlers.rolling_up(plan), profile=profile, on_progress=on_progress, cancelled=cancelled
        ) as work:
            made, work.message = handlers.rolled_up(self._rooms, work.task, plan)
        return made

    def start(self, plan: RollupPlan, *, profile: str = DEFAULT_PROFILE) -> None:
        """Carry out a rollup in the background."""
        self._jobs.submit(handlers.ROLL_UP, handlers.rolling_up(plan), profile=profile)

    def undo(self, adapter_id: str) -> tuple[Adapter, ...]:
        """Let the sources of a rollup answer again in its place. Raises UnknownId, CannotRollUp, HomeBusy."""
        with self._rooms.home.writing():
            return roll_up.undo(self._rooms, adapter_id)

    def discard(self, *, older_than_days: float = 0.0) -> tuple[Adapter, ...]:
        """Delete, for good, what was rolled up so long ago. Raises HomeBusy."""
        with self._rooms.home.writing():
            return roll_up.discard_sources(self._rooms, older_than_days=older_than_days)
