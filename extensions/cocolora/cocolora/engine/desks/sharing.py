"""The sharing desk: what a user can ask for about adapters and text that leave, bundles that come, and the key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.core.events import ProgressCallback, ignore_progress
from cocolora.core.export import ExportForm
from cocolora.engine import dataset, leaks, share
from cocolora.engine.import_report import Imported
from cocolora.engine.rooms import Rooms
from cocolora.sharing import make_key, read_key


class SharingDesk:
    """Sharing in all its forms, over the rooms of one engine."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

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
    ) -> share.Exported:
        """Write adapters as a bundle or in another form.

        Raises UnknownId, AdapterDamaged, BaseMismatch, CannotExport, KeyUnusable, FileExistsError.
        """
        named = None if adapter_ids is None else tuple(adapter_ids)
        wish = share.ExportWish(profile, named, form, with_questions, base_folder, signed)
        return share.export(self._rooms, target, wish)

    def check_leaks(
        self,
        *,
        profile: str = DEFAULT_PROFILE,
        adapter_ids: Sequence[str] | None = None,
        form: ExportForm = ExportForm.BUNDLE,
        on_progress: ProgressCallback = ignore_progress,
    ) -> tuple[leaks.Leak, ...]:
        """Try to make the adapters that such an export would hold recite what they were told. Raises UnknownId."""
        named = None if adapter_ids is None else tuple(adapter_ids)
        adapters = share.chosen(self._rooms, share.ExportWish(profile, named, form))
        return leaks.check_leaks(self._rooms, adapters, on_progress=on_progress)

    def plan_dataset(self, *, profile: str = DEFAULT_PROFILE) -> dataset.Dataset:
        """Say what a dataset of the profile would hold: text."""
        return dataset.plan_dataset(self._rooms, profile=profile)

    def export_dataset(self, target: Path, *, profile: str = DEFAULT_PROFILE) -> int:
        """Write what the profile said and learned as ``messages`` JSONL; return its lines."""
        return dataset.export_dataset(self._rooms, target, profile=profile)

    def take_in(self, source: Path, *, profile: str = DEFAULT_PROFILE) -> Imported:
        """Take in a bundle, checked, switched off, and report what was found. Raises BundleRefused."""
        return share.import_stack(self._rooms, source, profile=profile)

    def public_key(self) -> str:
        """Return the public key that bundles are signed with; empty where there is none. Raises KeyUnusable."""
        key = read_key(self._rooms.home.key_file)
        return key.public if key else ""

    def make_key(self) -> str:
        """Make a key to sign bundles with and return its public key. Raises FileExistsError."""
        return make_key(self._rooms.home.key_file).public
