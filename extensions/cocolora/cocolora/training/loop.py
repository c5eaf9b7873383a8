"""One training loop for every trainer: random batches, in parts that fit, cross-entropy where it counts."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import torch

from cocolora.core.adapters import Recipe
from cocolora.core.lessons import Sample
from cocolora.errors import TooLittleMemory, TrainingDiverged
from cocolora.training.batches import Batch, counted_tokens, padded_tokens, parts, right_padded, shuffled
from cocolora.training.loss import counted_loss
from cocolora.training.memory import give_back_memory, ran_out_of_memory

_CLIP_NORM = 1.0


class Loop:
    """Trains parameters by AdamW, a part of a step at a call. Bits depend on samples, recipe and network alone.

    The network must be in the state to train: adapter active, ``parameters`` alone trainable.
    """

    def __init__(
        self, network: Any, parameters: Sequence[torch.nn.Parameter], *, samples: Sequence[Sample], recipe: Recipe
    ) -> None:
        """Prepare the optimiser and the order of the samples."""
        self._network = network
        self._parameters = list(parameters)
        self._recipe = recipe
        self._batches = shuffled(samples, batch_samples=recipe.batch_samples, seed=recipe.seed)
        self._optimiser = torch.optim.AdamW(self._parameters, lr=recipe.learning_rate, weight_decay=0.0, fused=True)
        self._most_tokens: int | None = None
        self._work = self._steps()
        self.losses: list[float] = []

    @property
    def finished(self) -> bool:
        """Whether all of the recipe's steps are done."""
        return len(self.losses) >= self._recipe.steps

    def advance(self) -> None:
        """Do the next part of a step, and with the last one the step; does nothing when all is done.

        Raises TrainingDiverged when loss or gradients are not finite, and TooLittleMemory when a single sample does
        not fit; nothing is then updated.
        """
        next(self._work, None)

    def _steps(self) -> Iterator[None]:
        while not self.finished:
            value = yield from self._gradients(next(self._batches))
            self._update(value)
            yield

    def _update(self, value: float) -> None:
        norm = float(torch.nn.utils.clip_grad_norm_(self._parameters, _CLIP_NORM))
        if not (math.isfinite(value) and math.isfinite(norm)):
            raise TrainingDiverged(len(self.losses) + 1, value)
        for group in self._optimiser.param_groups:
            group["lr"] = self._recipe.learning_rate * _decay(len(self.losses), self._recipe.steps)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        self.losses.append(value)

    def _gradients(self, batch: Batch) -> Generator[None, None, float]:
        """Add the gradients of a batch's mean loss to the parameters and return it, in nats; yields between parts.

        Where memory runs out, what did not fit is halved and the batch is begun anew; larger parts are not tried again
        in this training. Raises TooLittleMemory when a single sample does not fit.
        """
        counted = counted_tokens(batch)
        waiting = parts(batch, most_tokens=self._most_tokens)
        value = 0.0
        while True:
            part = waiting.pop(0)
            loss = self._part(part, share=counted_tokens(part) / counted)
            if loss is None:
                self._most_tokens = _half(part)
                self._optimiser.zero_grad(set_to_none=True)
                give_back_memory()
                waiting, value = parts(batch, most_tokens=self._most_tokens), 0.0
            else:
                value += loss
            if not waiting:
                return value
            yield

    def _part(self, part: Batch, *, share: float) -> float | None:
        """Add a part's share of the gradients and return its share of the loss; None where it does not fit."""
        try:
            tokens, labels = right_padded(part, device=self._network.device)
            loss = counted_loss(self._network, tokens, labels) * share
            loss.backward()
            return float(loss.detach())
        except (RuntimeError, MemoryError) as error:
            if not ran_out_of_memory(error):
                raise
            return None  # and not from here on: the error holds the tensors of the attempt


def _half(part: Batch) -> int:
    """Return the tokens that parts may have after this one did not fit. Raises TooLittleMemory for a single sample."""
    if len(part) == 1:
        raise TooLittleMemory(len(part[0].tokens))
    return padded_tokens(part) // 2


def _decay(done: int, steps: int) -> float:
    """Return the share of the learning rate after ``done`` of ``steps``: linear, from 1 towards 0."""
    return 1.0 - done / steps
