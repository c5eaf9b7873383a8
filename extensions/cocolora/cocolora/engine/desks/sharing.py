"""The sharing desk: what a user can ask for about adapters and text that leave, bundles that come, and the key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cocolora.core.adapters import Activation, Adapter
from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.core.events import ProgressCallback, ignore_progress
from cocolora.core.export import ExportForm, Number
from cocolora.engine import dataset, handlers, share
from cocolora.engine.bundles import LOOK_INTO, TAKE_IN, BundleReader, taking_in
from cocolora.engine.import_report import Imported
from cocolora.engine.jobs import JobRunner
from cocolora.engine.leaks import CHECK_LEAKS, Leak, LeakFinder, check_leaks
from cocolora.engine.rooms import Rooms
from cocolora.sharing import make_key, read_key, read_loading


class SharingDesk:
    """Sharing in all its forms, over the rooms of one engine."""

    def __init__(self, rooms: Rooms, jobs: JobRunner, finder: LeakFinder, reader: BundleReader) -> None:
        self._rooms = rooms
        self._jobs = jobs
        self._finder = finder
        self._reader = reader

    def would_leave(
        self,
        *,
        profile: str = DEFAULT_PROFILE,
        adapter_ids: Sequence[str] | None = None,
        form: ExportForm = ExportForm.BUNDLE,
    ) -> list[Adapter]:
        """Return the adapters that such an export would hold. Raises UnknownId, BaseMismatch, NoModel."""
        named = None if adapter_ids is None else tuple(adapter_ids)
        return share.chosen(self._rooms, share.ExportWish(profile, named, form))

    def export(
        self,
        target: Path,
        *,
        profile: str = DEFAULT_PROFILE,
        adapter_ids: Sequence[str] | None = None,
        form: ExportForm = ExportForm.BUNDLE,
        with_questions: bool = False,
        base_folder: Path | None = None,
        signed: bool = True,
        number: Number | None = None,
        on_progress: ProgressCallback = ignore_progress,
    ) -> share.Exported:
        """Write adapters as a bundle or in another form.

        Raises UnknownId, AdapterDamaged, BaseMismatch, CannotExport, KeyUnusable, FileExistsError.
        """
        named = None if adapter_ids is None else tuple(adapter_ids)
        wish = share.ExportWish(profile, named, form, with_questions, base_folder, signed, number)
        return share.export(self._rooms, target, wish, on_progress=on_progress)

    def new_export(self, name: str) -> Path:
        """Return a place in the home folder for an export of this name, to be downloaded within a day."""
        return self._rooms.home.new_export(name)

    def lend(self, written: Path, folder: Path) -> Path:
        """Return a copy of such an export in a folder that a page offers files from; it goes when the export goes."""
        return self._rooms.home.lend(written, folder)

    def start_export(self, target: Path, wish: share.ExportWish) -> None:
        """Write adapters in the background; ``target`` is there when all of it is. Raises FileExistsError."""
        self._jobs.submit(handlers.EXPORT, handlers.exporting(target, wish), profile=wish.profile)

    def how_to_load(self, written: Path) -> str:
        """Return the lines that load what was exported, for other programs; empty where it came without any."""
        return read_loading(written)

    def check_leaks(
        self,
        *,
        profile: str = DEFAULT_PROFILE,
        adapter_ids: Sequence[str] | None = None,
        form: ExportForm = ExportForm.BUNDLE,
        on_progress: ProgressCallback = ignore_progress,
    ) -> tuple[Leak, ...]:
        """Try to make the adapters that such an export would hold recite what they were told. Raises UnknownId."""
        adapters = self.would_leave(profile=profile, adapter_ids=adapter_ids, form=form)
        return check_leaks(self._rooms, adapters, on_progress=on_progress)

    def start_leak_check(self, adapters: Sequence[Adapter], *, profile: str = DEFAULT_PROFILE) -> None:
        """Look for leaks in the background; ``leaks`` returns what was found."""
        payload = {"adapters": [adapter.id for adapter in adapters]}
        self._jobs.submit(CHECK_LEAKS, payload, profile=profile)

    def leaks(self, adapters: Sequence[Adapter]) -> tuple[Leak, ...] | None:
        """Return what adapters were found to recite; None as long as one of them was not checked."""
        return self._finder.found(adapters)

    def plan_dataset(self, *, profile: str = DEFAULT_PROFILE) -> dataset.Dataset:
        """Say what a dataset of the profile would hold: text."""
        return dataset.plan_dataset(self._rooms, profile=profile)

    def export_dataset(self, target: Path, *, profile: str = DEFAULT_PROFILE) -> int:
        """Write what the profile said and learned as ``messages`` JSONL; return its lines."""
        return dataset.export_dataset(self._rooms, target, profile=profile)

    def start_looking(self, uploaded: Path, *, profile: str = DEFAULT_PROFILE) -> None:
        """Check an uploaded bundle in the background; ``found`` returns what was found, and nothing is taken in."""
        self._jobs.submit(LOOK_INTO, {"source": str(uploaded)}, profile=profile)

    def found(self, uploaded: Path) -> Imported | None:
        """Return what was found in an uploaded bundle; None as long as that was not looked into, or when it is gone."""
        return self._reader.found(uploaded)

    def start_taking_in(self, found: Imported, *, profile: str = DEFAULT_PROFILE) -> None:
        """Take in an uploaded bundle in the background, checked again, switched off; it is deleted then."""
        self._jobs.submit(TAKE_IN, taking_in(found), profile=profile)

    def discard(self, uploaded: Path) -> None:
        """Delete an uploaded bundle: nothing of it is taken in."""
        self._reader.discard(uploaded)

    def take_in(self, source: Path, *, profile: str = DEFAULT_PROFILE) -> Imported:
        """Take in a bundle, checked, switched off, and report what was found. Raises BundleRefused."""
        return share.import_stack(self._rooms, source, profile=profile)

    def useful_activation(self, adapter: Adapter) -> Activation:
        """Return how an imported adapter can take part: as is usual, unless no prompt could ever choose it."""
        return share.useful_activation(self._rooms, adapter)

    def public_key(self) -> str:
        """Return the public key that bundles are signed with; empty where there is none. Raises KeyUnusable."""
        key = read_key(self._rooms.home.key_file)
        return key.public if key else ""

    def make_key(self) -> str:
        """Make a key to sign bundles with and return its public key. Raises FileExistsError."""
        return make_key(self._rooms.home.key_file).public
