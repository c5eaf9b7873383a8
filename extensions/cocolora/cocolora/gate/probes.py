"""Asking the probes: what an adapter recalls, what it kept, and what it still admits not to know."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from cocolora.core.conversations import ChatMessage
from cocolora.core.gate import Probe, holds_key
from cocolora.core.lessons import Exchange, is_abstention
from cocolora.core.ports import LanguageModel
from cocolora.core.study import normalise

PROBE_TOKENS = 48


def share_right(probes: Sequence[Probe], model: LanguageModel) -> float:
    """Return the share of probes answered rightly by free generation; 1.0 when there are none.

    A probe with a key wants the key in the reply, one without wants an abstention.
    """
    return share(marks(probes, model))


def marks(probes: Sequence[Probe], model: LanguageModel) -> list[bool]:
    """Return for each probe whether it is answered rightly by free generation."""
    replies = ask([probe.question for probe in probes], model)
    return [
        holds_key(reply, probe.key) if probe.key else is_abstention(reply)
        for probe, reply in zip(probes, replies, strict=True)
    ]


def median_loss(exchanges: Sequence[Exchange], model: LanguageModel) -> float:
    """Return the median loss of the replies' tokens, in nats; 0.0 when there are none.

    The median follows what a model can do, the mean what its worst tokens do.
    """
    losses = [loss for exchange in model.token_losses(exchanges) for loss in exchange]
    return statistics.median(losses) if losses else 0.0


def share_same(exchanges: Sequence[Exchange], model: LanguageModel) -> float:
    """Return the share of exchanges whose reply the model gives in the same words; 1.0 when there are none."""
    replies = model.generate([exchange.prompt for exchange in exchanges], max_new_tokens=PROBE_TOKENS)
    return share(
        [normalise(reply) == normalise(exchange.reply) for exchange, reply in zip(exchanges, replies, strict=True)]
    )


def ask(questions: Sequence[str], model: LanguageModel) -> list[str]:
    """Return the reply to each question, asked alone."""
    chats: list[list[ChatMessage]] = [[{"role": "user", "content": question}] for question in questions]
    return model.generate(chats, max_new_tokens=PROBE_TOKENS) if chats else []


def share(right: Sequence[bool]) -> float:
    """Return the share of true values; 1.0 when there are none."""
    return sum(right) / len(right) if right else 1.0
