"""What adapters do to a base, in numbers: read from PEFT folders, joined into one adapter, summed into weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cocolora.sharing.bundled import BundledAdapter, check_outgoing
from cocolora.sharing.layout import WEIGHTS
from cocolora.sharing.tensors import Array, open_tensors

PREFIX = "base_model.model."


@dataclass(frozen=True, slots=True)
class LowRank:
    """One layer's part of an adapter: ``a`` is (rank, inputs), ``b`` is (outputs, rank), both float32."""

    a: Array
    b: Array


@dataclass(frozen=True, slots=True)
class AdapterWeights:
    """An adapter's numbers. ``layers`` maps module paths in the base to weights; the change is ``scale * b @ a``."""

    rank: int
    scale: float
    layers: Mapping[str, LowRank]
    targets: tuple[str, ...]

    def delta(self, path: str) -> Array:
        """Return the change of one layer's weights, (outputs, inputs) in float32."""
        pair = self.layers[path]
        return np.float32(self.scale) * (pair.b @ pair.a)


def read_weights(bundled: BundledAdapter) -> AdapterWeights:
    """Read an adapter of one's own. Raises AdapterMissing, AdapterDamaged."""
    config, _ = check_outgoing(bundled)
    sides: dict[str, dict[str, Array]] = {}
    for name, tensor in open_tensors(bundled.folder / WEIGHTS).items():
        path, _, side = name.removeprefix(PREFIX).removesuffix(".weight").rpartition(".")
        sides.setdefault(path, {})[side] = tensor.numbers()
    layers = {path: LowRank(found["lora_A"], found["lora_B"]) for path, found in sides.items()}
    scale = config.lora_alpha / (config.r**0.5 if config.use_rslora else config.r)
    return AdapterWeights(config.r, scale, layers, tuple(config.target_modules))


def combine(parts: Sequence[tuple[AdapterWeights, float]]) -> AdapterWeights:
    """Return one adapter whose change is the weighted sum of the others': their A stacked, their scaled B side by side.

    The rank is the largest sum of ranks on any layer. A layer that fewer adapters change is filled up with zeros,
    so that rank and alpha are the same everywhere, as every program that reads PEFT's files expects. Exact but for
    the rounding of one multiplication per number. ``parts`` pairs adapters with their weights; none is ValueError.
    """
    paths = list(dict.fromkeys(path for adapter, _ in parts for path in adapter.layers))
    if not paths:
        raise ValueError("there is nothing to combine")
    joined = {path: _join(path, parts) for path in paths}
    rank = max(pair.a.shape[0] for pair in joined.values())
    targets = tuple(sorted({target for adapter, _ in parts for target in adapter.targets}))
    return AdapterWeights(rank, 1.0, {path: _filled(pair, rank) for path, pair in joined.items()}, targets)


def truncate(adapter: AdapterWeights, rank: int) -> AdapterWeights:
    """Return the adapter of a rank nearest to another, layer by layer in the Frobenius norm; scale is kept at 1.

    The change of a layer is factored through its two thin sides and never made whole: with ``b = q r`` and
    ``a.T = p s`` its singular values are those of the small ``r s.T``. Each side takes the root of the values.
    """
    layers = {path: _truncated(pair, adapter.scale, rank) for path, pair in adapter.layers.items()}
    return AdapterWeights(rank, 1.0, {path: _filled(pair, rank) for path, pair in layers.items()}, adapter.targets)


def _truncated(pair: LowRank, scale: float, rank: int) -> LowRank:
    q, r = np.linalg.qr(pair.b.astype(np.float64) * scale)
    p, s = np.linalg.qr(pair.a.T.astype(np.float64))
    left, values, right = np.linalg.svd(r @ s.T)
    kept = min(rank, len(values))
    roots = np.sqrt(values[:kept])
    b = (q @ left[:, :kept]) * roots
    a = (right[:kept] * roots[:, None]) @ p.T
    return LowRank(a.astype(np.float32), b.astype(np.float32))


def _join(path: str, parts: Iterable[tuple[AdapterWeights, float]]) -> LowRank:
    there = [(adapter, weight) for adapter, weight in parts if path in adapter.layers]
    a = np.concatenate([adapter.layers[path].a for adapter, _ in there])
    b = [adapter.layers[path].b * np.float32(adapter.scale * weight) for adapter, weight in there]
    return LowRank(a, np.concatenate(b, axis=1))


def _filled(pair: LowRank, rank: int) -> LowRank:
    missing = rank - pair.a.shape[0]
    return LowRank(np.pad(pair.a, ((0, missing), (0, 0))), np.pad(pair.b, ((0, 0), (0, missing))))
