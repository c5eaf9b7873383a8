"""Jobs: background work as rows, who runs each under which lease, how far it is, and what became of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.core.ids import derive_id
from cocolora.core.records import Job, JobState
from cocolora.core.retrying import again_at
from cocolora.errors import UnknownId
from cocolora.journal.database import as_list, from_text, to_text
from cocolora.journal.owners import is_gone, this_owner
from cocolora.settings import Jobs

KEPT_JOBS = 500
STOPPED = "It was stopped. Nothing was changed."
_ALIVE = (JobState.QUEUED, JobState.RUNNING)


def add_job(
    connection: sqlite3.Connection,
    kind: str,
    payload: Mapping[str, object],
    *,
    profile: str = DEFAULT_PROFILE,
    now: datetime,
) -> str:
    """Queue a job and return its id; only the latest jobs are kept."""
    cursor = connection.execute(
        "INSERT INTO jobs (kind, payload, profile, state, added_at) VALUES (?, ?, ?, ?, ?)",
        (kind, json.dumps(payload), profile, JobState.QUEUED, to_text(now)),
    )
    number = int(cursor.lastrowid or 0)
    job_id = derive_id("job", number)
    connection.execute("UPDATE jobs SET id = ? WHERE number = ?", (job_id, number))
    connection.execute(
        "DELETE FROM jobs WHERE number <= ? AND state NOT IN ('queued', 'running')", (number - KEPT_JOBS,)
    )
    return job_id


def add_job_once(
    connection: sqlite3.Connection, kind: str, payload: Mapping[str, object], *, profile: str, now: datetime
) -> Job:
    """Queue a job unless one of this kind waits or runs for the profile; return the one there is then."""
    row = connection.execute(
        "SELECT id FROM jobs WHERE kind = ? AND profile = ? AND state IN ('queued', 'running')", (kind, profile)
    ).fetchone()
    return get_job(connection, row["id"] if row else add_job(connection, kind, payload, profile=profile, now=now))


def start_new_job(
    connection: sqlite3.Connection,
    kind: str,
    payload: Mapping[str, object],
    *,
    profile: str,
    now: datetime,
    lease_s: float,
) -> Job:
    """Add a job that runs in this process from the start."""
    return start_job(connection, add_job(connection, kind, payload, profile=profile, now=now), now=now, lease_s=lease_s)


def start_job(connection: sqlite3.Connection, job_id: str, *, now: datetime, lease_s: float) -> Job:
    """Run a job in this process from now on, for as long as its lease is renewed; raises UnknownId."""
    job = get_job(connection, job_id)
    lease = to_text(now + timedelta(seconds=lease_s))
    values = {"owner": this_owner(), "lease_until": lease, "started_at": to_text(now), "attempts": job.attempts + 1}
    _change(connection, job_id, state=JobState.RUNNING, message="", doing="", done=0, total=0, **values)
    return get_job(connection, job_id)


def take_job(
    connection: sqlite3.Connection, *, kinds: Iterable[str], among: Iterable[str] | None, now: datetime, lease_s: float
) -> Job | None:
    """Start the job of these kinds that waits longest and may run now, of all or ``among`` these; None without one."""
    row = connection.execute(
        "SELECT id FROM jobs WHERE state = 'queued' AND ready_at <= ?1 "
        "AND kind IN (SELECT value FROM json_each(?2)) "
        "AND (?3 IS NULL OR id IN (SELECT value FROM json_each(?3))) ORDER BY number LIMIT 1",
        (to_text(now), as_list(kinds), None if among is None else as_list(among)),
    ).fetchone()
    return start_job(connection, row["id"], now=now, lease_s=lease_s) if row else None


def renew_lease(connection: sqlite3.Connection, job_id: str, *, now: datetime, lease_s: float) -> bool:
    """Keep a job for this process; False when it is to stop: it was stopped, or another process has it by now."""
    lease = to_text(now + timedelta(seconds=lease_s))
    row = connection.execute(
        "UPDATE jobs SET lease_until = ? WHERE id = ? AND state = 'running' AND owner = ? RETURNING is_stopped",
        (lease, job_id, this_owner()),
    ).fetchone()
    return row is not None and not row["is_stopped"]


def progress_job(connection: sqlite3.Connection, job_id: str, *, doing: str, done: int, total: int) -> None:
    """Note how far a job is."""
    _change(connection, job_id, doing=doing, done=done, total=total)


def put_back_job(
    connection: sqlite3.Connection, job_id: str, *, message: str, ready_at: datetime, counted: bool
) -> bool:
    """Queue a job that this process runs again; a try that is not ``counted`` was none. False when it is not ours.

    One that was to stop is cancelled.
    """
    cursor = connection.execute(
        "UPDATE jobs SET owner = '', lease_until = NULL, message = ?1, ready_at = ?2, "
        "state = iif(is_stopped, 'cancelled', 'queued'), finished_at = iif(is_stopped, ?2, NULL), "
        "attempts = attempts - ?3, waits = waits + ?3 WHERE id = ?4 AND state = 'running' AND owner = ?5",
        (message, to_text(ready_at), not counted, job_id, this_owner()),
    )
    return bool(cursor.rowcount)


def finish_job(connection: sqlite3.Connection, job_id: str, *, state: JobState, message: str, now: datetime) -> bool:
    """Note how a job ended; False, and no change, when another process runs it. Raises UnknownId."""
    if state in _ALIVE:
        raise ValueError(f"a job ends done, failed or cancelled, not {state}")
    row = connection.execute("SELECT state, owner FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if row is not None and row["state"] == JobState.RUNNING and row["owner"] != this_owner():
        return False
    _change(connection, job_id, state=JobState(state), message=message, finished_at=to_text(now), lease_until=None)
    return True


def stop_job(connection: sqlite3.Connection, job_id: str, *, now: datetime) -> Job:
    """Cancel a waiting job, and ask a running one to stop, also should it be interrupted first; raises UnknownId."""
    job = get_job(connection, job_id)
    if job.state is JobState.QUEUED:
        finish_job(connection, job_id, state=JobState.CANCELLED, message=STOPPED, now=now)
    elif job.state is JobState.RUNNING:
        _change(connection, job_id, is_stopped=1)
    return get_job(connection, job_id)


def recover_jobs(connection: sqlite3.Connection, *, jobs: Jobs, now: datetime) -> tuple[str, ...]:
    """Queue the running jobs of processes that are gone, or whose lease ran out, again; return their ids.

    One that was to stop is cancelled, and one that was tried ``jobs.attempts`` times has failed.
    """
    running = connection.execute(
        "SELECT * FROM jobs WHERE state = 'running' AND owner <> ? ORDER BY number", (this_owner(),)
    ).fetchall()
    left = [row for row in running if is_gone(row["owner"]) or row["lease_until"] < to_text(now)]
    return tuple(row["id"] for row in left if _requeue(connection, row, jobs=jobs, now=now))


def _requeue(connection: sqlite3.Connection, row: sqlite3.Row, *, jobs: Jobs, now: datetime) -> bool:
    given_up, stopped = row["attempts"] >= jobs.attempts, bool(row["is_stopped"])
    values: dict[str, object] = {"owner": "", "lease_until": None, "finished_at": None}
    if stopped:
        values |= {"state": JobState.CANCELLED, "message": STOPPED, "finished_at": to_text(now)}
    elif given_up:
        message = f"The program ended {row['attempts']} times before this was done. Start it again by hand."
        values |= {"state": JobState.FAILED, "message": message, "finished_at": to_text(now)}
    else:
        ready_at = now if row["attempts"] <= 1 else again_at(row["attempts"] - 1, jobs, now=now)
        message = "The program ended before this was done."
        values |= {"state": JobState.QUEUED, "message": message, "ready_at": to_text(ready_at)}
    _change(connection, row["id"], **values)
    return not (stopped or given_up)


def drop_jobs(connection: sqlite3.Connection, profile: str) -> None:
    """Delete the jobs of a profile that wait or have ended."""
    connection.execute("DELETE FROM jobs WHERE profile = ? AND state <> 'running'", (profile,))


def next_moment(connection: sqlite3.Connection, among: Iterable[str] | None) -> datetime | None:
    """Return when the next waiting job, of all or ``among`` these, may run, or the next lease of another runs out."""
    first = connection.execute(
        "SELECT min(iif(state = 'queued', max(ready_at, added_at), lease_until)) FROM jobs "
        "WHERE state = 'queued' AND (?1 IS NULL OR id IN (SELECT value FROM json_each(?1))) "
        "OR state = 'running' AND owner <> ?2 AND ?1 IS NULL",
        (None if among is None else as_list(among), this_owner()),
    ).fetchone()[0]
    return from_text(first) if first else None


def recent_jobs(connection: sqlite3.Connection, limit: int) -> list[Job]:
    """Return the latest jobs, newest first."""
    return [_job(row) for row in connection.execute("SELECT * FROM jobs ORDER BY number DESC LIMIT ?", (limit,))]


def waiting_jobs(connection: sqlite3.Connection) -> list[Job]:
    """Return the jobs that wait, oldest first."""
    return [_job(row) for row in connection.execute("SELECT * FROM jobs WHERE state = 'queued' ORDER BY number")]


def is_unfinished(connection: sqlite3.Connection, kind: str, profile: str) -> bool:
    """Say whether a job of this kind waits or runs for the profile, in any process."""
    row = connection.execute(
        "SELECT 1 FROM jobs WHERE kind = ? AND profile = ? AND state IN ('queued', 'running') LIMIT 1", (kind, profile)
    ).fetchone()
    return row is not None


def latest_ended(connection: sqlite3.Connection, kind: str, profile: str) -> Job | None:
    """Return the profile's job of this kind that ended last."""
    row = connection.execute(
        "SELECT * FROM jobs WHERE kind = ? AND profile = ? AND finished_at IS NOT NULL "
        "ORDER BY finished_at DESC, number DESC LIMIT 1",
        (kind, profile),
    ).fetchone()
    return _job(row) if row else None


