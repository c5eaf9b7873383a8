"""Hidden states: what the network makes of a text, as one vector."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch


def mean_states(network: Any, rows: Sequence[Sequence[int]]) -> list[list[float]]:
    """Return one vector per row of tokens: the mean of its states behind the middle layer, in float32.

    Rows are padded on the right, where no earlier token sees it. The first token of each is not counted: whatever it
    is, its state is many times longer than the others and would make all vectors alike (massive activations, arXiv:
    2402.17762). Behind the middle layer, because the last ones turn towards the next token (arXiv:2502.02013).
    """
    longest = max(map(len, rows))
    device = next(network.parameters()).device
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], device=device)
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=device)
    states = _middle_states(network, ids, mask).float()
    counted = mask.unsqueeze(-1).to(states.dtype)
    counted[:, 0] = 0
    pooled: list[list[float]] = ((states * counted).sum(1) / counted.sum(1).clamp(min=1)).tolist()
    return pooled


@torch.no_grad()
def _middle_states(network: Any, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the states behind the middle layer, (rows, tokens, dimension); one logit per row at most is computed."""
    extras = {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(network.forward).parameters else {}
    output = network(input_ids=ids, attention_mask=mask, use_cache=False, output_hidden_states=True, **extras)
    states: torch.Tensor = output.hidden_states[len(output.hidden_states) // 2]
    return states
