"""GPTQ bases, which gptqmodel runs: recognised and loaded, on a CPU too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from cocolora.model.bases.recognition import quantisation_of


class GPTQ:
    """Weights packed into integers, two to eight bits each, with scales and zero points in buffers."""

    package = "gptqmodel"

    def fits(self, network: Any) -> bool:
        """Fit a network with packed layers."""
        return any(True for _ in _layers(network))

    def name(self, network: Any) -> str:
        """Return "gptq-4bit", with the bits it has."""
        return f"gptq-{next(_layers(network)).bits}bit"

    def is_layer(self, module: torch.nn.Module) -> bool:
        """Take the packed layers, which are no subclass of torch's, and what was left in floating point."""
        return isinstance(module, torch.nn.Linear) or hasattr(module, "qweight")

    def settle(self, network: Any) -> None:
        """On a CPU, undo gptqmodel's torch.compile of the unpacking: the first reply would wait a minute for it."""
        for layer in _layers(network):
            if layer.qweight.device.type == "cpu":
                vars(layer).pop("dequantize_weight", None)

    def stored(self, config: Mapping[str, Any]) -> bool:
        """Take folders that a GPTQ quantiser has written."""
        return quantisation_of(config).get("quant_method") == "gptq"

    def loading(self, config: Mapping[str, Any], *, dtype: torch.dtype | str) -> dict[str, Any]:
        """Choose the kernels that pass gradients on and run on every device: torch's own."""
        from transformers import GPTQConfig

        return {"quantization_config": GPTQConfig(bits=int(quantisation_of(config)["bits"]), backend="torch")}


def _layers(network: torch.nn.Module) -> Iterator[Any]:
    return (module for module in network.modules() if hasattr(module, "qweight"))
