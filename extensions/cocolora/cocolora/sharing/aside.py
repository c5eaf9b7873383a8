"""Outputs made aside and made visible by one renaming: complete, or not there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def made_aside(target: Path) -> Iterator[Path]:
    """Give a path beside ``target`` that takes its name when all went well, and goes otherwise.

    Raises FileExistsError when something is there already.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already. Choose another name, or delete it.")
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.part")
    delete(aside)
    try:
        yield aside
        aside.rename(target)
    finally:
        delete(aside)


def delete(path: Path) -> None:
    """Delete a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def size_bytes(target: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    if target.is_file():
        return target.stat().st_size
    return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
