"""Asking an engine many questions, with chosen parts of it switched on, and marking the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cocolora.core.conversations import ChatMessage
from cocolora.core.gate import Probe, holds_key
from cocolora.core.lessons import is_abstention
from cocolora.core.routing import Route
from cocolora.engine import Engine
from cocolora.engine.answer import Context

Arrange = Callable[[Context], Context]


def bare(context: Context) -> Context:
    """Switch everything off: the base alone."""
    return Context()


def text_only(context: Context) -> Context:
    """Keep the quoted memories, without any adapter."""
    return replace(context, route=Route())


def weights_only(context: Context) -> Context:
    """Keep the adapters, without any quoted memory."""
    return replace(context, memory_block="", memories=())


def everything(context: Context) -> Context:
    """Keep memories and adapters, as a user's chat does."""
    return context


def ask_all(engine: Engine, questions: Sequence[str], arrange: Arrange) -> list[str]:
    """Return the answer to each question, asked alone in an empty chat."""
    asked: list[tuple[Sequence[ChatMessage], Context]] = [
        ([{"role": "user", "content": question}], arrange(engine.contextualise(question))) for question in questions
    ]
    return engine.replies(asked, max_new_tokens=48)


@dataclass(frozen=True, slots=True)
class Marks:
    """The share of answers that hold their key; for probes without one, of those that abstain."""

    right: tuple[bool, ...]

    @property
    def share(self) -> float:
        """Right answers among all; 1.0 when nothing was asked."""
        return sum(self.right) / len(self.right) if self.right else 1.0


def mark(engine: Engine, probes: Sequence[Probe], arrange: Arrange) -> Marks:
    """Ask the probes and mark the answers."""
    answers = ask_all(engine, [probe.question for probe in probes], arrange)
    return Marks(
        tuple(
            holds_key(answer, probe.key) if probe.key else is_abstention(answer)
            for probe, answer in zip(probes, answers, strict=True)
        )
    )
