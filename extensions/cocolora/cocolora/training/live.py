"""The live trainer: trains inside the loaded model, in slices, so that the chat goes first."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from cocolora.core.adapters import Recipe
from cocolora.core.events import CancelCheck, Progress, ProgressCallback, ignore_progress, never_cancelled
from cocolora.core.lessons import Sample
from cocolora.core.ports import LanguageModel, TrainingStack, UnfinishedAdapter
from cocolora.errors import Cancelled, CannotTrain
from cocolora.training.loop import Loop

DOING = "Training"
# Locks are not fair: one given back and taken again at once would never reach a waiting chat. On a busy machine the
# chat's thread takes some milliseconds to wake up.
_PAUSE_SHARE = 0.04


class LiveTrainer:
    """Trains on the live network; implements ``core.ports.Trainer``."""

    def __init__(self, model: LanguageModel, stack: TrainingStack, *, slice_ms: int = 250) -> None:
        """Take the loaded model and its stack; the model is held for about ``slice_ms`` at a time."""
        self._model = model
        self._stack = stack
        self._slice_s = slice_ms / 1000

    def train(
        self,
        adapter_id: str,
        samples: Sequence[Sample],
        *,
        recipe: Recipe,
        beneath: Sequence[tuple[str, float]] = (),
        folder: Path,
        on_progress: ProgressCallback = ignore_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> tuple[float, ...]:
        """Train on ``samples`` on top of the frozen adapters ``beneath``; write PEFT files into ``folder``.

        Returns the loss of every step, in nats. Progress and cancelling come between slices. Where memory runs out, a
        batch is split and tried again. Raises Cancelled, TrainingDiverged, TooLittleMemory or CannotTrain and then
        leaves nothing.
        """
        if not any(any(sample.counts[1:]) for sample in samples):
            raise CannotTrain("there is no sample with a token to learn", "Give it at least one exchange.")
        usable = [sample for sample in samples if any(sample.counts[1:])]
        with self._stack.unfinished(adapter_id, recipe=recipe, beneath=beneath) as adapter:
            loop = Loop(self._model.network, adapter.parameters, samples=usable, recipe=recipe)
            on_progress(Progress(DOING, 0, recipe.steps))
            while not loop.finished:
                if cancelled():
                    raise Cancelled(DOING)
                self._slice(loop, adapter)
                on_progress(Progress(DOING, len(loop.losses), recipe.steps))
                time.sleep(self._slice_s * _PAUSE_SHARE)
            if cancelled():
                raise Cancelled(DOING)
            adapter.write(folder)
        return tuple(loop.losses)

    def _slice(self, loop: Loop, adapter: UnfinishedAdapter) -> None:
        with adapter.open():
            end = time.monotonic() + self._slice_s
            while not loop.finished:
                loop.advance()
                if time.monotonic() >= end:
                    return
