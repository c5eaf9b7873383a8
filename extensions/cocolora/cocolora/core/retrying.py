"""When a job that failed, was interrupted or had to wait is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

from cocolora.settings import Jobs


def again_at(times: int, jobs: Jobs, *, now: datetime) -> datetime:
    """Return when to try again after ``times`` tries that came to nothing: the wait doubles with each."""
    doublings = min(max(0, times - 1), 30)
    return now + timedelta(seconds=min(jobs.first_wait_s * 2**doublings, jobs.longest_wait_s))
