"""A stranger's safetensors file, read once from start to end: header, names, shapes, numbers and hash."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from typing import Annotated, BinaryIO, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, RootModel

from cocolora.sharing.layout import WEIGHTS, Limits, Refusal
from cocolora.sharing.lora_config import LoraConfig
from cocolora.sharing.strict_json import parse_json, parse_model

_CHUNK = 1 << 20
_LENGTH_BYTES = 8
_LARGEST_SIDE = 1 << 20
_TENSOR = re.compile(r"base_model\.model\.(?P<path>[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)\.lora_(?P<side>[AB])\.weight")
# For each type: bytes per number, and the bits that are all set in infinities and NaN.
_TYPES = {"F32": (4, 0x7F80_0000), "F16": (2, 0x7C00), "BF16": (2, 0x7F80)}


class TensorEntry(BaseModel):
    """A tensor in a safetensors header; ``data_offsets`` are bytes from the end of the header."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    dtype: Literal["F32", "F16", "BF16"]
    shape: Annotated[list[Annotated[int, Field(ge=1, le=_LARGEST_SIDE)]], Field(min_length=2, max_length=2)]
    data_offsets: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=2, max_length=2)]


class _Header(RootModel[dict[str, TensorEntry | dict[str, str]]]):
    pass


@dataclass(slots=True)
class _Reader:
    """Reads exactly what is asked for and hashes it."""

    file: BinaryIO
    digest: hashlib._Hash

    def take(self, size: int) -> bytes:
        content = self.file.read(size)
        if len(content) != size:
            raise Refusal(f"{WEIGHTS} is shorter than its header says")
        self.digest.update(content)
        return content


def check_weights(file: BinaryIO, *, size_bytes: int, config: LoraConfig, limits: Limits) -> str:
    """Check a file of ``size_bytes`` against its adapter's configuration and return its SHA-256. Raises Refusal."""
    reader = _Reader(file, hashlib.sha256())
    entries, data_bytes = _read_header(reader, size_bytes=size_bytes, limits=limits)
    _check_names(entries, config)
    ordered = sorted(entries.items(), key=lambda item: item[1].data_offsets)
    _check_offsets(ordered, data_bytes)
    for name, entry in ordered:
        _check_numbers(reader, name, entry)
    if file.read(1):
        raise Refusal(f"{WEIGHTS} is longer than its header says")
    return reader.digest.hexdigest()


def _read_header(reader: _Reader, *, size_bytes: int, limits: Limits) -> tuple[dict[str, TensorEntry], int]:
    length = int.from_bytes(reader.take(_LENGTH_BYTES), "little")
    if not 2 <= length <= min(limits.header_bytes, size_bytes - _LENGTH_BYTES):
        raise Refusal(f"{WEIGHTS} claims a header of {length} bytes")
    content = reader.take(length).rstrip(b" ")
    values = parse_json(content, name=f"the header of {WEIGHTS}", depth=3)
    if not isinstance(values, dict) or len(values) > limits.tensors + 1:
        raise Refusal(f"the header of {WEIGHTS} is no list of at most {limits.tensors} tensors")
    found = parse_model(_Header, content, name=f"the header of {WEIGHTS}", depth=3).root
    if found.pop("__metadata__", {"format": "pt"}) != {"format": "pt"}:
        raise Refusal(f"the header of {WEIGHTS} carries metadata")
    entries = {name: entry for name, entry in found.items() if isinstance(entry, TensorEntry)}
    if not entries or len(entries) != len(found):
        raise Refusal(f"the header of {WEIGHTS} does not describe tensors")
    return entries, size_bytes - _LENGTH_BYTES - length


def _check_names(entries: dict[str, TensorEntry], config: LoraConfig) -> None:
    sides: dict[str, set[str]] = {}
    for name, entry in entries.items():
        match = _TENSOR.fullmatch(name) if len(name) <= 300 else None
        if not match or not config.covers(match["path"]):
            raise Refusal(f"{name[:120]!a} is no LoRA weight of a target module")
        if entry.shape[0 if match["side"] == "A" else 1] != config.r:
            raise Refusal(f"{name[:120]!a} has the shape {entry.shape}, which does not fit rank {config.r}")
        sides.setdefault(match["path"], set()).add(match["side"])
    lone = sorted(path for path, found in sides.items() if len(found) != 2)
    if lone:
        raise Refusal(f"{lone[0][:120]!a} has only one of its two weights")


def _check_offsets(ordered: list[tuple[str, TensorEntry]], data_bytes: int) -> None:
    position = 0
    for name, entry in ordered:
        begin, end = entry.data_offsets
        if begin != position or end - begin != math.prod(entry.shape) * _TYPES[entry.dtype][0]:
            raise Refusal(f"{name[:120]!a} does not lie where its size and the tensors before it say")
        position = end
    if position != data_bytes:
        raise Refusal(f"{WEIGHTS} holds {data_bytes} bytes of numbers, its header describes {position}")


def _check_numbers(reader: _Reader, name: str, entry: TensorEntry) -> None:
    size, mask = _TYPES[entry.dtype]
    kind = np.dtype(f"<u{size}")
    left = entry.data_offsets[1] - entry.data_offsets[0]
    while left:
        bits = np.frombuffer(reader.take(min(left, _CHUNK)), dtype=kind)
        if bool(((bits & kind.type(mask)) == mask).any()):
            raise Refusal(f"{name[:120]!a} holds numbers that are not finite")
        left -= bits.nbytes
