"""The word index's file: FTS5 in an SQLite database of its own, one full-text table per profile, stems for text."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")
FORMAT = 2
_BATCH = 500
_LEFTOVERS = "leftovers"
_TIME_ZONE = "time zone"
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE profiles (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, turns INTEGER NOT NULL DEFAULT 0);
CREATE TABLE units (
    id INTEGER PRIMARY KEY, unit_id TEXT NOT NULL UNIQUE, turn_id TEXT NOT NULL, profile INTEGER NOT NULL,
    kind TEXT NOT NULL, said_on TEXT NOT NULL, conversation TEXT NOT NULL, position INTEGER NOT NULL,
    asks INTEGER NOT NULL,
    stems TEXT NOT NULL
);
CREATE INDEX units_of_turn ON units (turn_id);
CREATE INDEX units_of_conversation ON units (conversation, position);
CREATE INDEX units_of_day ON units (profile, substr(said_on, 6), id);
CREATE INDEX units_of_time ON units (profile, said_on, id);
CREATE TABLE stems (
    profile INTEGER NOT NULL, stem TEXT NOT NULL, turns INTEGER NOT NULL, PRIMARY KEY (profile, stem)
) WITHOUT ROWID;
CREATE TABLE vectors (unit INTEGER PRIMARY KEY, vector BLOB NOT NULL, placed INTEGER NOT NULL DEFAULT 0);
"""


def connect(file: Path) -> sqlite3.Connection:
    """Open the index file, readable by its owner only. Raises sqlite3.DatabaseError when it is no index."""
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=10)
    try:
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "secure_delete = ON",
            "cache_size = -16000",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")
        _check_format(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _check_format(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found == 0:
        with transaction(connection):
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {FORMAT}")
    elif found != FORMAT:
        raise sqlite3.DatabaseError(f"index format {found} instead of {FORMAT}")


def check(connection: sqlite3.Connection) -> None:
    """Read the whole file once. Raises sqlite3.DatabaseError when it is damaged."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def check_time_zone(connection: sqlite3.Connection, name: str) -> None:
    """Note whose days a new index holds. Raises sqlite3.DatabaseError when they are another time zone's."""
    connection.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (_TIME_ZONE, name))
    found = connection.execute("SELECT value FROM meta WHERE name = ?", (_TIME_ZONE,)).fetchone()[0]
    if found != name:
        raise sqlite3.DatabaseError(f'the days of time zone "{found}" instead of "{name}"')


def is_damage(error: sqlite3.Error) -> bool:
    """Say whether an error means that the file is not the index it should be; a locked file or a full disk do not."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    return code in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def note_leftovers(connection: sqlite3.Connection) -> None:
    """Note, inside the caller's transaction, that deleted rows left something to erase."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, '')", (_LEFTOVERS,))


def erase_leftovers(connection: sqlite3.Connection) -> None:
    """Write the file anew from its live rows if deleted rows left something; no thread may read meanwhile.

    FTS5 keeps the words of deleted rows until its segments are merged. ``secure_delete`` alone is not enough for
    the rest: when SQLite spreads rows over other pages, it leaves copies of them.
    """
    if not connection.execute("SELECT 1 FROM meta WHERE name = ?", (_LEFTOVERS,)).fetchone():
        return
    with transaction(connection):
        for (profile,) in connection.execute("SELECT id FROM profiles").fetchall():
            connection.execute(f"INSERT INTO words_{profile}(words_{profile}) VALUES ('optimize')")
    connection.execute("VACUUM")
    busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if not busy:  # another process that reads keeps old pages in the log: next time, then
        connection.execute("DELETE FROM meta WHERE name = ?", (_LEFTOVERS,))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what happens inside, or undo it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def marks(values: Sequence[object]) -> str:
    """Return a question mark for each value."""
    return ",".join("?" * len(values))


def batches(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Cut values into pieces that SQLite takes as parameters of one statement."""
    return (values[start : start + _BATCH] for start in range(0, len(values), _BATCH))
