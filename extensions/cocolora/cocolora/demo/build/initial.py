"""The demo base before training: its configuration, with heads that copy set by hand.

Two kinds of head are set up, as training finds them late: in the first layer one that reads the previous token, in the
second several that look up what followed the current token before (induction heads, arXiv:2209.11895).
"""

from __future__ import annotations

import torch
from transformers import LlamaConfig, LlamaForCausalLM

HIDDEN, HEADS, FEED_FORWARD, ROPE_THETA = 256, 4, 768, 10_000.0
_MARK = 0
"""The hidden dimension that is the same for every token, so that a head can attend by position alone."""


def configuration(*, vocabulary: int, layers: int, pad: int, begin: int, end: int) -> LlamaConfig:
    """Return the configuration of the demo base."""
    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=HIDDEN,
        intermediate_size=FEED_FORWARD,
        num_hidden_layers=layers,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        max_position_embeddings=2048,
        rope_parameters={"rope_type": "default", "rope_theta": ROPE_THETA},
        tie_word_embeddings=False,
        pad_token_id=pad,
        bos_token_id=begin,
        eos_token_id=end,
        attention_bias=False,
        mlp_bias=False,
    )


def untrained(config: LlamaConfig, *, seed: int) -> LlamaForCausalLM:
    """Return the model with random weights and hand-set copying heads, in float32."""
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config).float()
    with torch.no_grad():
        bases, turned = _orthogonal(HIDDEN), _orthogonal(HIDDEN)
        _set_embeddings(model, turned)
        _set_previous_token_head(model, bases)
        _set_induction_heads(model, bases, turned)
    return model


def _orthogonal(size: int) -> torch.Tensor:
    base: torch.Tensor = torch.linalg.qr(torch.randn(size, size)).Q
    return base


def _set_embeddings(model: LlamaForCausalLM, turned: torch.Tensor) -> None:
    """Set the embeddings, and the output head to the same turned: what is read does not count as what is written."""
    words = model.model.embed_tokens.weight
    words.normal_(std=0.5)
    words[:, _MARK] = 2.0
    plain = words.clone()
    plain[:, _MARK] = 0.0
    model.lm_head.weight.copy_(plain @ turned * 0.1)
    for layer in model.model.layers:
        for matrix in (layer.self_attn.o_proj.weight, layer.mlp.down_proj.weight):
            matrix.mul_(0.5)


def _frequencies() -> torch.Tensor:
    pairs = HIDDEN // HEADS // 2
    return ROPE_THETA ** (-torch.arange(pairs) / pairs)


def _set_previous_token_head(model: LlamaForCausalLM, bases: torch.Tensor) -> None:
    """Make head 0 of layer 0 write a 64-dimensional signature of the previous token into its own subspace."""
    attention = model.model.layers[0].self_attn
    size = HIDDEN // HEADS
    turn = _frequencies()
    attention.q_proj.weight[:size] = 0
    attention.k_proj.weight[:size] = 0
    # RMSNorm leaves the mark at about 2 / sqrt(0.25 + 4 / 256); rotate_half pairs dimension i with i + size / 2.
    scale = 1.5
    attention.k_proj.weight[: size // 2, _MARK] = scale
    attention.q_proj.weight[: size // 2, _MARK] = scale * torch.cos(-turn)
    attention.q_proj.weight[size // 2 : size, _MARK] = scale * torch.sin(-turn)
    attention.v_proj.weight[:size] = bases[:size]
    attention.v_proj.weight[:size, _MARK] = 0
    attention.o_proj.weight[:, :size] = bases[size : 2 * size].T * 1.5


def _set_induction_heads(model: LlamaForCausalLM, bases: torch.Tensor, turned: torch.Tensor) -> None:
    """Make the heads of layer 1 match the current token with earlier previous tokens, and copy what stands there."""
    attention = model.model.layers[1].self_attn
    size = HIDDEN // HEADS
    slow = 12
    reads = _orthogonal(HIDDEN)
    for head in range(HEADS):
        rows = slice(head * size, (head + 1) * size)
        attention.q_proj.weight[rows] = 0
        attention.k_proj.weight[rows] = 0
        pick = _orthogonal(size)[: 2 * slow]
        half = size // 2
        places = [*range(half - slow, half), *range(size - slow, size)]
        first = head * size
        targets = torch.tensor([first + place for place in places])
        attention.q_proj.weight[targets] = pick @ bases[:size] * 2.4
        attention.k_proj.weight[targets] = pick @ bases[size : 2 * size] * 1.6
        read = reads[rows]
        attention.v_proj.weight[rows] = read
        attention.o_proj.weight[:, rows] = (read @ turned).T * 1.5
