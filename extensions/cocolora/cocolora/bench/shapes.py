"""Networks of a known model's shape with random weights: they say how fast and how large it is, and nothing else."""

from __future__ import annotations

from typing import Any

SHAPES: dict[str, dict[str, int]] = {
    "llama-3-8b": {
        "vocab_size": 128_256,
        "hidden_size": 4096,
        "intermediate_size": 14_336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "max_position_embeddings": 8192,
    },
    "llama-3.2-1b": {
        "vocab_size": 128_256,
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "max_position_embeddings": 8192,
    },
}
_SPREAD = 0.02


def gpu_name() -> str:
    """Return the name of the GPU that torch can use; empty where there is none."""
    import torch

    return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else ""


def build(shape: dict[str, int], *, kind: str, device: str) -> Any:
    """Return a Llama of this shape in bfloat16, its layers in NF4 where ``kind`` is "nf4", on a device."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(**shape, tie_word_embeddings=False, rms_norm_eps=1e-5, rope_theta=500_000.0)
    with torch.device("meta"):
        network = LlamaForCausalLM(config).to(torch.bfloat16)
    for path, module in list(network.named_modules()):
        if isinstance(module, torch.nn.Linear | torch.nn.Embedding):
            _fill(network, path, module, quantised=kind == "nf4" and ".layers." in path, device=device)
    for module in network.modules():
        if any(parameter.is_meta for parameter in module.parameters(recurse=False)):  # the norms
            module.weight = torch.nn.Parameter(torch.ones_like(module.weight, device=device), requires_grad=False)
    network.model.rotary_emb = type(network.model.rotary_emb)(config, device=device)
    return network.requires_grad_(False).eval()


def _fill(network: Any, path: str, module: Any, *, quantised: bool, device: str) -> None:
    """Give one layer random weights, quantised at once: the whole network need not fit unquantised."""
    import torch

    weight = torch.empty(module.weight.shape, dtype=torch.bfloat16, device=device).normal_(std=_SPREAD)
    if not quantised:
        module.weight = torch.nn.Parameter(weight, requires_grad=False)
        return
    from bitsandbytes.nn import Linear4bit, Params4bit

    layer = Linear4bit(
        module.in_features,
        module.out_features,
        bias=False,
        compute_dtype=torch.bfloat16,
        quant_type="nf4",
        device="meta",
    )
    layer.weight = Params4bit(
        weight, requires_grad=False, quant_type="nf4", compress_statistics=False, module=layer
    ).to(device)
    parent, _, name = path.rpartition(".")
    setattr(network.get_submodule(parent), name, layer)
