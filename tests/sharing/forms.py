"""A tiny base on disk and random adapters of mixed ranks, alphas and targets that change it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.numpy import load_file

from cocolora.core.adapters import BaseIdentity
from cocolora.core.export import Number
from cocolora.core.ids import derive_id
from cocolora.sharing import BundledAdapter, Order
from tests.model.tiny import make_network
from tests.sharing.bundles import make_adapter

EVERYWHERE = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
BASE = BaseIdentity("tiny-base", "feedc0de" * 4)


def make_lora(folder: Path, index: int, *, rank: int = 4, alpha: float = 8, targets=EVERYWHERE, weight: float = 1.0):
    """Write a random adapter of the tiny network with PEFT itself; return it with its entry in the catalogue."""
    bundled = make_adapter(folder / f"adapter{index}", index, weight=weight, base=BASE)
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=list(targets), task_type="CAUSAL_LM")
    network = get_peft_model(make_network(), config)
    generator = torch.Generator().manual_seed(index)
    for name, parameter in network.named_parameters():
        if "lora_" in name:
            parameter.data = 0.05 * torch.randn(parameter.shape, generator=generator)
    network.save_pretrained(bundled.folder, save_embedding_layers=False)
    (bundled.folder / "README.md").unlink()
    digest = hashlib.sha256((bundled.folder / "adapter_model.safetensors").read_bytes()).hexdigest()
    recipe = replace(bundled.adapter.recipe, rank=rank, alpha=alpha)
    entry = replace(bundled.adapter, id=derive_id("adapter", index), sha256=digest, recipe=recipe)
    return BundledAdapter(entry, bundled.folder)


def dense(bundled: BundledAdapter, *, alpha: float) -> dict[str, torch.Tensor]:
    """Return the change that an adapter makes to each layer, in float64, weighted: the plain formula."""
    tensors = load_file(bundled.folder / "adapter_model.safetensors")
    changes = {}
    for name, a in tensors.items():
        if name.endswith(".lora_A.weight"):
            b = tensors[name.replace("lora_A", "lora_B")]
            path = name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
            product = torch.from_numpy(b).double() @ torch.from_numpy(a).double()
            changes[path] = bundled.adapter.weight * alpha / a.shape[0] * product
    return changes


def order(*contents: BundledAdapter, base_folder: Path | None = None, number: Number | None = None) -> Order:
    return Order(contents, BASE, base_folder, number)
