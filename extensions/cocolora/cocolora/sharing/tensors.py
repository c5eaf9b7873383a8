"""Safetensors files of one's own, read lazily, and their numbers in float32 and back."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
_PLAIN: dict[str, np.dtype[Any]] = {"F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2")}


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor in a file: its type in safetensors' words, its shape, and its bytes, which are not read yet."""

    dtype: str
    shape: tuple[int, ...]
    raw: Array

    @property
    def is_float(self) -> bool:
        """Whether its numbers are plain floating point."""
        return self.dtype in _BYTES

    def size_in(self, dtype: str) -> int:
        """Return the bytes of its numbers in another type; what is no floating point keeps its size."""
        return math.prod(self.shape) * _BYTES[dtype] if self.is_float else self.raw.nbytes

    def numbers(self) -> Array:
        """Return the numbers in float32, in the tensor's shape."""
        if self.dtype == "BF16":
            bits = self.raw.view(np.dtype("<u2")).astype(np.uint32) << 16
            return bits.view(np.float32).reshape(self.shape)
        numbers: Array = self.raw.view(_PLAIN[self.dtype]).astype(np.float32).reshape(self.shape)
        return numbers


def open_tensors(path: Path) -> dict[str, StoredTensor]:
    """Return a file's tensors by name, mapped into memory. Raises ValueError when it is no safetensors file."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > path.stat().st_size:
            raise ValueError(f"{path.name} is no safetensors file")
        header = json.loads(file.read(length))
    content = np.memmap(path, mode="r", offset=8 + length, dtype=np.uint8)
    return {
        name: StoredTensor(entry["dtype"], tuple(entry["shape"]), content[slice(*entry["data_offsets"])])
        for name, entry in header.items()
        if name != "__metadata__"
    }


def stored(numbers: Array, dtype: str) -> StoredTensor:
    """Return float32 numbers in another type, rounded to the nearest, ties to even.

    Raises OverflowError when a number is too large for the type.
    """
    numbers = np.ascontiguousarray(numbers, dtype=np.float32)
    if dtype == "BF16":
        bits = numbers.view(np.uint32)
        raw = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.dtype("<u2"))
        finite = bool(((raw & 0x7F80) != 0x7F80).all())
    else:
        with np.errstate(over="ignore"):
            raw = numbers.astype(_PLAIN[dtype])
        finite = bool(np.isfinite(raw).all())
    if not finite:
        raise OverflowError(f"a number is too large for {dtype}")
    return StoredTensor(dtype, numbers.shape, raw.reshape(-1).view(np.uint8))


@dataclass(frozen=True, slots=True)
class PlannedTensor:
    """A tensor to write: its bytes are made when their turn comes, so that one at a time is in memory."""

    dtype: str
    shape: tuple[int, ...]
    size_bytes: int
    make: Callable[[], StoredTensor]


def planned(tensor: StoredTensor) -> PlannedTensor:
    """Plan to write a tensor as it is."""
    return PlannedTensor(tensor.dtype, tensor.shape, tensor.raw.nbytes, lambda: tensor)


def planned_as(dtype: str, shape: tuple[int, ...], make: Callable[[], Array]) -> PlannedTensor:
    """Plan to write float32 numbers in another type."""
    return PlannedTensor(dtype, shape, math.prod(shape) * _BYTES[dtype], lambda: stored(make(), dtype))


def _nothing() -> None: ...


def write_tensors(
    path: Path, tensors: Mapping[str, PlannedTensor], *, before_each: Callable[[], None] = _nothing
) -> None:
    """Write a safetensors file: the same bytes for the same tensors, wide types first, as others write it."""
    ordered = sorted(tensors.items(), key=lambda item: (-_BYTES.get(item[1].dtype, 0), item[0]))
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    position = 0
    for name, tensor in ordered:
        end = position + tensor.size_bytes
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, tensor in ordered:
            before_each()
            file.write(tensor.make().raw.tobytes())
