"""The loss of a part of a batch, its logits computed only where they count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from cocolora.training.batches import UNCOUNTED


def counted_loss(network: Any, tokens: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy over the counted tokens, in nats.

    ``tokens`` and ``labels`` are (samples, longest). Padding is on the right, where a causal network cannot see it: no
    mask is needed. The logits of a large vocabulary are most of the memory and much of the time otherwise, so that
    the output head is shown the positions before a counted token and no other.
    """
    places = (labels[:, 1:] != UNCOUNTED).nonzero(as_tuple=True)
    with _shown_alone(network.get_output_embeddings(), places, shape=tokens.shape):
        logits = network(input_ids=tokens, use_cache=False).logits
    if logits.dim() == 3:  # a network that does not call its head as a module
        logits = logits[tuple(place.to(logits.device) for place in places)]
    return cross_entropy(logits.float(), labels[:, 1:][places].to(logits.device))


@contextmanager
def _shown_alone(
    head: torch.nn.Module | None, places: tuple[torch.Tensor, ...], *, shape: torch.Size
) -> Iterator[None]:
    """Let the output head see only the hidden states at ``places``: its logits are then (places, vocabulary)."""
    if head is None:
        yield
        return

    def choose(_head: torch.nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden, *rest = inputs
        there = tuple(place.to(hidden.device) for place in places)  # of a network on several devices
        return (hidden[there], *rest) if hidden.shape[:2] == shape else inputs

    handle = head.register_forward_pre_hook(choose)
    try:
        yield
    finally:
        handle.remove()
