"""Adapters out in the forms that other programs load: PEFT folders, one combined adapter, a merged base, GGUF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cocolora.core.adapters import BaseIdentity
from cocolora.core.export import ExportForm
from cocolora.errors import CannotExport, CocoloraError
from cocolora.sharing.aside import made_aside, size_bytes
from cocolora.sharing.bundled import BundledAdapter
from cocolora.sharing.deltas import AdapterWeights, combine, read_weights
from cocolora.sharing.gguf_file import read_shape, write_gguf
from cocolora.sharing.loading import LOADING, Loadable, render_folders, render_gguf
from cocolora.sharing.manifest import clean_name, describe_base
from cocolora.sharing.merging import write_merged
from cocolora.sharing.peft_folder import copy_folder, write_folder


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written: adapters of one base, and the base's folder for the forms that read it."""

    contents: Sequence[BundledAdapter]
    base: BaseIdentity
    base_folder: Path | None

    def need_base(self, form: ExportForm) -> Path:
        """Return the base's folder. Raises CannotExport."""
        if self.base_folder is None:
            raise CannotExport(form, "the files of the base model are needed", "Name their folder with --base.")
        return self.base_folder

    @property
    def base_name(self) -> str:
        """The base's name without its path."""
        return describe_base(self.base).name

    def combined(self) -> AdapterWeights:
        """Return the weighted sum of the adapters as one. Raises AdapterMissing, AdapterDamaged."""
        return combine([(read_weights(bundled), bundled.adapter.weight) for bundled in self.contents])


def write_form(form: ExportForm, target: Path, order: Order) -> int:
    """Write the folder ``target`` and return its bytes: complete, or not there.

    Raises FileExistsError, AdapterMissing, AdapterDamaged, CannotExport, CannotMerge, and CocoloraError without any
    adapter.
    """
    if not order.contents:
        raise CocoloraError("There is no adapter to export. `cocolora learn` makes one of what was said.")
    _WRITERS[form](target, order)
    return size_bytes(target)


def _write_peft(target: Path, order: Order) -> None:
    with made_aside(target) as aside:
        for bundled in order.contents:
            copy_folder(bundled, aside / bundled.adapter.id)
        adapters = [
            Loadable(b.adapter.id, b.adapter.id, b.adapter.recipe.rank, b.adapter.weight) for b in order.contents
        ]
        (aside / LOADING).write_text(render_folders(order.base_name, adapters), encoding="utf-8")


def _write_combined(target: Path, order: Order) -> None:
    weights = order.combined()
    with made_aside(target) as aside:
        write_folder(weights, aside, base=order.base)
        text = render_folders(order.base_name, [Loadable("combined", ".", weights.rank)])
        (aside / LOADING).write_text(text, encoding="utf-8")


def _write_merged(target: Path, order: Order) -> None:
    adapters = [(read_weights(bundled), bundled.adapter.weight) for bundled in order.contents]
    write_merged(target, order.need_base(ExportForm.MERGED), adapters)


def _write_gguf(target: Path, order: Order) -> None:
    shape = read_shape(order.need_base(ExportForm.GGUF))
    with made_aside(target) as aside:
        aside.mkdir()
        adapters = []
        for bundled in order.contents:
            adapter, weights = bundled.adapter, read_weights(bundled)
            path = f"{adapter.id}.gguf"
            write_gguf(aside / path, weights, shape, name=clean_name(adapter.name) or adapter.id)
            adapters.append(Loadable(adapter.id, path, weights.rank, adapter.weight))
        (aside / LOADING).write_text(render_gguf(order.base_name, adapters), encoding="utf-8")


_WRITERS: dict[ExportForm, Callable[[Path, Order], None]] = {
    ExportForm.PEFT: _write_peft,
    ExportForm.COMBINED: _write_combined,
    ExportForm.MERGED: _write_merged,
    ExportForm.GGUF: _write_gguf,
}
