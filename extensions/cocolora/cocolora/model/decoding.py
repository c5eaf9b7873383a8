"""Greedy decoding in batches: the same reply alone and in company, and nothing that training could trip over."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def evaluating(network: torch.nn.Module) -> Iterator[None]:
    """Switch dropout and the like off for a while, module by module."""
    training = [module for module in network.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


def decode(
    network: Any, prompts: Sequence[Sequence[int]], *, stop: frozenset[int], max_new_tokens: int
) -> Iterator[list[int | None]]:
    """Yield, step by step, the next token of each row; None once a row has ended.

    Rows are padded on the left. Gradients are off for each step alone, by ``no_grad``: the tensors of
    ``inference_mode`` that a network keeps (rotary caches) would break a later training.
    """
    tokens, mask = _left_padded(prompts, device=network.device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    ended = [False] * len(prompts)
    cache = None
    for _ in range(max_new_tokens):
        following, cache = _step(network, tokens, mask=mask, positions=positions, cache=cache)
        chosen = following.tolist()
        ended = [done or token in stop for done, token in zip(ended, chosen, strict=True)]
        yield [None if done else token for done, token in zip(ended, chosen, strict=True)]
        if all(ended):
            return
        tokens, positions = following[:, None], positions[:, -1:] + 1
        mask = torch.cat([mask, mask.new_ones(len(prompts), 1)], dim=-1)


@torch.no_grad()
def _step(
    network: Any, tokens: torch.Tensor, *, mask: torch.Tensor, positions: torch.Tensor, cache: Any
) -> tuple[torch.Tensor, Any]:
    """Return the likeliest next token of each row, (rows,), and the cache for the step after."""
    accepted = inspect.signature(network.forward).parameters
    extras = {"position_ids": positions, "logits_to_keep": 1}
    output = network(
        input_ids=tokens,
        attention_mask=mask,
        past_key_values=cache,
        use_cache=True,
        **{name: value for name, value in extras.items() if name in accepted},
    )
    return output.logits[:, -1].argmax(-1), output.past_key_values


def _left_padded(prompts: Sequence[Sequence[int]], *, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return tokens and mask, both (rows, longest prompt); padding is token 0 under mask 0."""
    longest = max(len(prompt) for prompt in prompts)
    rows = [[0] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
    masks = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(rows, device=device), torch.tensor(masks, device=device)


def batches(lengths_tokens: Sequence[int], *, most_rows: int, most_tokens: int) -> list[list[int]]:
    """Cut indices into batches of similar length, none above ``most_rows`` nor, padded, ``most_tokens``."""
    cut: list[list[int]] = []
    for index in sorted(range(len(lengths_tokens)), key=lambda index: (lengths_tokens[index], index)):
        longest, rows = lengths_tokens[index], len(cut[-1]) + 1 if cut else 0
        similar = bool(cut) and longest <= 2 * lengths_tokens[cut[-1][0]] + 32
        if similar and rows <= most_rows and rows * longest <= most_tokens:
            cut[-1].append(index)
        else:
            cut.append([index])
    return cut
