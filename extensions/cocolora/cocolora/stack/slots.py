"""One slot for each linear layer, by a forward hook: what stands in it is added to the layer's output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch.nn.functional import linear
from torch.utils.hooks import RemovableHandle


@dataclass(frozen=True, slots=True)
class Delta:
    """A low-rank change to one layer's output: ``scale * b @ a @ x``.

    ``a`` is (rank, inputs), ``b`` is (outputs, rank), both float32 and on the layer's device.
    """

    a: torch.Tensor
    b: torch.Tensor
    scale: float = 1.0

    def change(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the change in float32, whatever the inputs are in: small deltas drown in bfloat16."""
        inner = linear(inputs.to(device=self.a.device, dtype=self.a.dtype), self.a)
        return linear(inner if self.scale == 1.0 else inner * self.scale, self.b)


class _Slot:
    """What is in force on one layer; registered as its forward hook."""

    def __init__(self) -> None:
        self.deltas: tuple[Delta, ...] = ()

    def __call__(self, _layer: torch.nn.Module, inputs: tuple[Any, ...], output: torch.Tensor) -> torch.Tensor:
        changed = output
        for delta in self.deltas:
            changed = changed + delta.change(inputs[0])
        return changed.to(output.dtype)


class Slots:
    """The slots of a network. A layer whose slot is empty has no hook: it costs nothing and is the host's own.

    Modules, parameters and names of the network stay as they are, and so does what kind of layer each is: nothing
    here knows of quantisation.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        self._network = network
        self._layers: dict[str, torch.nn.Module] = {}
        self._filled: dict[str, tuple[_Slot, RemovableHandle]] = {}

    def device(self, path: str) -> torch.device:
        """Return where a layer's weights are."""
        return next(_tensors(self._layer(path))).device

    def fill(self, deltas: Mapping[str, Sequence[Delta]]) -> None:
        """Put exactly these changes in force; layers that are not named get none."""
        for path in [path for path in self._filled if not deltas.get(path)]:
            self._filled.pop(path)[1].remove()
        for path, several in deltas.items():
            if several:
                self._slot(path).deltas = tuple(several)

    @property
    def content(self) -> dict[str, tuple[Delta, ...]]:
        """The changes in force, as ``fill`` takes them."""
        return {path: slot.deltas for path, (slot, _) in self._filled.items()}

    def let_go(self) -> None:
        """Empty every slot and keep no reference to the network; these slots cannot be used afterwards."""
        self.fill({})
        self._layers.clear()
        self._network = torch.nn.Module()

    def _slot(self, path: str) -> _Slot:
        if path not in self._filled:
            slot = _Slot()
            self._filled[path] = slot, self._layer(path).register_forward_hook(slot)
        return self._filled[path][0]

    def _layer(self, path: str) -> torch.nn.Module:
        if path not in self._layers:
            self._layers[path] = self._network.get_submodule(path)
        return self._layers[path]


def _tensors(layer: torch.nn.Module) -> Iterator[torch.Tensor]:
    return chain(layer.parameters(), layer.buffers())
