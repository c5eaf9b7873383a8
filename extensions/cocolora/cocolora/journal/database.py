"""The SQLite file: opening, migrating, one connection a thread, transactions, and leaving no bytes behind."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from cocolora.errors import JournalDamaged, JournalError, JournalTooNew
from cocolora.journal.migrations import APPLICATION_ID, MIGRATIONS

BUSY_S = 30.0
OLDEST_SQLITE = (3, 37, 0)
"""Knows strict tables and UPDATE … FROM."""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN)


def to_text(moment: datetime) -> str:
    """Return a time as UTC ISO text of fixed width, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def from_text(text: str) -> datetime:
    """Return the time that ``to_text`` wrote."""
    return datetime.fromisoformat(text)


def as_list(values: Iterable[object]) -> str:
    """Return ids as one parameter for ``IN (SELECT value FROM json_each(?))``: any number of them fits."""
    return json.dumps(list(values))


def raise_damage(path: Path, error: sqlite3.DatabaseError) -> None:
    """Raise JournalDamaged for an error that means the file is damaged or cannot be opened."""
    if (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in _DAMAGE:
        raise JournalDamaged(path, str(error)) from error


def is_open(path: Path) -> bool:
    """Say whether a connection, of this process or another, has the journal open; one that is damaged tells nothing.

    SQLite gives up the write-ahead log only to a connection that is alone.
    """
    if not path.is_file():
        return False
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        return "locked" in str(error)
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()
    return False


class Database:
    """A journal's file. Safe under threads and processes: every thread has its own connection, writers queue."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connections: dict[tuple[int, threading.Thread], sqlite3.Connection] = {}
        self._guard = threading.Lock()
        self._watching = threading.Lock()
        self._watcher: sqlite3.Connection | None = None

    @classmethod
    def open(cls, path: Path) -> Database:
        """Open the file, creating or migrating it; raises JournalDamaged or JournalTooNew and changes nothing."""
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise JournalError(
                f"This Python has SQLite {sqlite3.sqlite_version}; the journal needs "
                f"{'.'.join(map(str, OLDEST_SQLITE))} or newer. Use a newer Python."
            )
        path = Path(path).absolute()
        database = cls(path)
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            elif path.is_dir():
                raise IsADirectoryError("it is a folder")
            elif path.stat().st_size:
                _inspect(path)
            os.chmod(path, 0o600)
            database._migrate()
        except OSError as error:
            raise JournalDamaged(path, f"the file cannot be opened ({error})") from error
        except sqlite3.DatabaseError as error:
            database.close()
            raise_damage(path, error)
            raise
        return database

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock for one transaction: all of it happens or none. Joins a transaction that is open."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """See one state of the journal for as long as the block lasts. Joins a transaction that is open."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        if connection.in_transaction:
            yield connection
            return
        try:
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except sqlite3.DatabaseError as error:
            raise_damage(self.path, error)
            raise

    def revision(self) -> int:
        """Return a number that changes with every commit, of this process or another.

        SQLite tells a connection of the commits of all others: this one is for asking alone and commits nothing.
        """
        with self._watching:
            try:
                self._watcher = self._watcher or _connect(self.path)
                return int(self._watcher.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.DatabaseError as error:
                raise_damage(self.path, error)
                raise

    def scrub(self, *, patience_s: float = 5.0) -> bool:
        """Remove deleted text from the file's bytes; says whether it is done.

        ``secure_delete`` overwrites deleted cells, but copies stay in pages that were rebalanced and in the
        write-ahead log: the file is rewritten from what is live, and the log is cut to nothing. Another
        connection in the middle of a read can hold that up: then this returns False, and a later call does it.
        """
        connection = self._connection()
        connection.execute(f"PRAGMA busy_timeout = {int(patience_s * 1000)}")
        try:
            connection.execute("VACUUM")
            return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError:
            return False
        except sqlite3.DatabaseError as error:
            raise_damage(self.path, error)
            raise
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(BUSY_S * 1000)}")

    def close(self) -> None:
        """Close every thread's connection; the next use opens a new one."""
        with self._watching:
            if self._watcher is not None:
                self._watcher.close()
            self._watcher = None
        with self._guard:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()

    def _connection(self) -> sqlite3.Connection:
        key = (os.getpid(), threading.current_thread())
        connection = self._connections.get(key)
        if connection is None:
            with self._guard:
                self._drop_dead()
                connection = self._connections[key] = _connect(self.path)
        return connection

    def _drop_dead(self) -> None:
        for key in [key for key in self._connections if key[0] == os.getpid() and not key[1].is_alive()]:
            self._connections.pop(key).close()

    def _migrate(self) -> None:
        with self.writing() as connection:
            version = _version(connection)
            if version > len(MIGRATIONS):
                raise JournalTooNew(self.path, version, len(MIGRATIONS))
            for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
                for statement in statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
            if version == 0:
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    _use_wal(connection)
    for pragma in ("foreign_keys = ON", "secure_delete = ON", "temp_store = MEMORY", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log; two processes that create a journal at once do not wait by themselves."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                connection.close()
                raise
            time.sleep(0.01)
        except sqlite3.DatabaseError:
            connection.close()
            raise


def _inspect(path: Path) -> None:
    """Look at an existing file through a connection that cannot write."""
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=BUSY_S)
    try:
        version = _version(connection)
        if version > len(MIGRATIONS):
            raise JournalTooNew(path, version, len(MIGRATIONS))
        if version and connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise JournalDamaged(path, "it is the SQLite database of another program")
        if not version and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise JournalDamaged(path, "it is the SQLite database of another program")
        fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if fault != "ok":
            raise JournalDamaged(path, str(fault))
    finally:
        connection.close()


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
