"""Verification: every hash and reference from turn to lesson to adapter file is derived again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from cocolora.core.adapters import Adapter
from cocolora.core.records import Fault
from cocolora.engine.rooms import Rooms


def verify(rooms: Rooms) -> list[Fault]:
    """Name every fault in the journal, the adapter files and the index; an empty list is a clean bill."""
    adapters = rooms.journal.adapters()
    faults = list(rooms.journal.verify())
    for adapter in adapters:
        faults += _check_files(rooms, adapter)
    return [*faults, *_check_orphans(rooms, adapters), *_check_index(rooms)]


def _check_files(rooms: Rooms, adapter: Adapter) -> list[Fault]:
    from cocolora.stack.files import check_files

    folder = rooms.home.adapter_folder(adapter.id)
    faults = [Fault("adapter file", adapter.id, detail) for detail in check_files(folder)]
    weights = folder / "adapter_model.safetensors"
    if not faults and hashlib.sha256(weights.read_bytes()).hexdigest() != adapter.sha256:
        faults.append(Fault("adapter file", adapter.id, "its weights are not those that the journal knows"))
    return faults or [Fault("adapter file", adapter.id, detail) for detail in _differences(adapter, folder)]


def _differences(adapter: Adapter, folder: Path) -> Iterator[str]:
    """Yield what an adapter's manifest says otherwise than the catalogue.

    The seed is left out: training draws its own from the adapter's id, and notes that one.
    """
    from cocolora.stack.manifest import read_manifest

    manifest = read_manifest(folder)
    noted = {"adapter_id": manifest.adapter_id, "base": manifest.base.fingerprint, **asdict(manifest.recipe)}
    known = {"adapter_id": adapter.id, "base": adapter.base.fingerprint, **asdict(adapter.recipe)}
    for name, value in known.items():
        if name != "seed" and noted[name] != value:
            yield f"its manifest.json says {name} {noted[name]}, the catalogue {value}"


def _check_orphans(rooms: Rooms, adapters: list[Adapter]) -> list[Fault]:
    known = {adapter.id for adapter in adapters}
    found = sorted(path.name for path in rooms.home.adapters_folder.iterdir())
    return [
        Fault("orphan", name, "no adapter of the catalogue owns this folder") for name in found if name not in known
    ]


def _check_index(rooms: Rooms) -> list[Fault]:
    turns = {turn.id for turn in rooms.journal.turns()} | {adapter.id for adapter in rooms.journal.adapters()}
    return [
        Fault("index", turn_id, "the index holds a turn that the journal does not")
        for turn_id in sorted(rooms.index.known_turns() - turns)
    ]
