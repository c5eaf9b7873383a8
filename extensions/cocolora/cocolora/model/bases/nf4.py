"""bitsandbytes' four-bit bases (NF4 and FP4, QLoRA's): recognised, kept from repacking, loaded."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from cocolora.model.bases.recognition import has_class, quantisation_of

_LAYER = "Linear4bit"


class NF4:
    """Four bits a weight, with or without its block scales quantised in turn ("double")."""

    package = "bitsandbytes"

    def __init__(self, *, double: bool = False) -> None:
        """Take what ``loading`` shall make of plain weights."""
        self._double = double

    def fits(self, network: Any) -> bool:
        """Fit a network with four-bit layers."""
        return any(True for _ in _layers(network))

    def name(self, network: Any) -> str:
        """Return "nf4" or "fp4", and whether it is double."""
        state = next(_layers(network)).weight.quant_state
        return f"{state.quant_type}{'-double' if state.nested else ''}"

    def is_layer(self, module: torch.nn.Module) -> bool:
        """Take the four-bit layers and what was left in floating point."""
        return isinstance(module, torch.nn.Linear)

    def settle(self, network: Any) -> None:
        """Keep CPUs with AVX512-BF16 from repacking the weights, and unpack what was repacked already.

        bitsandbytes repacks a layer at its first pass without gradients, for speed. A repacked layer passes no
        gradient on, and writing it to disk changes the live one: nothing could be trained any more. Repacking rounds
        the block scales to bfloat16, so that a base which ran before it came here is unpacked but for that rounding.
        """
        warnings.filterwarnings("ignore", message="_check_is_size will be removed", category=FutureWarning)
        for layer in _layers(network):
            layer.support_avx512bf16_for_cpu = False
            if getattr(layer.weight.quant_state, "packing_format_for_cpu", False):
                _unpack(layer)

    def stored(self, config: Mapping[str, Any]) -> bool:
        """Take folders that bitsandbytes has written in four bits."""
        return bool(quantisation_of(config).get("load_in_4bit"))

    def loading(self, config: Mapping[str, Any], *, dtype: torch.dtype | str) -> dict[str, Any]:
        """Compute in the type that the rest of the network has; a stored base keeps its own way of quantising."""
        from transformers import BitsAndBytesConfig

        if self.stored(config):
            return {}
        compute = dtype if isinstance(dtype, torch.dtype) else torch.bfloat16
        return {
            "quantization_config": BitsAndBytesConfig(
                load_in_4bit=True,
                bnb_4bit_quant_type="nf4",
                bnb_4bit_use_double_quant=self._double,
                bnb_4bit_compute_dtype=compute,
            )
        }


def _layers(network: torch.nn.Module) -> Iterator[Any]:
    return (module for module in network.modules() if has_class(module, _LAYER))


def _unpack(layer: Any) -> None:
    from bitsandbytes.functional import _convert_weight_packed_for_cpu_inverse as unpack

    layer.weight.data, state = unpack(layer.weight.data, layer.weight.quant_state)
    if not state.nested:  # bitsandbytes 0.49 leaves these as the repacking had laid them out
        state.absmax = state.absmax.T.reshape(-1).float()
    layer.weight.quant_state = layer.quant_state = state
