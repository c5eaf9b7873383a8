"""The rhythm of a profile: when it changed and was learned last, and how much of the last hour went to training."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cocolora.core.conversations import Turn
from cocolora.core.learning import BUDGET_WINDOW, Due, Rhythm, is_due
from cocolora.core.records import JobState
from cocolora.engine.handlers import FORGET, LEARN, TRAINING_KINDS
from cocolora.engine.past import by_itself
from cocolora.engine.rooms import Rooms

_BUDGET = "hourly_budget_minutes"


def judge_due(rooms: Rooms, unread: Sequence[Turn], *, rebuilds: int, profile: str) -> Due:
    """Decide whether learning these turns, and making so many adapters again, is due."""
    now = rooms.clock()
    counted = by_itself(rooms, unread, profile=profile)
    rhythm = Rhythm(
        now=now,
        changed_at=rooms.journal.changed_at([turn.id for turn in counted]),
        read_until=_read_until(rooms, profile),
        worked=_worked(rooms, profile, since=now - BUDGET_WINDOW),
        rebuilds=rebuilds,
        imported=len(unread) - len(counted),
        gave_up=_gave_up(rooms, profile),
    )
    return is_due(counted, rooms.settings.of(profile).learning, rhythm, zone=rooms.zone)


def _worked(rooms: Rooms, profile: str, *, since: datetime) -> list[tuple[datetime, datetime]]:
    """Return what counts for a profile's budget: its own training where it has one of its own.

    The profiles without one share the budget that holds everywhere.
    """
    settings = rooms.settings.profiles
    found = rooms.journal.queue.worked_since(TRAINING_KINDS, since)
    if settings.has_own(profile, "learning", _BUDGET):
        return [(start, end) for name, start, end in found if name == profile]
    return [(start, end) for name, start, end in found if not settings.has_own(name, "learning", _BUDGET)]


def _read_until(rooms: Rooms, profile: str) -> datetime | None:
    """Return up to when the last learning, however it ended, took in what was said."""
    job = rooms.journal.queue.latest_ended(LEARN, profile=profile)
    if job is None:
        return None
    began_at = job.started_at or job.finished_at
    if began_at is None:
        return None
    settle = timedelta(minutes=rooms.settings.of(profile).learning.settle_minutes)
    return began_at - settle if job.payload.get("automatic") else began_at


def _gave_up(rooms: Rooms, profile: str) -> bool:
    """Say whether the last job that was to make adapters again was stopped, or failed."""
    found = [rooms.journal.queue.latest_ended(kind, profile=profile) for kind in (LEARN, FORGET)]
    ended = [(job.finished_at, job.state) for job in found if job is not None and job.finished_at is not None]
    return bool(ended) and max(ended)[1] is not JobState.DONE
