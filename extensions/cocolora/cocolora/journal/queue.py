"""The queue of jobs: what background work waits, who runs it under which lease, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.core.records import Job, JobState
from cocolora.journal import jobs
from cocolora.journal.transactions import Transactions
from cocolora.settings import Jobs


class JobQueue(Transactions):
    """The journal's jobs. Every method is one transaction, safe under threads and processes."""

    def add(self, kind: str, payload: Mapping[str, object], *, profile: str = DEFAULT_PROFILE, now: datetime) -> str:
        """Queue a job and return its id. ``payload`` and messages hold no conversation text."""
        return self._write(jobs.add_job, kind, payload, profile=profile, now=now)

    def add_once(self, kind: str, payload: Mapping[str, object], *, profile: str, now: datetime) -> Job:
        """Queue a job unless one of this kind waits or runs for the profile; return the one there is then."""
        return self._write(jobs.add_job_once, kind, payload, profile=profile, now=now)

    def start(self, job_id: str, *, now: datetime, lease_s: float) -> Job:
        """Run a job in this process, for as long as its lease is renewed; raises UnknownId."""
        return self._write(jobs.start_job, job_id, now=now, lease_s=lease_s)

    def start_new(
        self, kind: str, payload: Mapping[str, object], *, profile: str, now: datetime, lease_s: float
    ) -> Job:
        """Add a job that runs in this process from the start."""
        return self._write(jobs.start_new_job, kind, payload, profile=profile, now=now, lease_s=lease_s)

    def take(
        self, *, kinds: Iterable[str], among: Iterable[str] | None = None, now: datetime, lease_s: float
    ) -> Job | None:
        """Start the job of these kinds that waits longest and may run now, of all or ``among`` these."""
        return self._write(jobs.take_job, kinds=kinds, among=among, now=now, lease_s=lease_s)

    def renew(self, job_id: str, *, now: datetime, lease_s: float) -> bool:
        """Keep a job for this process; False when it is to stop, or another process has it by now."""
        return self._write(jobs.renew_lease, job_id, now=now, lease_s=lease_s)

    def progress(self, job_id: str, *, doing: str, done: int, total: int) -> None:
        """Note how far a job is; raises UnknownId."""
        self._write(jobs.progress_job, job_id, doing=doing, done=done, total=total)

    def put_back(self, job_id: str, *, message: str, ready_at: datetime, counted: bool) -> bool:
        """Queue a job that this process runs again; a try that is not ``counted`` was none."""
        return self._write(jobs.put_back_job, job_id, message=message, ready_at=ready_at, counted=counted)

    def finish(self, job_id: str, *, state: JobState, message: str = "", now: datetime) -> bool:
        """Note how a job ended; False, and no change, when another process runs it. Raises UnknownId."""
        return self._write(jobs.finish_job, job_id, state=state, message=message, now=now)

    def stop(self, job_id: str, *, now: datetime) -> Job:
        """Cancel a waiting job, or ask the process that runs it to stop; raises UnknownId."""
        return self._write(jobs.stop_job, job_id, now=now)

    def recover(self, *, settings: Jobs, now: datetime) -> tuple[str, ...]:
        """Queue the running jobs of processes that are gone, or whose lease ran out, again; return their ids."""
        return self._write(jobs.recover_jobs, jobs=settings, now=now)

    def get(self, job_id: str) -> Job:
        """Return a job; raises UnknownId."""
        return self._read(jobs.get_job, job_id)

    def recent(self, limit: int = 20) -> list[Job]:
        """Return the latest jobs, newest first."""
        return self._read(jobs.recent_jobs, limit)

    def waiting(self) -> list[Job]:
        """Return the jobs that wait, oldest first."""
        return self._read(jobs.waiting_jobs)

    def is_unfinished(self, kind: str, *, profile: str) -> bool:
        """Say whether a job of this kind waits or runs for the profile, in any process."""
        return self._read(jobs.is_unfinished, kind, profile)

    def next_moment(self, among: Iterable[str] | None = None) -> datetime | None:
        """Return when a waiting job, of all or ``among`` these, may run next, or another's lease runs out."""
        return self._read(jobs.next_moment, among)

    def latest_ended(self, kind: str, *, profile: str) -> Job | None:
        """Return the profile's job of this kind that ended last."""
        return self._read(jobs.latest_ended, kind, profile)

    def worked_since(self, kinds: Iterable[str], since: datetime) -> list[tuple[str, datetime, datetime]]:
        """Return profile, start and end of each job of these kinds that ended after ``since``, oldest first."""
        return self._read(jobs.worked_since, kinds, since)
