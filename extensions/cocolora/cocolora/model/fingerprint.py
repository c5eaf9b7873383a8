"""A base model's fingerprint: over its architecture and samples of its weights, whatever adapters it carries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

import torch

SAMPLE_BYTES = 64 * 1024
_ARCHITECTURE = (
    "model_type",
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "hidden_act",
    "rms_norm_eps",
    "tie_word_embeddings",
)
# How a base was quantised: the same bits with other block scales are another network.
_QUANTISATION = (
    "quant_method",
    "bnb_4bit_quant_type",
    "bnb_4bit_use_double_quant",
    "llm_int8_threshold",
    "bits",
    "group_size",
    "sym",
)
# GPTQ keeps its weights in buffers; every other buffer is derived or a cache.
_PACKED = ("qweight", "qzeros", "scales")
_known: WeakKeyDictionary[torch.nn.Module, str] = WeakKeyDictionary()


def fingerprint(network: torch.nn.Module) -> str:
    """Return 64 hexadecimal digits; computed once for each network object."""
    if network not in _known:
        _known[network] = _compute(network)
    return _known[network]


def _compute(network: Any) -> str:
    digest = hashlib.sha256()
    config = network.config.to_dict() if hasattr(network, "config") else {}
    digest.update(json.dumps({key: config.get(key) for key in _ARCHITECTURE}, sort_keys=True, default=str).encode())
    if quantisation := config.get("quantization_config"):
        digest.update(json.dumps({key: quantisation.get(key) for key in _QUANTISATION}, default=str).encode())
    for name, tensor in sorted(base_tensors(network)):
        digest.update(f"\n{name} {tuple(tensor.shape)} {_kind(tensor)} ".encode())
        digest.update(sampled_bytes(tensor))
    return digest.hexdigest()


def base_tensors(network: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the base's own tensors, under the names they have without adapters."""
    packed = ((name, buffer) for name, buffer in network.named_buffers() if name.rpartition(".")[2] in _PACKED)
    for name, tensor in [*network.named_parameters(), *packed]:
        if ".lora_" not in name:
            yield name.removeprefix("base_model.model.").replace(".base_layer.", "."), tensor


def _kind(tensor: torch.Tensor) -> str:
    """Name the kind of numbers: a base in bfloat16 is the same base after it was loaded in float32."""
    return "float" if tensor.is_floating_point() else str(tensor.dtype).removeprefix("torch.")


@torch.no_grad()
def sampled_bytes(tensor: torch.Tensor, *, rounded_to: torch.dtype | None = None) -> bytes:
    """Return at most ``SAMPLE_BYTES`` of a tensor, taken at even distances; floats as bfloat16.

    ``rounded_to`` is a type that they are rounded to before, as loading in that type does.
    """
    flat = tensor.detach().reshape(-1)
    size_bytes = 2 if flat.is_floating_point() else flat.element_size()
    most = SAMPLE_BYTES // size_bytes
    sample = flat[:: max(1, -(-flat.numel() // most))]
    if sample.is_floating_point():
        sample = sample.to(rounded_to or sample.dtype).to(torch.bfloat16)
    return bytes(sample.contiguous().cpu().view(torch.uint8).numpy().tobytes())
