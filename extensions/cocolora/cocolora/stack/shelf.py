"""The shelf: weights of attached adapters, in memory within a budget; those beyond it are read again when needed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from cocolora.stack.files import AdapterFiles, Stamp, read_adapter, read_again, stamp


@dataclass(frozen=True, slots=True)
class Held:
    """An adapter's weights in one tensor, float32: each layer's A, then each layer's B.

    ``a_numbers`` is how many numbers all A together have; ``layers`` gives rank, inputs and outputs by path, in the
    order in which they lie. One tensor moves to a device in one go.
    """

    flat: torch.Tensor
    a_numbers: int
    layers: Mapping[str, tuple[int, int, int]]
    scale: float

    @property
    def size_bytes(self) -> int:
        """What it takes in memory."""
        return self.flat.numel() * self.flat.element_size()


@dataclass(slots=True)
class _Place:
    folder: Path
    stamp: Stamp
    held: Held | None


class Shelf:
    """Keeps the most recently used adapters within ``memory_bytes``, on a GPU's machine in page-locked memory."""

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._places: OrderedDict[str, _Place] = OrderedDict()

    def __contains__(self, adapter_id: str) -> bool:
        return adapter_id in self._places

    @property
    def ids(self) -> tuple[str, ...]:
        """The adapters on the shelf, in memory or not."""
        return tuple(self._places)

    @property
    def size_bytes(self) -> int:
        """What is in memory."""
        return sum(place.held.size_bytes for place in self._places.values() if place.held)

    def put(self, adapter_id: str, folder: Path, adapter: AdapterFiles) -> None:
        """Take an adapter that was read and checked."""
        self._places[adapter_id] = _Place(folder, stamp(folder), _hold(adapter))
        self._make_room(keep=())

    def take(self, adapter_ids: Iterable[str]) -> list[Held]:
        """Return the weights of adapters on the shelf, and move them to its front.

        One that is not in memory is read again, and checked again where its file has changed since. Raises
        AdapterMissing and AdapterDamaged.
        """
        wanted = list(adapter_ids)
        taken = []
        for adapter_id in wanted:
            place = self._places[adapter_id]
            if place.held is None:
                place.held = self._read_again(adapter_id, place)
            self._places.move_to_end(adapter_id)
            taken.append(place.held)
        self._make_room(keep=wanted)
        return taken

    def drop(self, adapter_id: str) -> None:
        """Let go of an adapter."""
        del self._places[adapter_id]

    @staticmethod
    def _read_again(adapter_id: str, place: _Place) -> Held:
        if stamp(place.folder) == place.stamp:
            return _hold(read_again(place.folder, adapter_id=adapter_id))
        held = _hold(read_adapter(place.folder, adapter_id=adapter_id))
        place.stamp = stamp(place.folder)
        return held

    def _make_room(self, *, keep: Iterable[str]) -> None:
        kept, size_bytes = set(keep), self.size_bytes
        for adapter_id, place in self._places.items():
            if size_bytes <= self._memory_bytes:
                return
            if place.held and adapter_id not in kept:
                size_bytes -= place.held.size_bytes
                place.held = None


@torch.inference_mode(False)
def _hold(adapter: AdapterFiles) -> Held:
    pairs = adapter.layers.values()
    flat = torch.cat([*(pair.a.reshape(-1) for pair in pairs), *(pair.b.reshape(-1) for pair in pairs)])
    if torch.cuda.is_available():
        flat = flat.pin_memory()
    layers = {path: (adapter.rank, pair.a.shape[1], pair.b.shape[0]) for path, pair in adapter.layers.items()}
    return Held(flat, sum(pair.a.numel() for pair in pairs), layers, adapter.alpha / adapter.rank)
