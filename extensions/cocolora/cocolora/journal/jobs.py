"""Jobs: background work, how far it is, and what became of it."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from cocolora.core.ids import derive_id
from cocolora.core.records import Job, JobState
from cocolora.errors import UnknownId
from cocolora.journal.database import from_text, to_text

KEPT_JOBS = 500
INTERRUPTED = "interrupted: the program ended before it was done"
_LIFE = secrets.token_hex(8)
"""Tells this process from an earlier one with the same number, as every first process in a container has."""


def add_job(connection: sqlite3.Connection, kind: str, payload: Mapping[str, object], *, now: datetime) -> str:
    """Queue a job and return its id; only the latest jobs are kept."""
    cursor = connection.execute(
        "INSERT INTO jobs (kind, payload, state, added_at) VALUES (?, ?, ?, ?)",
        (kind, json.dumps(payload), JobState.QUEUED, to_text(now)),
    )
    number = int(cursor.lastrowid or 0)
    job_id = derive_id("job", number)
    connection.execute("UPDATE jobs SET id = ? WHERE number = ?", (job_id, number))
    connection.execute(
        "DELETE FROM jobs WHERE number <= ? AND state NOT IN ('queued', 'running')", (number - KEPT_JOBS,)
    )
    return job_id


def start_job(connection: sqlite3.Connection, job_id: str, *, now: datetime) -> None:
    """Mark a job as running in this process."""
    _change(connection, job_id, state=JobState.RUNNING, started_at=to_text(now), owner=_owner())


def progress_job(connection: sqlite3.Connection, job_id: str, *, doing: str, done: int, total: int) -> None:
    """Note how far a job is."""
    _change(connection, job_id, doing=doing, done=done, total=total)


def finish_job(connection: sqlite3.Connection, job_id: str, *, state: JobState, message: str, now: datetime) -> None:
    """Note how a job ended."""
    if state in (JobState.QUEUED, JobState.RUNNING):
        raise ValueError(f"a job ends done, failed or cancelled, not {state}")
    _change(connection, job_id, state=JobState(state), message=message, finished_at=to_text(now))


def recent_jobs(connection: sqlite3.Connection, limit: int) -> list[Job]:
    """Return the latest jobs, newest first."""
    return [_job(row) for row in connection.execute("SELECT * FROM jobs ORDER BY number DESC LIMIT ?", (limit,))]


def get_job(connection: sqlite3.Connection, job_id: str) -> Job:
    """Return a job; raises UnknownId."""
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise UnknownId("job", job_id)
    return _job(row)


def recover_jobs(connection: sqlite3.Connection, *, now: datetime) -> tuple[str, ...]:
    """Mark jobs that died with their process as failed; return their ids. Other live processes' jobs go on."""
    rows = connection.execute("SELECT id, owner FROM jobs WHERE state = 'running' ORDER BY number").fetchall()
    dead = tuple(row["id"] for row in rows if not _is_alive(row["owner"]))
    for job_id in dead:
        finish_job(connection, job_id, state=JobState.FAILED, message=INTERRUPTED, now=now)
    return dead


def _change(connection: sqlite3.Connection, job_id: str, **values: object) -> None:
    columns = ", ".join(f"{column} = ?" for column in values)
    cursor = connection.execute(f"UPDATE jobs SET {columns} WHERE id = ?", (*values.values(), job_id))
    if not cursor.rowcount:
        raise UnknownId("job", job_id)


def _owner() -> str:
    return f"{os.getpid()} {_LIFE} {_birth(os.getpid())}"


def _is_alive(owner: str) -> bool:
    pid, life, birth = owner.split(" ")
    if int(pid) == os.getpid():
        return life == _LIFE
    return _exists(int(pid)) and birth == _birth(int(pid))


def _birth(pid: int) -> str:
    """Return when a process started, where the system tells: process numbers are used again."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "-"


def _exists(pid: int) -> bool:
    if sys.platform == "win32":
        return _exists_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _exists_on_windows(pid: int) -> bool:
    if sys.platform != "win32":
        return False
    import ctypes

    handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)
    ctypes.windll.kernel32.CloseHandle(handle)
    return bool(handle)


def _job(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"],
        kind=row["kind"],
        payload=json.loads(row["payload"]),
        state=JobState(row["state"]),
        doing=row["doing"],
        done=row["done"],
        total=row["total"],
        message=row["message"],
        added_at=from_text(row["added_at"]),
        started_at=from_text(row["started_at"]) if row["started_at"] else None,
        finished_at=from_text(row["finished_at"]) if row["finished_at"] else None,
    )
