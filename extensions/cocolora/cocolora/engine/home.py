"""The home folder: where the journal, the adapters, the index and the settings are kept."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from cocolora.errors import HomeBusy, HomeOpen
from cocolora.journal import is_open

EXPORT_KEPT_S = 24 * 3600
"""So long an export that the tab made can be downloaded."""
_ASIDE = ".aside"
_LENT = "lent"
"""The file beside an export that names the folders which hold a copy of it."""


def default_home() -> Path:
    """Return the platform's folder for cocolora's data outside the webui."""
    return platformdirs.user_data_path("cocolora", appauthor=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that is kept in the home folder, in words, where it is, and its bytes on the disk."""

    what: str
    path: Path
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Home:
    """Paths under one home folder; readable by its owner only."""

    folder: Path

    @property
    def journal_file(self) -> Path:
        """The journal: the source of truth."""
        return self.folder / "journal.db"

    @property
    def adapters_folder(self) -> Path:
        """One folder in PEFT's format for each adapter."""
        return self.folder / "adapters"

    @property
    def index_folder(self) -> Path:
        """The search index; it can be rebuilt from the journal."""
        return self.folder / "index"

    @property
    def settings_file(self) -> Path:
        """The settings, as JSON."""
        return self.folder / "settings.json"

    @property
    def key_file(self) -> Path:
        """The secret key that signs bundles, if there is one."""
        return self.folder / "signing.key"

    @property
    def exports_folder(self) -> Path:
        """What the tab exported, to be downloaded: one folder for each export."""
        return self.folder / "exports"

    def adapter_folder(self, adapter_id: str) -> Path:
        """Return where an adapter's files are."""
        return self.adapters_folder / adapter_id

    def create(self) -> None:
        """Make the folders that are missing."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.adapters_folder.mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the one process that makes, changes or deletes adapters. Raises HomeBusy."""
        lock = FileLock(self.folder / "writer.lock", timeout=0, is_singleton=True)
        try:
            with lock:
                yield
        except Timeout:
            raise HomeBusy(self.folder) from None

    def kept(self) -> tuple[Kept, ...]:
        """Return what is kept here and how large it is."""
        parts = (
            ("What was said, with its lessons", self.journal_file),
            ("Adapters", self.adapters_folder),
            ("The search index", self.index_folder),
            ("Exports of the last day, to be downloaded", self.exports_folder),
            ("Settings", self.settings_file),
            ("The key that signs your bundles", self.key_file),
        )
        return tuple(Kept(what, path, _size_bytes(path)) for what, path in parts if path.exists())

    def purge(self) -> tuple[Path, ...]:
        """Delete everything that cocolora keeps here; return what was deleted. Raises HomeBusy, HomeOpen.

        What else lies in the folder stays, and so does the folder then.
        """
        if not self.folder.exists():
            return ()
        with self.writing():
            if is_open(self.journal_file):
                raise HomeOpen(self.folder)
            names = (
                "journal.db*",
                "adapters",
                "index",
                "exports",
                "settings.json",
                "settings.tmp",
                "signing.*",
            )
            gone = tuple(sorted(path for name in names for path in self.folder.glob(name)))
            self.discard_exports()
            for path in gone:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        (self.folder / "writer.lock").unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()
        return gone

    def new_export(self, name: str) -> Path:
        """Return where the tab writes an export of this name; exports that are too old go."""
        self.discard_exports(older_than_s=EXPORT_KEPT_S)
        self.exports_folder.mkdir(mode=0o700, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=self.exports_folder)) / name

    def lend(self, export: Path, folder: Path) -> Path:
        """Return a copy of an export in a folder that a page offers files from; it goes when the export goes."""
        for place in _lent(export.parent):
            if place.parent == folder and (place / export.name).exists():
                return place / export.name
        folder.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(dir=folder))
        with (export.parent / _LENT).open("a", encoding="utf-8") as noted:
            noted.write(f"{place}\n")
        return Path(shutil.copy2(export, place))

    def discard_exports(self, *, older_than_s: float = 0.0) -> None:
        """Delete what the tab exported, or what of it is older, with all copies that were lent."""
        if not self.exports_folder.is_dir():
            return
        for folder in self.exports_folder.iterdir():
            with suppress(FileNotFoundError):  # another process deletes it too
                if time.time() - folder.stat().st_mtime >= older_than_s:
                    for place in (*_lent(folder), folder):
                        shutil.rmtree(place, ignore_errors=True)

    def set_aside(self, adapter_id: str) -> None:
        """Make room for another try at an adapter; its files stay beside until the try has landed or ``put_back``."""
        folder, aside = self.adapter_folder(adapter_id), self._aside(adapter_id)
        if aside.exists():
            shutil.rmtree(folder, ignore_errors=True)
        elif folder.exists():
            folder.rename(aside)

    def drop_aside(self, adapter_id: str) -> None:
        """Delete what was set aside of an adapter."""
        shutil.rmtree(self._aside(adapter_id), ignore_errors=True)

    def put_back(self) -> None:
        """Let the files that were set aside take the place of tries that came to nothing."""
        for aside in self.adapters_folder.glob(f"*{_ASIDE}"):
            folder = self.adapter_folder(aside.name.removesuffix(_ASIDE))
            shutil.rmtree(folder, ignore_errors=True)
            aside.rename(folder)

    @contextmanager
    def putting_back(self) -> Iterator[None]:
        """Put back what was set aside when the work fails or is stopped."""
        try:
            yield
        except BaseException:
            self.put_back()
            raise

    def _aside(self, adapter_id: str) -> Path:
        return self.adapters_folder / f"{adapter_id}{_ASIDE}"

    def discard_orphans(self, catalogued: Iterable[str]) -> tuple[str, ...]:
        """Put back what was set aside, and delete adapter folders that no adapter of the catalogue owns.

        Both are what an interrupted job left.
        """
        self.put_back()
        kept = set(catalogued)
        orphans = [path for path in self.adapters_folder.iterdir() if path.name not in kept]
        for path in orphans:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        return tuple(path.name for path in orphans)


def _size_bytes(path: Path) -> int:
    """Return the bytes of a file with SQLite's files beside it, or of all files in a folder; some may just be going."""
    files = path.rglob("*") if path.is_dir() else path.parent.glob(f"{path.name}*")
    size_bytes = 0
    for file in files:
        try:
            size_bytes += file.stat().st_size if file.is_file() else 0
        except FileNotFoundError:
            continue
    return size_bytes


def _lent(folder: Path) -> list[Path]:
    """Return the folders that hold a copy of the export in ``folder``."""
    noted = folder / _LENT
    return [Path(line) for line in noted.read_text(encoding="utf-8").splitlines()] if noted.exists() else []
