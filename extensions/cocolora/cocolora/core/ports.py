"""The ports between rooms: what the engine wires, and what a room may expect of another it never imports."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from cocolora.core.adapters import BaseIdentity, Recipe
from cocolora.core.conversations import ChatMessage
from cocolora.core.events import CancelCheck, ProgressCallback
from cocolora.core.lessons import BaseCard, Exchange, Sample


class LanguageModel(Protocol):
    """The loaded causal language model.

    ``network`` is the torch module as the host loaded it (adapters live inside it); ``tokenizer`` is Hugging
    Face's. Every call that uses the network holds ``exclusive()`` itself for as long as it needs.
    """

    network: Any
    tokenizer: Any

    @property
    def identity(self) -> BaseIdentity:
        """The base's name and fingerprint."""

    @property
    def card(self) -> BaseCard:
        """The questions that go with this base."""

    @property
    def kind(self) -> str:
        """The kind of base, by its number format or quantisation."""

    @property
    def layers(self) -> Mapping[str, tuple[int, int]]:
        """The linear layers that adapters can change, in the network's order: path to (outputs, inputs)."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the model: no generation and no other training meanwhile. Reentrant within a thread."""

    def held_by_host(self) -> AbstractContextManager[None]:
        """Say that the host called this thread while it holds its lock: ``exclusive`` then does not wait for it."""

    def generate(self, chats: Sequence[Sequence[ChatMessage]], *, max_new_tokens: int = 64) -> list[str]:
        """Return the greedy reply to each chat, as plain text, with whatever adapters are active."""

    def stream(
        self,
        chat: Sequence[ChatMessage],
        *,
        max_new_tokens: int = 256,
        within: AbstractContextManager[object] | None = None,
    ) -> Generator[str]:
        """Yield the greedy reply to one chat in pieces, with ``within`` entered until the last one or ``close()``."""

    def in_slices(
        self, around: Callable[[], AbstractContextManager[None]], *, slice_s: float
    ) -> AbstractContextManager[None]:
        """Hold the model, but let the chat have it between two steps when ``slice_s`` have passed.

        ``around`` is entered for each slice.
        """

    def let_go(self) -> None:
        """Keep no reference to the network, so that its memory is free; this model cannot be used afterwards."""

    def sample(self, exchange: Exchange) -> Sample:
        """Return the tokens of an exchange in the model's chat template; the loss counts on the reply alone."""

    def token_losses(self, exchanges: Sequence[Exchange]) -> list[tuple[float, ...]]:
        """Return, for each exchange, the loss of every token of its reply, in nats, with what adapters are active."""

    def hidden_states(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text from inside the network, with what adapters are active."""


class Stack(Protocol):
    """The adapters on the live model."""

    @property
    def attached(self) -> tuple[str, ...]:
        """The ids of the adapters that are attached."""

    @property
    def size_bytes(self) -> int:
        """What the attached adapters take in memory."""

    def attach(self, adapter_id: str, folder: Path) -> None:
        """Attach an adapter's files, inactive. Refuses what does not fit before anything is touched."""

    def detach(self, adapter_id: str) -> None:
        """Take an adapter off; with the last one gone the network is as the host loaded it."""

    def activate(self, weights: Sequence[tuple[str, float]]) -> None:
        """Make exactly these attached adapters active, with their weights."""

    def activated(self, weights: Sequence[tuple[str, float]]) -> AbstractContextManager[None]:
        """Hold the model with exactly these adapters active, then restore what was active."""


class UnfinishedAdapter(Protocol):
    """An adapter on the live model that is being trained; at rest it is inactive and frozen."""

    @property
    def parameters(self) -> Sequence[Any]:
        """What is trained: torch parameters in float32."""

    def open(self) -> AbstractContextManager[None]:
        """Hold the model with this adapter, on those beneath it, active and alone trainable; then restore all."""

    def write(self, folder: Path) -> None:
        """Write PEFT files and a manifest into ``folder``, made visible in one step."""


class TrainingStack(Protocol):
    """What a trainer needs of the stack."""

    def unfinished(
        self, adapter_id: str, *, recipe: Recipe, beneath: Sequence[tuple[str, float]]
    ) -> AbstractContextManager[UnfinishedAdapter]:
        """Create an adapter for training, on top of attached ones; it is taken off again at the end.

        Its weights at the start depend on the recipe's seed alone. Raises CannotTrain.
        """

    def lend(
        self, adapter_id: str, *, recipe: Recipe, beneath: Sequence[tuple[str, float]]
    ) -> Callable[[Path, Path], None]:
        """Prepare the network for a training of the host's, on top of attached adapters; return what takes it in.

        That is called with the folder of PEFT's files and the folder to write to, and raises AdapterMissing and
        AdapterDamaged. The caller holds the model. Raises CannotTrain, UnknownId.
        """

    def let_go(self) -> None:
        """Keep no reference to the network's layers; this stack cannot be used afterwards."""


class TrainingHost(Protocol):
    """A host that has a training of its own, such as the webui's Training tab."""

    def train(
        self,
        name: str,
        exchanges: Sequence[Exchange],
        *,
        recipe: Recipe,
        sample_tokens: int,
        on_progress: ProgressCallback,
        cancelled: CancelCheck,
    ) -> AbstractContextManager[Path]:
        """Train the loaded network on exchanges of at most ``sample_tokens``; give the folder with PEFT's files.

        The caller holds the model, and the network is not to be used again. At the end nothing is left of the exchanges
        and the files. Raises Cancelled and CannotTrain.
        """

    def load_again(self) -> None:
        """Load the model again, by its name. Raises CannotTrain."""


class Trainer(Protocol):
    """Makes an adapter."""

    def train(
        self,
        adapter_id: str,
        samples: Sequence[Sample],
        *,
        recipe: Recipe,
        beneath: Sequence[tuple[str, float]],
        folder: Path,
        on_progress: ProgressCallback,
        cancelled: CancelCheck,
    ) -> tuple[float, ...]:
        """Train on ``samples`` on top of the frozen adapters ``beneath``; write PEFT files into ``folder``.

        Returns the loss of every step. Raises Cancelled, TrainingDiverged, TooLittleMemory or CannotTrain and then
        leaves nothing.
        """
