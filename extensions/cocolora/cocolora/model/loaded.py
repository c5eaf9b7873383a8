"""The model that is loaded: its replies, its samples and its identity, one user at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any, TypeVar

from cocolora.core.adapters import BaseIdentity
from cocolora.core.conversations import ChatMessage
from cocolora.core.lessons import BaseCard, Exchange, Sample
from cocolora.model.bases import base_of
from cocolora.model.card import general_card
from cocolora.model.decoding import batches, decode, evaluating
from cocolora.model.fingerprint import fingerprint
from cocolora.model.hidden import mean_states
from cocolora.model.lock import ModelLock, PlainLock
from cocolora.model.losses import sample_losses
from cocolora.model.template import ChatTemplate

MOST_ROWS = 32
MOST_BATCH_TOKENS = 16_384
MOST_HIDDEN_TOKENS = 2_048  # the states of every layer are kept for a moment
LONGEST_TEXT_TOKENS = 512

T = TypeVar("T")
R = TypeVar("R")


class LoadedModel:
    """A causal language model as the host loaded it; implements ``core.ports.LanguageModel``."""

    def __init__(
        self,
        network: Any,
        tokenizer: Any,
        *,
        name: str,
        card: BaseCard | None = None,
        lock: PlainLock | None = None,
        quiet: Callable[[], None] | None = None,
    ) -> None:
        """Take the host's network and tokenizer, and the lock it generates under (a private one by default).

        ``quiet`` is called whenever the lock was taken, and returns when no stray generation runs any more.
        """
        self._base = base_of(network)
        self._base.settle(network)
        self.network = network
        self.tokenizer = tokenizer
        self.name = name
        self.card = card or general_card()
        self._template = ChatTemplate(tokenizer, model=name)
        self._lock = ModelLock(lock, quiet=quiet)

    @property
    def identity(self) -> BaseIdentity:
        """The base's name and its fingerprint, the same with and without adapters."""
        return BaseIdentity(self.name, fingerprint(self.network))

    @property
    def kind(self) -> str:
        """The kind of base: "float32", "bfloat16", "nf4", "nf4-double", "int8", "gptq-4bit" and so on."""
        return self._base.name(self.network)

    @cached_property
    def layers(self) -> Mapping[str, tuple[int, int]]:
        """The linear layers but the output head, in the network's order: path to (outputs, inputs)."""
        head = self.network.get_output_embeddings()
        found = ((p, m) for p, m in self.network.named_modules() if m is not head and self._base.is_layer(m))
        return {path: (module.out_features, module.in_features) for path, module in found}

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the model: no generation and no other training meanwhile. Reentrant within a thread."""
        return self._lock.exclusive()

    def in_slices(
        self, around: Callable[[], AbstractContextManager[None]], *, slice_s: float
    ) -> AbstractContextManager[None]:
        """Hold the model, but between two steps of ``generate`` and the like let others have it.

        That is where ``slice_s`` have passed; ``around`` is entered anew afterwards. Within another hold, in one go.
        """
        return self._lock.in_slices(around, slice_s=slice_s)

    def held_by_host(self) -> AbstractContextManager[None]:
        """Say that the host called this thread while it holds its lock: ``exclusive`` then does not wait for it."""
        return self._lock.held_by_host()

    def let_go(self) -> None:
        """Keep no reference to the network, so that its memory is free; this model cannot be used afterwards."""
        self.network = None
        vars(self).pop("layers", None)

    def generate(self, chats: Sequence[Sequence[ChatMessage]], *, max_new_tokens: int = 64) -> list[str]:
        """Return the greedy reply to each chat, as plain text, with whatever adapters are active.

        A prompt that leaves no room for the reply loses its beginning. Raises NoChatTemplate.
        """
        prompts = [self._prompt(chat, max_new_tokens=max_new_tokens) for chat in chats]
        replies = [""] * len(prompts)
        for indices in batches(list(map(len, prompts)), most_rows=MOST_ROWS, most_tokens=MOST_BATCH_TOKENS):
            tokens = self._complete([prompts[index] for index in indices], max_new_tokens=max_new_tokens)
            for index, reply in zip(indices, tokens, strict=True):
                replies[index] = self._text(reply).strip()
        return replies

    def stream(
        self,
        chat: Sequence[ChatMessage],
        *,
        max_new_tokens: int = 256,
        within: AbstractContextManager[object] | None = None,
    ) -> Generator[str]:
        """Yield the greedy reply to one chat in pieces. The model is held until the last piece or ``close()``.

        ``within`` is entered for as long as that, on the decoding thread: such as adapters that are active meanwhile.
        A thread of its own decodes: the reader's thread may change from piece to piece. Raises NoChatTemplate.
        """
        prompt = self._prompt(chat, max_new_tokens=max_new_tokens)
        pieces: queue.Queue[str | BaseException | None] = queue.Queue()
        stopped = threading.Event()
        work = (prompt, max_new_tokens, pieces, stopped, within or nullcontext())
        thread = threading.Thread(target=self._stream_into, args=work, name="cocolora-stream", daemon=True)
        return _read(pieces, thread=thread, stopped=stopped)

    def sample(self, exchange: Exchange) -> Sample:
        """Return the tokens of an exchange; the loss counts on the reply and its end. Raises NoChatTemplate."""
        return self._template.sample(exchange)

    def token_losses(self, exchanges: Sequence[Exchange]) -> list[tuple[float, ...]]:
        """Return, for each exchange, the loss of every token of its reply in nats. Raises NoChatTemplate."""
        samples = [self.sample(exchange) for exchange in exchanges]
        lengths = [len(sample.tokens) for sample in samples]
        return self._in_batches(sample_losses, samples, lengths, most_tokens=MOST_BATCH_TOKENS)

    def hidden_states(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, the same alone and in company, with whatever adapters are active.

        A text counts with its first ``LONGEST_TEXT_TOKENS`` tokens.
        """
        rows = [self._marked(text) for text in texts]
        return self._in_batches(mean_states, rows, list(map(len, rows)), most_tokens=MOST_HIDDEN_TOKENS)

    def _in_batches(
        self,
        read: Callable[[Any, list[T]], Sequence[R]],
        items: Sequence[T],
        lengths: Sequence[int],
        *,
        most_tokens: int,
    ) -> list[R]:
        """Return what ``read`` makes of each item, in their order; it is shown the network and a batch at a time."""
        found: dict[int, R] = {}
        for indices in batches(lengths, most_rows=MOST_ROWS, most_tokens=most_tokens):
            with self._lock.steps(), evaluating(self.network):
                read_now = read(self.network, [items[index] for index in indices])
                self._lock.pause()
            found.update(zip(indices, read_now, strict=True))
        return [found[index] for index in range(len(items))]

    def _marked(self, text: str) -> list[int]:
        """Return a text's tokens behind the mark that a text begins with, or any mark there is."""
        marks = (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id, 0)
        tokens = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return [next(mark for mark in marks if mark is not None), *tokens[:LONGEST_TEXT_TOKENS]]

    def _prompt(self, chat: Sequence[ChatMessage], *, max_new_tokens: int) -> list[int]:
        prompt = self._template.prompt(chat)
        context_tokens = getattr(self.network.config, "max_position_embeddings", None)
        if not context_tokens:
            return prompt
        return prompt[-max(1, context_tokens - max_new_tokens) :]

    def _complete(self, prompts: list[list[int]], *, max_new_tokens: int) -> list[list[int]]:
        replies: list[list[int]] = [[] for _ in prompts]
        with self._lock.steps(), evaluating(self.network):
            for step in decode(self.network, prompts, stop=self._stop, max_new_tokens=max_new_tokens):
                for reply, token in zip(replies, step, strict=True):
                    if token is not None:
                        reply.append(token)
                self._lock.pause()
        return replies

    def _stream_into(
        self,
        prompt: list[int],
        max_new_tokens: int,
        pieces: queue.Queue[Any],
        stopped: threading.Event,
        within: AbstractContextManager[object],
    ) -> None:
        try:
            with within, self.exclusive(), evaluating(self.network):
                steps = decode(self.network, [prompt], stop=self._stop, max_new_tokens=max_new_tokens)
                for text in self._pieces(steps):
                    pieces.put(text)
                    if stopped.is_set():
                        break
        except BaseException as error:  # noqa: BLE001 - handed over to the reader's thread, which raises it
            pieces.put(error)
        finally:
            pieces.put(None)

    def _pieces(self, steps: Iterator[list[int | None]]) -> Iterator[str]:
        tokens: list[int] = []
        said = ""
        for step in steps:
            tokens += [token for token in step if token is not None]
            text = self._text(tokens)
            if text.endswith("\N{REPLACEMENT CHARACTER}"):  # the middle of a character
                continue
            yield text[len(said) :]
            said = text

    def _text(self, tokens: list[int]) -> str:
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True))

    @property
    def _stop(self) -> frozenset[int]:
        ends = getattr(getattr(self.network, "generation_config", None), "eos_token_id", None)
        ends = ends if isinstance(ends, list) else [ends]
        return self._template.stop_tokens | {end for end in ends if end is not None}


def _read(
    pieces: queue.Queue[str | BaseException | None], *, thread: threading.Thread, stopped: threading.Event
) -> Generator[str]:
    thread.start()
    try:
        while (piece := pieces.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            if piece:
                yield piece
    finally:
        stopped.set()
        thread.join()
