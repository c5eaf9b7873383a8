"""Who runs a job: a process, told from an earlier one with the same number and from those of other machines."""

from __future__ import annotations

import os
import platform
import secrets
import sys
from pathlib import Path

_LIFE = secrets.token_hex(8)
"""Tells this process from an earlier one with the same number, as every first process in a container has."""


def this_owner() -> str:
    """Return the mark of this process."""
    return f"{os.getpid()} {_LIFE} {_birth(os.getpid())} {platform.node()}"


def is_gone(owner: str) -> bool:
    """Say whether a process has certainly ended; of another machine's, only its lease can tell."""
    pid, life, birth, machine = owner.split(" ", 3)
    if machine != platform.node():
        return False
    if int(pid) == os.getpid():
        return life != _LIFE
    return not (_exists(int(pid)) and birth == _birth(int(pid)))


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
