"""LoRA layers inside a live network, through PEFT, without PEFT's side effects on the rest of it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from peft import LoraConfig, PeftModel
from peft.tuners.lora import LoraLayer, LoraModel
from peft.tuners.lora.layer import dispatch_default
from peft.tuners.tuners_utils import BaseTunerLayer

from cocolora.core.ids import derive_seed

_TRACES = ("use_rslora", "use_dora", "lora_bias")


class _Injector(LoraModel):  # type: ignore[misc]
    """PEFT's wrapping of layers, for these paths alone.

    PEFT's own ``inject_adapter`` freezes the base, makes every active adapter trainable and compares each module
    with each adapter.
    """

    def inject_adapter(self, model: torch.nn.Module, adapter_name: str, **_: object) -> None:
        config = self.peft_config[adapter_name]
        for path in config.target_modules:
            parent, _dot, name = path.rpartition(".")
            arguments = (config, adapter_name, model.get_submodule(path), name, model.get_submodule(parent))
            self._create_and_replace(*arguments, current_key=path)

    @staticmethod
    def _create_new_module(lora_config: LoraConfig, adapter_name: str, target: torch.nn.Module, **keywords: Any) -> Any:
        """Wrap a plain layer without PEFT's look at every quantiser, which imports bitsandbytes for nothing."""
        if type(target) is torch.nn.Linear:
            return dispatch_default(target, adapter_name, lora_config=lora_config, **keywords)
        return LoraModel._create_new_module(lora_config, adapter_name, target, **keywords)


def target_paths(network: Any) -> list[str]:
    """Return the paths of all linear layers but the output head, in the network's order."""
    head = network.get_output_embeddings()
    return [path for path, module in _bare_modules(network) if module is not head and _is_linear(module)]


def _bare_modules(network: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Module]]:
    """Yield the network's modules as they are without adapters."""
    for path, module in network.named_modules():
        if ".lora_" not in path and not path.endswith(".base_layer"):
            yield path, module.get_base_layer() if isinstance(module, LoraLayer) else module


def _is_linear(module: torch.nn.Module) -> bool:
    return isinstance(module, torch.nn.Linear) or hasattr(module, "qweight")


def short_targets(network: Any, paths: Iterable[str]) -> list[str]:
    """Return PEFT's ``target_modules`` for paths: the last names where they say the same, else the paths."""
    wanted = set(paths)
    names = {path.rpartition(".")[2] for path in wanted}
    same = {path for path, _ in _bare_modules(network) if path.rpartition(".")[2] in names}
    return sorted(names if same == wanted else wanted)


def layer_shape(network: torch.nn.Module, path: str) -> tuple[int, int] | None:
    """Return (outputs, inputs) of a linear layer; None where there is none."""
    try:
        module = network.get_submodule(path)
    except AttributeError:
        return None
    module = module.get_base_layer() if isinstance(module, LoraLayer) else module
    return (module.out_features, module.in_features) if _is_linear(module) else None  # type: ignore[return-value]


def inject(network: Any, adapter_id: str, *, paths: Iterable[str], rank: int, alpha: float) -> dict[str, LoraLayer]:
    """Add an inactive, frozen adapter of zero effect, in float32; return its layers by path.

    The global random state, ``requires_grad`` of all else, and what is active stay as they are.
    """
    paths = list(paths)
    active = {path: list(layer.active_adapters) for path, layer in lora_layers(network)}
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=paths, init_lora_weights=False, inference_mode=True)
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Unsupported layer type", category=UserWarning)
        try:
            _Injector(network, config, adapter_id)
        finally:
            network.__dict__.pop("peft_config", None)
    layers = {path: network.get_submodule(path) for path in paths}
    for path, layer in layers.items():
        _settle(layer, adapter_id, active=active.get(path, []))
    return layers


def _settle(layer: Any, adapter_id: str, *, active: list[str]) -> None:
    layer._active_adapter = active
    layer.train(layer.get_base_layer().training)
    for part in (layer.lora_A[adapter_id], layer.lora_B[adapter_id]):
        part.to(torch.float32).requires_grad_(False)
    for one in active:  # PEFT makes what is active trainable whenever a layer gets another adapter
        layer.set_requires_grad(one, False)
    torch.nn.init.zeros_(layer.lora_B[adapter_id].weight)


def initialise(layers: dict[str, Any], adapter_id: str, *, seed: int) -> None:
    """Draw A as PEFT does, uniform in ±1/sqrt(inputs), and set B to zero: by ``seed`` and the path alone."""
    for path, layer in layers.items():
        weight = layer.lora_A[adapter_id].weight
        drawn = torch.rand(weight.shape, generator=torch.Generator().manual_seed(derive_seed(seed, path)))
        weight.data.copy_((2 * drawn - 1) / math.sqrt(weight.shape[1]))
        torch.nn.init.zeros_(layer.lora_B[adapter_id].weight)


def eject(network: torch.nn.Module, adapter_id: str) -> None:
    """Remove an adapter; layers that then hold none become again the very modules they were."""
    for path, layer in list(lora_layers(network)):
        layer._active_adapter = [one for one in layer.active_adapters if one != adapter_id]
        layer.delete_adapter(adapter_id)
        for trace in _TRACES:
            getattr(layer, trace).pop(adapter_id, None)
        if not layer.lora_A:
            parent, _, name = path.rpartition(".")
            setattr(network.get_submodule(parent), name, layer.get_base_layer())


def lora_layers(network: torch.nn.Module) -> Iterator[tuple[str, Any]]:
    """Yield the wrapped layers and their paths."""
    return ((path, module) for path, module in network.named_modules() if isinstance(module, LoraLayer))


def has_foreign_adapters(network: torch.nn.Module, known: Iterable[str]) -> bool:
    """Say whether the host put adapters of its own on the network."""
    ours = set(known)
    tuned = (module for module in network.modules() if isinstance(module, BaseTunerLayer))
    return isinstance(network, PeftModel) or any(not module._get_available_adapters() <= ours for module in tuned)
