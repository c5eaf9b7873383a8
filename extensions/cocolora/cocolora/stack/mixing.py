"""Making one adapter of those that are active: one pass of two small matrices a layer, however many they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

from cocolora.stack.shelf import Held
from cocolora.stack.slots import Delta


@torch.inference_mode(False)
@torch.no_grad()
def mix(active: Sequence[tuple[Held, float]], *, device: Callable[[str], torch.device]) -> dict[str, Delta]:
    """Return the weighted sum of adapters, ``sum of weight * alpha / r * b @ a``, as one delta for each layer.

    Exact: A stacked over A and B beside B is the sum of the products, so ranks and layers may differ. ``device``
    tells where a layer is. The weights are multiplied into A, which is (sum of ranks, inputs); B is (outputs, sum
    of ranks). Weight zero is as good as absent.
    """
    parts: dict[str, list[_Placed]] = {}
    for held, weight in active:
        if weight:
            placed = _Placed(held, weight * held.scale)
            for path in held.layers:
                parts.setdefault(path, []).append(placed)
    return {path: _join(several, path, device(path)) for path, several in parts.items()}


def _join(several: Sequence[_Placed], path: str, device: torch.device) -> Delta:
    deltas = [placed.delta(path, device) for placed in several]
    if len(deltas) == 1:
        return deltas[0]
    return Delta(torch.cat([delta.a for delta in deltas]), torch.cat([delta.b for delta in deltas], dim=1))


@dataclass(slots=True)
class _Placed:
    """An adapter's weights on the devices where its layers are, scaled."""

    held: Held
    scale: float
    _copies: dict[torch.device, tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]] = field(default_factory=dict)

    def delta(self, path: str, device: torch.device) -> Delta:
        if device not in self._copies:
            self._copies[device] = self._copy(device)
        a, b = self._copies[device]
        return Delta(a[path], b[path])

    def _copy(self, device: torch.device) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """Move all in one go; on a CPU nothing is copied but A, which is scaled."""
        flat, layers = self.held.flat.to(device, non_blocking=True), self.held.layers
        all_a, all_b = flat[: self.held.a_numbers], flat[self.held.a_numbers :]
        all_a = all_a if self.scale == 1.0 else all_a * self.scale
        a = all_a.split([rank * inputs for rank, inputs, _ in layers.values()])
        b = all_b.split([rank * outputs for rank, _, outputs in layers.values()])
        return (
            {path: part.view(layers[path][0], -1) for path, part in zip(layers, a, strict=True)},
            {path: part.view(-1, layers[path][0]) for path, part in zip(layers, b, strict=True)},
        )
