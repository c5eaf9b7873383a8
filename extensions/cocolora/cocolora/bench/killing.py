"""Processes that are killed: work in a forked child, which SIGKILL ends at its n-th write or after a time."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

Report = Callable[[Any], None]
Work = Callable[[Report], None]

_READING = ("SELECT", "PRAGMA", "BEGIN", "WITH")
_CHANGING = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "shutil.rmtree")
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: what it reported, whether it was killed, how long it took, and its traceback if it failed."""

    reports: tuple[Any, ...]
    killed: bool
    seconds: float
    trouble: str


class WriteCounter:
    """Counts what this process changes: files opened for writing, renamed or removed, and SQL statements that write.

    At the ``kill_at``-th change, before it happens, the process kills itself as nothing else could: with SIGKILL.
    A hook cannot be taken out again, so this is for a process that ends soon.
    """

    def __init__(self, kill_at: int | None) -> None:
        self.changes = 0
        self._kill_at = kill_at
        self._begun = False
        self._connect = sqlite3.connect
        mock.patch.object(sqlite3, "connect", self._connect_heard).start()
        sys.addaudithook(self._see)

    def begin(self) -> None:
        """Count from now on."""
        self._begun = True

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _CHANGING or (event == "open" and _writes(arguments)):
            self._count()

    def _connect_heard(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = self._connect(*arguments, **options)
        connection.set_trace_callback(self._hear)
        return connection

    def _hear(self, statement: str) -> None:
        if not statement.lstrip().upper().startswith(_READING):
            self._count()

    def _count(self) -> None:
        if not self._begun:
            return
        self.changes += 1
        if self.changes == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _writes(arguments: tuple[Any, ...]) -> bool:
    flags = arguments[2]
    return isinstance(flags, int) and bool(flags & _WRITE_FLAGS)


def in_child(work: Work, *, kill_after_s: float | None = None) -> Ended:
    """Do ``work`` in a forked process and wait for its end; kill it after ``kill_after_s``.

    ``work`` gets a function that hands plain values to this process: each arrives, whatever happens afterwards.
    """
    reading, writing = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_the_child(work, writing)
    os.close(writing)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        lines = [json.loads(line) for line in pipe if line.endswith("\n")]
    _, status = os.waitpid(child, 0)
    seconds = time.monotonic() - began
    trouble = "".join(line["trouble"] for line in lines if "trouble" in line)
    reports = tuple(line["report"] for line in lines if "report" in line)
    return Ended(reports, os.WIFSIGNALED(status), seconds, trouble)


def _be_the_child(work: Work, writing: int) -> None:
    def send(line: dict[str, Any]) -> None:
        os.write(writing, (json.dumps(line) + "\n").encode())

    try:
        work(lambda value: send({"report": value}))
    except BaseException:
        send({"trouble": traceback.format_exc()})
        raise
    finally:
        os._exit(0)  # what the parent would do at its end is not the child's to do
