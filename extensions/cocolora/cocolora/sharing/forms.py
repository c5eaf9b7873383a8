"""Adapters out in the forms that other programs load: PEFT folders, one combined adapter, a merged base, GGUF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cocolora.core.adapters import BaseIdentity
from cocolora.core.events import Step, go_on
from cocolora.core.export import ExportForm, Number
from cocolora.errors import CannotExport, CocoloraError
from cocolora.sharing.aside import delete, made_aside, size_bytes, zip_folder
from cocolora.sharing.bundled import BundledAdapter
from cocolora.sharing.deltas import AdapterWeights, combine, read_weights
from cocolora.sharing.gguf_file import read_shape, write_gguf
from cocolora.sharing.loading import LOADING, Loadable, render_folders, render_gguf
from cocolora.sharing.manifest import clean_name, describe_base
from cocolora.sharing.merging import write_merged
from cocolora.sharing.peft_folder import copy_folder, write_folder


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written: adapters of one base, and the base's folder for the forms that read it.

    ``number`` is what a merged base is rounded to; without it that is as ``write_merged`` chooses.
    """

    contents: Sequence[BundledAdapter]
    base: BaseIdentity
    base_folder: Path | None
    number: Number | None = None

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


def write_form(form: ExportForm, target: Path, order: Order, *, step: Step = go_on) -> int:
    """Write the folder ``target``, or a zip file when it is called ``….zip``, and return its bytes.

    It is complete, or not there; ``step`` is told of each adapter, or of each tensor of a merged base.

    Raises FileExistsError, AdapterMissing, AdapterDamaged, CannotExport, CannotMerge, and CocoloraError without any
    adapter.
    """
    if not order.contents:
        raise CocoloraError("There is no adapter to export. `cocolora learn` makes one of what was said.")
    if target.suffix.lower() == ".zip":
        _write_zip(form, target, order, step)
    else:
        _WRITERS[form](target, order, step)
    return size_bytes(target)


def _write_zip(form: ExportForm, target: Path, order: Order, step: Step) -> None:
    folder = target.with_name(f".{target.name}.folder")
    with made_aside(target) as aside:
        delete(folder)
        try:
            _WRITERS[form](folder, order, step)
            zip_folder(folder, aside)
        finally:
            delete(folder)


def _write_peft(target: Path, order: Order, step: Step) -> None:
    with made_aside(target) as aside:
        for number, bundled in enumerate(order.contents):
            step(number, len(order.contents))
            copy_folder(bundled, aside / bundled.adapter.id)
        adapters = [
            Loadable(b.adapter.id, b.adapter.id, b.adapter.recipe.rank, b.adapter.weight) for b in order.contents
        ]
        (aside / LOADING).write_text(render_folders(order.base_name, adapters), encoding="utf-8")


def _write_combined(target: Path, order: Order, step: Step) -> None:
    step(0, 2)
    weights = order.combined()
    with made_aside(target) as aside:
        step(1, 2)
        write_folder(weights, aside, base=order.base)
        text = render_folders(order.base_name, [Loadable("combined", ".", weights.rank)])
        (aside / LOADING).write_text(text, encoding="utf-8")


def _write_merged(target: Path, order: Order, step: Step) -> None:
    adapters = [(read_weights(bundled), bundled.adapter.weight) for bundled in order.contents]
    write_merged(target, order.need_base(ExportForm.MERGED), adapters, number=order.number, step=step)


def _write_gguf(target: Path, order: Order, step: Step) -> None:
    shape = read_shape(order.need_base(ExportForm.GGUF))
    with made_aside(target) as aside:
        aside.mkdir()
        adapters = []
        for number, bundled in enumerate(order.contents):
            step(number, len(order.contents))
            adapter, weights = bundled.adapter, read_weights(bundled)
            path = f"{adapter.id}.gguf"
            write_gguf(aside / path, weights, shape, name=clean_name(adapter.name) or adapter.id)
            adapters.append(Loadable(adapter.id, path, weights.rank, adapter.weight))
        (aside / LOADING).write_text(render_gguf(order.base_name, adapters), encoding="utf-8")


_WRITERS: dict[ExportForm, Callable[[Path, Order, Step], None]] = {
    ExportForm.PEFT: _write_peft,
    ExportForm.COMBINED: _write_combined,
    ExportForm.MERGED: _write_merged,
    ExportForm.GGUF: _write_gguf,
}
