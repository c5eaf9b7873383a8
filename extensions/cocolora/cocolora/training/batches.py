"""Batches: samples in random order, cut into parts of similar length, padded on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from cocolora.core.lessons import Sample

UNCOUNTED = -100
# What a pass through the network costs beside its tokens, in tokens. Measured on the demo base, where it is the walk
# through the modules; a large network on a GPU reads all its weights once a pass.
_PASS_TOKENS = 64

Batch = Sequence[Sample]


def shuffled(samples: Batch, *, batch_samples: int, seed: int) -> Iterator[list[Sample]]:
    """Yield batches without end; every sample comes once before any comes again."""
    generator = torch.Generator().manual_seed(seed)
    waiting: list[int] = []
    while True:
        while len(waiting) < batch_samples:
            waiting += torch.randperm(len(samples), generator=generator).tolist()
        yield [samples[index] for index in waiting[:batch_samples]]
        waiting = waiting[batch_samples:]


def parts(batch: Batch, *, most_tokens: int | None = None) -> list[list[Sample]]:
    """Cut a batch into the parts that cost least, longest samples first; their gradients add up to the batch's.

    A part costs as many tokens as it has when padded, and a pass through the network. No part has more than
    ``most_tokens`` when padded, but for one sample that is longer than that by itself.
    """
    ordered = sorted(batch, key=lambda sample: len(sample.tokens))  # stable: equal lengths keep the batch's order
    cheapest: list[tuple[int, int]] = [
        (0, 0)
    ]  # for the first so many samples: the cost, and where the last part starts
    for end in range(1, len(ordered) + 1):
        longest = len(ordered[end - 1].tokens)
        fitting = [
            (cheapest[start][0] + (end - start) * longest + _PASS_TOKENS, start)
            for start in range(end)
            if most_tokens is None or end - start == 1 or (end - start) * longest <= most_tokens
        ]
        cheapest.append(min(fitting))
    found: list[list[Sample]] = []
    end = len(ordered)
    while end:
        start = cheapest[end][1]
        found.append(ordered[start:end])
        end = start
    return found


def padded_tokens(part: Batch) -> int:
    """Return how many tokens a part has when all samples are as long as its longest."""
    return len(part) * max(len(sample.tokens) for sample in part)


def counted_tokens(part: Batch) -> int:
    """Return how many tokens of a part the loss counts."""
    return sum(sum(sample.counts[1:]) for sample in part)


def right_padded(part: Batch, *, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return tokens and labels, both (samples, longest); labels are tokens where they count, -100 elsewhere."""
    longest = max(len(sample.tokens) for sample in part)
    tokens = torch.zeros(len(part), longest, dtype=torch.long)
    labels = torch.full((len(part), longest), UNCOUNTED)
    for row, sample in enumerate(part):
        size = len(sample.tokens)
        tokens[row, :size] = torch.tensor(sample.tokens)
        labels[row, :size] = torch.where(torch.tensor(sample.counts), tokens[row, :size], UNCOUNTED)
    return tokens.to(device), labels.to(device)
