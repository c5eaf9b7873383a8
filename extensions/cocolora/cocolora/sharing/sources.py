"""Where a bundle is read from: a folder or a zip file, neither of which is believed."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from cocolora.core.events import Step
from cocolora.sharing.layout import Limits, Refusal, is_file_name, is_folder_name

_END = b"PK\x05\x06"
_END_BYTES = 22
_LOCATOR = b"PK\x06\x07"  # of a second, larger last record, which zipfile would follow
_LOCATOR_BYTES = 20
_MIB = 1 << 20


class Source(Protocol):
    """The files of a bundle by name, with the sizes they claim; nothing outside the layout is among them."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """The files and their sizes in bytes."""

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file for reading."""


@contextmanager
def open_source(path: Path, limits: Limits) -> Iterator[Source]:
    """Open a bundle and check names, kinds and sizes of everything in it. Raises Refusal, OSError, BadZipFile."""
    if path.is_dir():
        yield FolderSource(path, limits)
        return
    _check_zip_end(path, limits)
    with zipfile.ZipFile(path) as archive:
        yield ZipSource(archive, limits)


class FolderSource:
    """A bundle that is a folder; links and anything that is no plain file are refused."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self.sizes: dict[str, int] = {}
        names = _Names(limits)
        for path in _walk(folder, limits):
            status = path.lstat()
            name = path.relative_to(folder).as_posix()
            if stat.S_ISDIR(status.st_mode):
                names.add_folder(name)
            elif stat.S_ISREG(status.st_mode):
                names.add_file(name, status.st_size)
                self.sizes[name] = status.st_size
            else:
                raise Refusal(f"{name[:120]!a} is a link or no plain file")

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file, without following a link that took its place."""
        descriptor = os.open(
            self._folder / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        )
        return os.fdopen(descriptor, "rb")


class ZipSource:
    """A bundle that is a zip file: stored or deflated, without encryption, links or tricks with names."""

    def __init__(self, archive: zipfile.ZipFile, limits: Limits) -> None:
        self._archive = archive
        self.sizes: dict[str, int] = {}
        names = _Names(limits)
        for info in archive.infolist():
            _check_entry(info, limits)
            if info.filename.endswith("/"):
                names.add_folder(info.filename.removesuffix("/"))
            else:
                names.add_file(info.filename, info.file_size)
                self.sizes[info.filename] = info.file_size

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file; it yields no more bytes than it claims to have."""
        return cast(BinaryIO, self._archive.open(name))


class CountedSource:
    """A bundle of which ``total`` files are opened, once each: tells before each how many were."""

    def __init__(self, source: Source, total: int, step: Step) -> None:
        self.sizes = source.sizes
        self._source = source
        self._total = total
        self._step = step
        self._opened = 0

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file for reading, unless whoever was told stops the work here."""
        self._step(self._opened, self._total)
        self._opened += 1
        return self._source.open(name)


class _Names:
    """Counts names and bytes, and refuses what is outside the layout, twice there, or too much."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._seen: set[str] = set()
        self._bytes = 0

    def add_folder(self, name: str) -> None:
        self._add(name, allowed=is_folder_name(name))

    def add_file(self, name: str, size_bytes: int) -> None:
        self._add(name, allowed=is_file_name(name))
        most = self._limits.bytes_for(name)
        if size_bytes > most:
            raise Refusal(f"{name} has {size_bytes} bytes; at most {most} are taken")
        self._bytes += size_bytes
        if self._bytes > self._limits.total_bytes:
            raise Refusal(f"it holds more than {self._limits.total_bytes} bytes")

    def _add(self, name: str, *, allowed: bool) -> None:
        if not allowed:
            raise Refusal(f"{name[:120]!a} has no place in a bundle")
        if name.casefold() in self._seen:
            raise Refusal(f"{name!a} is there twice")
        self._seen.add(name.casefold())
        if len(self._seen) > self._limits.entries:
            raise Refusal(f"it has more than {self._limits.entries} entries")


def _walk(folder: Path, limits: Limits) -> Iterator[Path]:
    """Yield what is in a folder, links unfollowed, no deeper than the layout and no more than one too many."""
    waiting, count = [folder], 0
    while waiting:
        for entry in sorted(os.scandir(waiting.pop()), key=lambda found: found.name):
            count += 1
            if count > limits.entries:
                raise Refusal(f"it has more than {limits.entries} entries")
            path = Path(entry.path)
            yield path
            if entry.is_dir(follow_symlinks=False) and len(path.relative_to(folder).parts) < 3:
                waiting.append(path)


def _check_zip_end(path: Path, limits: Limits) -> None:
    """Check the zip file's last record before the directory that it announces is read into memory."""
    size = path.stat().st_size
    if not stat.S_ISREG(path.stat().st_mode) or size < _END_BYTES:
        raise Refusal("it is neither a folder nor a zip file")
    if size > limits.total_bytes:
        raise Refusal(f"it has {size} bytes; at most {limits.total_bytes} are taken")
    with path.open("rb") as file:
        begin = file.read(4)
        file.seek(max(0, size - _END_BYTES - _LOCATOR_BYTES))
        tail = file.read()
    end = tail[-_END_BYTES:]
    if begin != b"PK\x03\x04" or end[:4] != _END or tail.startswith(_LOCATOR):
        raise Refusal("it is not a plain zip file")
    entries = int.from_bytes(end[10:12], "little")
    directory_bytes, directory_at = int.from_bytes(end[12:16], "little"), int.from_bytes(end[16:20], "little")
    if entries > limits.entries or directory_bytes > 400 * limits.entries:
        raise Refusal(f"it has more than {limits.entries} entries")
    if directory_at + directory_bytes != size - _END_BYTES:
        raise Refusal("it is not a plain zip file: its directory does not lie at its end")


def _check_entry(info: zipfile.ZipInfo, limits: Limits) -> None:
    name = info.orig_filename
    kind = stat.S_IFMT(info.external_attr >> 16)
    if name != info.filename:
        raise Refusal(f"{name[:120]!a} is not a plain name")
    if kind not in (0, stat.S_IFDIR if name.endswith("/") else stat.S_IFREG):
        raise Refusal(f"{name[:120]!a} is a link or no plain file")
    if info.flag_bits & 0x1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refusal(f"{name[:120]!a} is encrypted, or compressed in an unusual way")
    if name.endswith("/") and info.file_size:
        raise Refusal(f"{name[:120]!a} is a folder with content")
    if info.file_size > _MIB and info.file_size > limits.ratio * max(1, info.compress_size):
        raise Refusal(f"{name[:120]!a} would grow to {info.file_size} bytes from {info.compress_size}")