def worked_since(
    connection: sqlite3.Connection, kinds: Iterable[str], since: datetime
) -> list[tuple[str, datetime, datetime]]:
    """Return the profile, the start and the end of each job of these kinds that ended after ``since``, oldest first."""
    rows = connection.execute(
        "SELECT profile, started_at, finished_at FROM jobs WHERE finished_at > ? AND started_at IS NOT NULL "
        "AND kind IN (SELECT value FROM json_each(?)) ORDER BY started_at",
        (to_text(since), as_list(kinds)),
    )
    return [(row["profile"], from_text(row["started_at"]), from_text(row["finished_at"])) for row in rows]


def get_job(connection: sqlite3.Connection, job_id: str) -> Job:
    """Return a job; raises UnknownId."""
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise UnknownId("job", job_id)
    return _job(row)


def _change(connection: sqlite3.Connection, job_id: str, **values: object) -> None:
    columns = ", ".join(f"{column} = ?" for column in values)
    cursor = connection.execute(f"UPDATE jobs SET {columns} WHERE id = ?", (*values.values(), job_id))
    if not cursor.rowcount:
        raise UnknownId("job", job_id)


def _job(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"],
        kind=row["kind"],
        payload=json.loads(row["payload"]),
        profile=row["profile"],
        state=JobState(row["state"]),
        doing=row["doing"],
        done=row["done"],
        total=row["total"],
        message=row["message"],
        attempts=row["attempts"],
        waits=row["waits"],
        added_at=from_text(row["added_at"]),
        started_at=from_text(row["started_at"]) if row["started_at"] else None,
        finished_at=from_text(row["finished_at"]) if row["finished_at"] else None,
    )
