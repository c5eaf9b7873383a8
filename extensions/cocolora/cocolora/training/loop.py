"""One training loop for every trainer: shuffled batches, padded to their longest, cross-entropy where it counts."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from cocolora.core.adapters import Recipe
from cocolora.core.lessons import Sample
from cocolora.errors import TrainingDiverged

_UNCOUNTED = -100
_CLIP_NORM = 1.0
_BATCHES_SORTED = 4


class Loop:
    """Trains parameters by AdamW, one step at a call. Bits depend on samples, recipe and network alone.

    The network must be in the state to train: adapter active, ``parameters`` alone trainable.
    """

    def __init__(
        self, network: Any, parameters: Sequence[torch.nn.Parameter], *, samples: Sequence[Sample], recipe: Recipe
    ) -> None:
        """Prepare the optimiser and the order of the samples."""
        self._network = network
        self._parameters = list(parameters)
        self._recipe = recipe
        self._batches = _shuffled(samples, batch_samples=recipe.batch_samples, seed=recipe.seed)
        self._optimiser = torch.optim.AdamW(self._parameters, lr=recipe.learning_rate, weight_decay=0.0)
        self._selects = "logits_to_keep" in inspect.signature(network.forward).parameters
        self.losses: list[float] = []

    @property
    def finished(self) -> bool:
        """Whether all of the recipe's steps are done."""
        return len(self.losses) >= self._recipe.steps

    def step(self) -> None:
        """Make one step. Raises TrainingDiverged when loss or gradients are not finite; nothing is then updated."""
        loss = self._loss(next(self._batches))
        loss.backward()
        value = float(loss.detach())
        norm = float(torch.nn.utils.clip_grad_norm_(self._parameters, _CLIP_NORM))
        if not (math.isfinite(value) and math.isfinite(norm)):
            raise TrainingDiverged(len(self.losses) + 1, value)
        for group in self._optimiser.param_groups:
            group["lr"] = self._recipe.learning_rate * _decay(len(self.losses), self._recipe.steps)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        self.losses.append(value)

    def _loss(self, batch: Sequence[Sample]) -> torch.Tensor:
        """Return the mean cross-entropy, in nats, over the counted tokens of a batch.

        Padding is on the right, where a causal network cannot see it: no mask is needed. Logits are computed
        from the first counted position on: those of a large vocabulary are most of the memory otherwise.
        """
        tokens, labels = _right_padded(batch, device=self._network.device)
        first = int((labels != _UNCOUNTED).any(0).nonzero()[0]) - 1
        kept = {"logits_to_keep": tokens.shape[1] - first} if self._selects else {}
        logits = self._network(input_ids=tokens, use_cache=False, **kept).logits
        logits = logits if self._selects else logits[:, first:]
        return cross_entropy(
            logits[:, :-1].flatten(0, 1).float(), labels[:, first + 1 :].flatten(), ignore_index=_UNCOUNTED
        )


def _decay(done: int, steps: int) -> float:
    """Return the share of the learning rate after ``done`` of ``steps``: linear, from 1 towards 0."""
    return 1.0 - done / steps


def _shuffled(samples: Sequence[Sample], *, batch_samples: int, seed: int) -> Iterator[list[Sample]]:
    """Yield batches without end, each of samples of similar length; every sample comes once before any comes again.

    A round is shuffled, cut into groups of a few batches, and each group sorted by length: short samples are not
    padded to the length of the long ones, which costs two fifths of the time where quoted memories are learned.
    """
    generator = torch.Generator().manual_seed(seed)
    left: list[int] = []
    while True:
        while len(left) < batch_samples * _BATCHES_SORTED:
            left += torch.randperm(len(samples), generator=generator).tolist()
        group = sorted(left[: batch_samples * _BATCHES_SORTED], key=lambda index: (len(samples[index].tokens), index))
        left = left[batch_samples * _BATCHES_SORTED :]
        waiting = [group[start : start + batch_samples] for start in range(0, len(group), batch_samples)]
        for place in torch.randperm(len(waiting), generator=generator).tolist():
            yield [samples[index] for index in waiting[place]]


def _right_padded(batch: Sequence[Sample], *, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return tokens and labels, both (samples, longest); labels are tokens where they count, -100 elsewhere."""
    longest = max(len(sample.tokens) for sample in batch)
    tokens = torch.zeros(len(batch), longest, dtype=torch.long)
    labels = torch.full((len(batch), longest), _UNCOUNTED)
    for row, sample in enumerate(batch):
        size = len(sample.tokens)
        tokens[row, :size] = torch.tensor(sample.tokens)
        labels[row, :size] = torch.where(torch.tensor(sample.counts), tokens[row, :size], _UNCOUNTED)
    return tokens.to(device), labels.to(device)
