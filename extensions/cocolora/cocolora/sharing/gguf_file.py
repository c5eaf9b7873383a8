"""An adapter as llama.cpp and Ollama load it: one GGUF file of the kind adapter/lora."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cocolora.errors import CannotExport
from cocolora.sharing.deltas import AdapterWeights
from cocolora.sharing.tensors import Array

# The architectures whose linear layers llama.cpp keeps as they are, but for q and k of the first two, which it
# orders by rotated halves: https://github.com/ggml-org/llama.cpp, conversion/llama.py and conversion/qwen.py.
_ARCHITECTURES = {"llama": "llama", "mistral": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}
_ELSEWHERE = "Export with `--form peft` and convert it with llama.cpp's convert_lora_to_gguf.py."
_PERMUTED = ("llama", "mistral")
_HEADS = re.compile(r"\.self_attn\.(?P<side>[qk])_proj$")


@dataclass(frozen=True, slots=True)
class BaseShape:
    """What of a base's configuration decides how its adapters are written."""

    model_type: str
    layers: int
    heads: int
    key_heads: int

    def heads_of(self, path: str) -> int:
        """Return the heads whose halves a layer's outputs are ordered by; 0 where they stay as they are."""
        match = _HEADS.search(path) if self.model_type in _PERMUTED else None
        return 0 if match is None else (self.heads if match["side"] == "q" else self.key_heads)


def read_shape(base: Path) -> BaseShape:
    """Read the shape of the base in a folder. Raises CannotExport for one that is not known here."""
    try:
        values: dict[str, Any] = json.loads((base / "config.json").read_text(encoding="utf-8"))
        heads = int(values["num_attention_heads"])
        keys = int(values.get("num_key_value_heads") or heads)
        shape = BaseShape(str(values.get("model_type")), int(values["num_hidden_layers"]), heads, keys)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CannotExport("gguf", f"the configuration of {base} cannot be read ({error!r})", _ELSEWHERE) from None
    if shape.model_type not in _ARCHITECTURES:
        known = ", ".join(_ARCHITECTURES)
        raise CannotExport(
            "gguf", f'"{shape.model_type}" is none of the architectures known here ({known})', _ELSEWHERE
        )
    return shape


def write_gguf(path: Path, adapter: AdapterWeights, shape: BaseShape, *, name: str) -> None:
    """Write one adapter, in float32. Raises CannotExport for a layer that llama.cpp has no name for."""
    import gguf

    architecture = _ARCHITECTURES[shape.model_type]
    find = _namer(architecture, shape.layers)
    tensors = {
        find(layer): (pair.a, _reordered(pair.b, shape.heads_of(layer))) for layer, pair in adapter.layers.items()
    }
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_name(name)
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, adapter.scale * adapter.rank)
    for tensor, (a, b) in tensors.items():
        writer.add_tensor(f"{tensor}.lora_a", np.ascontiguousarray(a))
        writer.add_tensor(f"{tensor}.lora_b", np.ascontiguousarray(b))
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _namer(architecture: str, layers: int) -> Callable[[str], str]:
    import gguf

    number = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture)
    names = gguf.get_tensor_name_map(number, layers)
    return partial(_name, names.get_name)


def _name(get_name: Callable[..., str | None], layer: str) -> str:
    found = get_name(f"{layer}.weight", try_suffixes=(".weight",))
    if found is None:
        raise CannotExport("gguf", f"llama.cpp has no name for the layer {layer}", _ELSEWHERE)
    return found


def _reordered(b: Array, heads: int) -> Array:
    """Return B with the two halves of each head's outputs interleaved, as llama.cpp rotates them."""
    if not heads:
        return b
    return b.reshape(heads, 2, b.shape[0] // heads // 2, b.shape[1]).swapaxes(1, 2).reshape(b.shape)
