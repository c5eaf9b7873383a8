"""The loaded model with the stack of adapters on it and the trainer that makes new ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from cocolora.core.lessons import BaseCard, Exchange
from cocolora.core.ports import LanguageModel, Stack, Trainer, TrainingHost, TrainingStack
from cocolora.engine.home import Home
from cocolora.errors import CannotTrain
from cocolora.lessons.samples import Replay, record_replay

Weights = Sequence[tuple[str, float]]


class Workbench:
    """One loaded model, its stack and its trainer; discarded when the host loads another model."""

    def __init__(
        self,
        model: LanguageModel,
        home: Home,
        *,
        slice_ms: int,
        memory_bytes: int,
        training_host: TrainingHost | None = None,
    ) -> None:
        from cocolora.stack.live import LiveStack
        from cocolora.training.live import LiveTrainer

        self.model = model
        stack = LiveStack(model, memory_bytes=memory_bytes)
        self.stack: Stack = stack
        self.trainer: Trainer = LiveTrainer(model, stack, slice_ms=slice_ms)
        self._training_stack: TrainingStack = stack
        self._training_host = training_host
        self._home = home
        self._slice_s = slice_ms / 1000
        self._bare_replay: Replay | None = None
        self._other_text: Replay | None = None

    @property
    def card(self) -> BaseCard:
        """The questions that go with the base."""
        return self.model.card

    def trainer_of(self, kind: Literal["live", "host"]) -> Trainer:
        """Return the trainer of a kind. Raises CannotTrain where the host has no training of its own."""
        from cocolora.training.host import HostTrainer

        if kind == "live":
            return self.trainer
        if self._training_host is None:
            raise CannotTrain(
                "this program has no training of its own, and learning.trainer is set to it",
                'Set learning.trainer to "live", or learn in the webui.',
            )
        return HostTrainer(self.model, self._training_stack, self._training_host)

    @contextmanager
    def using(self, weights: Weights) -> Iterator[LanguageModel]:
        """Hold the model with exactly these adapters active, in one go; what was active before comes back."""
        with self.model.exclusive(), self._active(weights):
            yield self.model

    @contextmanager
    def borrowing(self, weights: Weights) -> Iterator[LanguageModel]:
        """Use the model with exactly these adapters active, in slices: between two of them the chat goes first."""
        with self.model.in_slices(lambda: self._active(weights), slice_s=self._slice_s):
            yield self.model

    @contextmanager
    def _active(self, weights: Weights) -> Iterator[None]:
        self._attach(weights)
        with self.stack.activated(weights):
            yield

    def activate(self, weights: Weights) -> None:
        """Make these adapters active from now on; the caller holds the model."""
        self._attach(weights)
        self.stack.activate(weights)

    def drop(self, adapter_id: str) -> None:
        """Detach an adapter if it is attached."""
        with self.model.exclusive():
            if adapter_id in self.stack.attached:
                self.stack.detach(adapter_id)

    def detach_all(self) -> None:
        """Detach every adapter."""
        with self.model.exclusive():
            for adapter_id in self.stack.attached:
                self.stack.detach(adapter_id)

    def bare_replay(self) -> Replay:
        """Return what the bare base says to its replay questions; asked once."""
        if self._bare_replay is None:
            with self.borrowing([]) as model:
                self._bare_replay = record_replay(self.card.replay, model)
        return self._bare_replay

    def other_text(self, count: int) -> Sequence[Exchange]:
        """Return at most ``count`` exchanges that no lesson touches: the bare base's own words on what it is probed."""
        if self._other_text is None:
            with self.borrowing([]) as model:
                self._other_text = record_replay([question for question, _ in self.card.probes], model)
        stride = max(1, len(self._other_text.exchanges) // count)
        return self._other_text.exchanges[::stride][:count]

    def attach(self, adapter_id: str) -> None:
        """Attach an adapter if it is not. Raises AdapterMissing, AdapterDamaged, BaseMismatch, CannotTrain."""
        if adapter_id not in self.stack.attached:
            self.stack.attach(adapter_id, self._home.adapter_folder(adapter_id))

    def _attach(self, weights: Weights) -> None:
        for adapter_id, _ in weights:
            self.attach(adapter_id)
