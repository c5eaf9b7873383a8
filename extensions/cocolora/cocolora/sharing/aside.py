"""Outputs made aside and made visible by one renaming: complete, or not there."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)


def require_free(target: Path) -> None:
    """Raise FileExistsError when something is there already."""
    if target.exists():
        raise FileExistsError(f"{target} is there already. Choose another name, or delete it.")


@contextmanager
def made_aside(target: Path) -> Iterator[Path]:
    """Give a path beside ``target`` that takes its name when all went well, and goes otherwise.

    Raises FileExistsError when something is there already.
    """
    require_free(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.part")
    delete(aside)
    try:
        yield aside
        aside.rename(target)
    finally:
        delete(aside)


def zip_folder(folder: Path, target: Path) -> None:
    """Write the files in a folder to the zip file ``target``: the same bytes for the same files."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            with archive.open(zip_entry(path.relative_to(folder).as_posix()), "w") as entry, path.open("rb") as content:
                shutil.copyfileobj(content, entry)


def zip_entry(name: str) -> zipfile.ZipInfo:
    """Return an entry that says nothing of when and where it was made."""
    info = zipfile.ZipInfo(name, date_time=_EPOCH)
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    return info


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
