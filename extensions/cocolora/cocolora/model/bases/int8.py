"""bitsandbytes' eight-bit bases (LLM.int8): recognised and loaded."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import torch

from cocolora.model.bases.recognition import has_class, quantisation_of


class Int8:
    """Eight bits a weight; columns with outlying activations are computed in half precision."""

    package = "bitsandbytes"

    def fits(self, network: Any) -> bool:
        """Fit a network with eight-bit layers."""
        return any(has_class(module, "Linear8bitLt") for module in network.modules())

    def name(self, network: Any) -> str:
        """Return "int8"."""
        return "int8"

    def is_layer(self, module: torch.nn.Module) -> bool:
        """Take the eight-bit layers and what was left in floating point."""
        return isinstance(module, torch.nn.Linear)

    def settle(self, network: Any) -> None:
        """Keep bitsandbytes from warning of what it is: eight-bit layers take their inputs in half precision."""
        warnings.filterwarnings("ignore", message="MatMul8bitLt: inputs will be cast", category=UserWarning)

    def stored(self, config: Mapping[str, Any]) -> bool:
        """Take folders that bitsandbytes has written in eight bits."""
        return bool(quantisation_of(config).get("load_in_8bit"))

    def loading(self, config: Mapping[str, Any], *, dtype: torch.dtype | str) -> dict[str, Any]:
        """Quantise plain weights; a stored base is loaded as it is."""
        from transformers import BitsAndBytesConfig

        return {} if self.stored(config) else {"quantization_config": BitsAndBytesConfig(load_in_8bit=True)}
