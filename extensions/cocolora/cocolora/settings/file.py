"""The settings file: read again when it changed, written in one step, and its owner's alone."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path

from cocolora.errors import SettingsInvalid
from cocolora.settings.schema import Settings, parse_settings

logger = logging.getLogger(__name__)

_CLOCK_TICK_NS = 50_000_000


def load_settings(path: Path) -> Settings:
    """Read the settings file; the defaults when there is none. Raises SettingsInvalid."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        raise SettingsInvalid(str(path), [f"not readable as JSON: {error}"]) from None
    return parse_settings(values, source=str(path))


def save_settings(settings: Settings, path: Path) -> None:
    """Write the settings file in one step: a reader sees the old one or the new one."""
    aside = path.with_suffix(".tmp")
    with open(os.open(aside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(settings.model_dump_json(indent=2) + "\n")
    os.replace(aside, path)


class SettingsFile:
    """The settings as their file says, also when another process or an editor has changed it."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises SettingsInvalid."""
        self._path = path
        self._seen, self._settings = _stamp(path), load_settings(path)

    def read(self) -> Settings:
        """Return what holds now; a file that has become unreadable changes nothing."""
        stamp = _stamp(self._path)
        if stamp != self._seen or _is_fresh(stamp):
            self._seen = stamp
            try:
                self._settings = load_settings(self._path)
            except SettingsInvalid as error:
                logger.warning("%s Until then the settings stay as they were.", error)
        return self._settings

    def keep(self, settings: Settings) -> None:
        """Write settings that hold from now on."""
        save_settings(settings, self._path)
        self._settings = settings


def _is_fresh(stamp: tuple[int, ...]) -> bool:
    """Say whether a file was written so lately that another change may have the same stamp."""
    return bool(stamp) and time.time_ns() - stamp[0] < _CLOCK_TICK_NS


def _stamp(path: Path) -> tuple[int, ...]:
    """Return what changes with a file's content."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
