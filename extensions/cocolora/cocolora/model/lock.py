"""Who holds the model: one thread at a time, over the lock that the host uses for its own generation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class PlainLock(Protocol):
    """What is needed of the host's lock; it need not be reentrant."""

    def acquire(self) -> bool:
        """Wait for the lock and take it."""

    def release(self) -> None:
        """Give the lock back."""

    def locked(self) -> bool:
        """Say whether somebody holds the lock."""


def _at_once() -> None:
    """Wait for nothing."""


class ModelLock:
    """Makes a plain lock reentrant within a thread, and knows of threads for which the host holds it."""

    def __init__(self, lock: PlainLock | None = None, *, quiet: Callable[[], None] | None = None) -> None:
        """Wrap ``lock``; ``quiet`` is called after each acquisition and returns when the model is idle."""
        self._lock = lock or threading.Lock()
        self._quiet = quiet or _at_once
        self._owner: int | None = None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the model. Reentrant within a thread."""
        if self._owner == threading.get_ident():
            yield
            return
        self._lock.acquire()
        self._owner = threading.get_ident()
        try:
            self._quiet()
            yield
        finally:
            self._owner = None
            self._lock.release()

    @contextmanager
    def held_by_host(self) -> Iterator[None]:
        """Take the model as held: the host called this thread while holding the lock itself.

        Where the lock is free after all, it is taken.
        """
        if self._owner is not None or not self._lock.locked():
            with self.exclusive():
                yield
            return
        self._owner = threading.get_ident()
        try:
            yield
        finally:
            self._owner = None
