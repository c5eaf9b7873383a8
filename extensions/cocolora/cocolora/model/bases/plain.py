"""Bases that are not quantised: float32, bfloat16 and float16."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


class Plain:
    """Needs no care."""

    package = ""

    def fits(self, network: Any) -> bool:
        """Fit every network that no other kind fits."""
        return True

    def name(self, network: Any) -> str:
        """Return the type of the weights: "float32", "bfloat16" or "float16"."""
        return str(next(network.parameters()).dtype).removeprefix("torch.")

    def is_layer(self, module: torch.nn.Module) -> bool:
        """Take torch's own linear layers."""
        return isinstance(module, torch.nn.Linear)

    def settle(self, network: Any) -> None:
        """Leave the network as it is."""

    def stored(self, config: Mapping[str, Any]) -> bool:
        """Take what says nothing of a quantisation, and what no other kind knows: transformers may load it."""
        return True

    def loading(self, config: Mapping[str, Any], *, dtype: torch.dtype | str) -> dict[str, Any]:
        """Need nothing more."""
        return {}
