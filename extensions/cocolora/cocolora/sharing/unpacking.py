"""A checked bundle's adapters become folders: all of them or none, and only the bytes that were checked."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cocolora.core.events import Step, go_on
from cocolora.errors import BundleRefused
from cocolora.sharing.layout import QUESTIONS, WEIGHTS, Refusal, adapter_file
from cocolora.sharing.reading import BROKEN, CheckedAdapter, CheckedBundle
from cocolora.sharing.sources import CountedSource, Source, open_source

_CHUNK = 1 << 20
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The ids of the adapters that were copied, and of those that were there already."""

    added: tuple[str, ...] = ()
    present: tuple[str, ...] = ()


def unpack(checked: CheckedBundle, adapters_folder: Path, *, step: Step = go_on) -> Unpacked:
    """Copy a bundle's adapters into folders named by their ids, each with the manifest that the stack reads.

    An adapter that is there with the same weights is left as it is. ``step`` is told before each file. Raises
    BundleRefused when one is there with other weights, or when the bundle changed since it was checked; OSError when
    the disk is full; and what ``step`` raises. Nothing is left behind then.
    """
    present = tuple(a.adapter.id for a in checked.adapters if _is_present(a, adapters_folder, checked.source))
    new = [a for a in checked.adapters if a.adapter.id not in present]
    asides = [adapters_folder / f".{a.adapter.id}.part" for a in new]
    try:
        _copy_all(checked, new, asides, step)
        _show(new, asides, adapters_folder)
    except BROKEN as error:
        raise BundleRefused(checked.source, str(error)) from None
    finally:
        for aside in asides:
            shutil.rmtree(aside, ignore_errors=True)
    return Unpacked(tuple(a.adapter.id for a in new), present)


def _is_present(checked: CheckedAdapter, adapters_folder: Path, source: Path) -> bool:
    folder = adapters_folder / checked.adapter.id
    if not os.path.lexists(folder):
        return False
    try:
        with (folder / WEIGHTS).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        found = ""
    if found != checked.adapter.sha256:
        raise BundleRefused(source, f"adapter {checked.adapter.id} is here already with other weights; delete it first")
    return True


def _copy_all(checked: CheckedBundle, new: Sequence[CheckedAdapter], asides: Sequence[Path], step: Step) -> None:
    if not new:
        return
    files = sum(len(_copied(adapter)) for adapter in new)
    with open_source(checked.source, checked.limits) as opened:
        source = CountedSource(opened, files, step)
        for adapter, aside in zip(new, asides, strict=True):
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir(mode=0o700, parents=True)
            _copy(source, adapter, aside)


def _copy(source: Source, checked: CheckedAdapter, aside: Path) -> None:
    for name, expected in _copied(checked):
        _copy_file(source, adapter_file(checked.adapter.id, name), aside / name, expected=expected)
    manifest = json.dumps(_manifest(checked), indent=2, ensure_ascii=False) + "\n"
    (aside / _MANIFEST).write_text(manifest, encoding="utf-8")


def _copied(checked: CheckedAdapter) -> list[tuple[str, str]]:
    return [(name, expected) for name, expected in checked.hashes if name != QUESTIONS]


def _copy_file(source: Source, name: str, target: Path, *, expected: str) -> None:
    digest = hashlib.sha256()
    if name not in source.sizes:
        raise Refusal(f"{name} went while it was imported")
    left = source.sizes[name]
    with source.open(name) as file, target.open("xb") as copy:
        while left > 0 and (chunk := file.read(min(left, _CHUNK))):
            digest.update(chunk)
            copy.write(chunk)
            left -= len(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    if digest.hexdigest() != expected:
        raise Refusal(f"{name} changed while it was imported")


def _manifest(checked: CheckedAdapter) -> dict[str, object]:
    """Return the manifest that lies beside an adapter's weights."""
    adapter = checked.adapter
    return {
        "format": 1,
        "adapter_id": adapter.id,
        "name": adapter.name,
        "kind": adapter.kind.value,
        "base": asdict(adapter.base),
        "recipe": asdict(adapter.recipe),
        "sha256": adapter.sha256,
        "turns": checked.turns,
        "made_at": adapter.made_at.isoformat(),
        "scores": asdict(adapter.scores) if adapter.scores else None,
    }


def _show(new: Sequence[CheckedAdapter], asides: Sequence[Path], adapters_folder: Path) -> None:
    shown: list[Path] = []
    try:
        for adapter, aside in zip(new, asides, strict=True):
            folder = adapters_folder / adapter.adapter.id
            aside.rename(folder)
            shown.append(folder)
    except OSError:
        for folder in shown:
            shutil.rmtree(folder, ignore_errors=True)
        raise
