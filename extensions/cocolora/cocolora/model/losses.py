"""Token losses: how surprised the model is by each word of a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from cocolora.core.lessons import Sample


def sample_losses(network: Any, samples: Sequence[Sample]) -> list[tuple[float, ...]]:
    """Return the loss of every counted token of each sample, in nats; one forward pass for all, padded on the right."""
    longest = max(len(sample.tokens) for sample in samples)
    device = next(network.parameters()).device
    ids = torch.zeros(len(samples), longest, dtype=torch.long)
    attended = torch.zeros_like(ids)
    for row, sample in enumerate(samples):
        ids[row, : len(sample.tokens)] = torch.tensor(sample.tokens)
        attended[row, : len(sample.tokens)] = 1
    with torch.no_grad():
        logits = network(input_ids=ids.to(device), attention_mask=attended.to(device), use_cache=False).logits
    return [_counted(logits[row], sample) for row, sample in enumerate(samples)]


def _counted(logits: torch.Tensor, sample: Sample) -> tuple[float, ...]:
    """Return the losses of one sample; ``logits`` are (positions, vocabulary)."""
    places = [place for place, counts in enumerate(sample.counts) if counts and place]
    before = torch.tensor([place - 1 for place in places], device=logits.device)
    wanted = torch.tensor([sample.tokens[place] for place in places], device=logits.device)
    losses: list[float] = cross_entropy(logits[before].float(), wanted, reduction="none").tolist()
    return tuple(losses)
