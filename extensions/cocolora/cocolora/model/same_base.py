"""Whether the files in a folder are those of the loaded base, weight by weight: other models have the same shapes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from cocolora.model.fingerprint import base_tensors, sampled_bytes


def holds_base(folder: Path, network: torch.nn.Module) -> bool | None:
    """Say whether the files hold the network's weights; None where that cannot be told.

    It cannot for a quantised network, whose weights are in no 16-bit file, and for files that are not there or name
    their weights otherwise. What is compared are the samples that the fingerprint is made of, each rounded to the
    type that the network was loaded in.
    """
    tensors = dict(base_tensors(network))
    if not all(tensor.is_floating_point() for tensor in tensors.values()):
        return None
    try:
        same = [found for path in _weight_files(folder) for found in _compared(path, tensors)]
    except (OSError, ValueError, KeyError, SafetensorError):
        return None
    return all(same) if same else None


def _weight_files(folder: Path) -> list[Path]:
    whole = folder / "model.safetensors"
    if whole.is_file():
        return [whole]
    index = json.loads((folder / "model.safetensors.index.json").read_text(encoding="utf-8"))
    return sorted({folder / Path(name).name for name in index["weight_map"].values()})


def _compared(path: Path, tensors: Mapping[str, torch.Tensor]) -> list[bool]:
    """Say of each weight in a file that the network has whether it is the same."""
    with safe_open(path, framework="pt") as file:
        return [_is_same(file.get_tensor(name), tensors[name]) for name in file.keys() if name in tensors]  # noqa: SIM118 - a safe_open is no dict


def _is_same(stored: torch.Tensor, loaded: torch.Tensor) -> bool:
    if stored.shape != loaded.shape or not stored.is_floating_point():
        return False
    return sampled_bytes(stored, rounded_to=loaded.dtype) == sampled_bytes(loaded)
