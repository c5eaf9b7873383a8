"""The host trainer: hands the exchanges to the host's own training, and takes in the adapter that it made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cocolora.core.adapters import Recipe
from cocolora.core.events import CancelCheck, ProgressCallback, ignore_progress, never_cancelled
from cocolora.core.lessons import Sample
from cocolora.core.ports import LanguageModel, TrainingHost, TrainingStack
from cocolora.errors import CannotTrain


class HostTrainer:
    """Trains as the host does, while the chat waits; implements ``core.ports.Trainer``.

    The host's training changes the network for good: afterwards the model is loaded again, and this trainer with its
    model and stack is of no more use.
    """

    def __init__(self, model: LanguageModel, stack: TrainingStack, host: TrainingHost) -> None:
        """Take the loaded model, its stack and the host that trains it."""
        self._model = model
        self._stack = stack
        self._host = host

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
        """Train on the messages of ``samples`` on top of the adapters ``beneath``; write PEFT files into ``folder``.

        Returns no losses: the host keeps them. Raises Cancelled or CannotTrain and then leaves nothing; the model is
        loaded again in any case.
        """
        exchanges = [sample.exchange for sample in samples if sample.exchange is not None]
        if not exchanges:
            raise CannotTrain("there is no exchange to learn", "Give it at least one.")
        longest = max(len(sample.tokens) for sample in samples)
        with self._model.exclusive():
            take_in = self._stack.lend(adapter_id, recipe=recipe, beneath=beneath)
            try:
                with self._host.train(
                    adapter_id,
                    exchanges,
                    recipe=recipe,
                    sample_tokens=longest,
                    on_progress=on_progress,
                    cancelled=cancelled,
                ) as trained:
                    take_in(trained, folder)
            finally:
                self._stack.let_go()
                self._model.let_go()
                self._host.load_again()
        return ()
