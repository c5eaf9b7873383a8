"""A simulated life: personal facts told in conversations, with small talk between, on a clock of its own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cocolora.core.conversations import DEFAULT_PROFILE, Conversation
from cocolora.core.reconcile import Row
from cocolora.demo.world import PersonalFact, personal_facts, small_talk
from cocolora.engine import Engine

_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Clock:
    """A clock that a script moves."""

    def __init__(self, now: datetime = _START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the life's time."""
        return self.now

    def advance(self, **by: float) -> None:
        """Let time pass: ``minutes=3``, ``days=1``."""
        self.now += timedelta(**by)


def draw_facts(seed: int, count: int) -> tuple[PersonalFact, ...]:
    """Return the facts of one life: names and wordings that the demo base has never seen."""
    return personal_facts(random.Random(seed), count)


def tell(engine: Engine, clock: Clock, facts: Sequence[PersonalFact], *, number: int) -> None:
    """Hold one conversation that tells ``facts``, each followed by small talk."""
    conversation = Conversation(f"life-{number:04d}", DEFAULT_PROFILE, f"Day {number}", "bench", clock())
    chatter = small_talk(random.Random(number), len(facts))
    rows: list[Row] = []
    for fact, (user, reply) in zip(facts, chatter, strict=True):
        for message, answer in ((fact.statement, fact.reply), (user, reply)):
            clock.advance(minutes=2)
            rows.append(Row(message, answer, clock()))
            engine.record(conversation, rows)
    clock.advance(days=1)
