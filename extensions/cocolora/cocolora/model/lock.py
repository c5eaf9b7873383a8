"""Who holds the model: one thread at a time, over the lock that the host uses for its own generation."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

# Locks are not fair: one given back and taken again at once would never reach a waiting chat.
_PAUSE_SHARE = 0.04


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
        self._slices: _Slices | None = None  # touched by the owner alone

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the model in one go. Reentrant within a thread."""
        if self._is_mine:
            slices, self._slices = self._slices, None
            try:
                yield
            finally:
                self._slices = slices
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
    def in_slices(self, around: Callable[[], AbstractContextManager[None]], *, slice_s: float) -> Iterator[None]:
        """Hold the model, but let others have it where ``pause`` is called and a slice is over.

        ``around`` is entered at the beginning of each slice and left at its end. Within another hold it is one slice.
        """
        slices = _Slices(self.exclusive, around, slice_s=slice_s)
        is_sliced = not self._is_mine
        slices.begin()
        if is_sliced:
            self._slices = slices
        try:
            yield
        finally:
            if is_sliced:
                self._slices = None
            slices.end()

    @contextmanager
    def steps(self) -> Iterator[None]:
        """Hold the model for work that calls ``pause`` between its steps."""
        if self._is_mine:
            yield
            return
        with self.exclusive():
            yield

    def pause(self) -> None:
        """Let others have the model where this thread holds it in slices and one is over; may raise as ``around``."""
        slices = self._slices if self._is_mine else None
        if slices is None or not slices.is_over:
            return
        self._slices = None
        slices.end()
        time.sleep(slices.slice_s * _PAUSE_SHARE)
        slices.begin()
        self._slices = slices

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

    @property
    def _is_mine(self) -> bool:
        return self._owner == threading.get_ident()


class _Slices:
    """One hold in slices: what is entered at the beginning of each, and when the present one is over."""

    def __init__(
        self,
        hold: Callable[[], AbstractContextManager[None]],
        around: Callable[[], AbstractContextManager[None]],
        *,
        slice_s: float,
    ) -> None:
        self.slice_s = slice_s
        self._hold = hold
        self._around = around
        self._entered = ExitStack()
        self._end = 0.0

    def begin(self) -> None:
        """Wait for the model and enter a slice; where that fails nothing stays entered."""
        with ExitStack() as entering:
            entering.enter_context(self._hold())
            entering.enter_context(self._around())
            self._entered = entering.pop_all()
        self._end = time.monotonic() + self.slice_s

    def end(self) -> None:
        """Leave the slice, if one is entered."""
        self._entered.close()

    @property
    def is_over(self) -> bool:
        """Whether the slice has lasted long enough."""
        return time.monotonic() >= self._end
