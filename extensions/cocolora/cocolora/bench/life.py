"""A simulated life: what is told on which day, and the engine that lives it, in a home that survives interruption."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cocolora.core.adapters import Adapter
from cocolora.core.conversations import DEFAULT_PROFILE, Conversation
from cocolora.core.reconcile import Row
from cocolora.demo.world import PersonalFact, personal_facts, small_talk, style_request
from cocolora.engine import Engine

_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_NOTES = "life.json"
_FACTS_FOR_EACH_UPDATE = 8
LONG_LIFE_FACTS = 16
"""Lives of so many facts have wishes and updates in them."""

Exchange = tuple[str, str]


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


@dataclass(frozen=True, slots=True)
class Day:
    """What is said on one day, in conversations by name, and how many facts and updates were told by its end."""

    conversations: tuple[tuple[str, tuple[Exchange, ...]], ...]
    told: int
    updated: int


@dataclass(frozen=True, slots=True)
class Script:
    """One life: its facts in the order they are told, the places of those that are updated later, and its days."""

    seed: int
    facts: tuple[PersonalFact, ...]
    updates: tuple[int, ...]
    days: tuple[Day, ...]

    def facts_at(self, day: Day) -> tuple[PersonalFact, ...]:
        """Return what is so at the end of a day: an updated fact with the key and the statement that hold then."""
        changed = set(self.updates[: day.updated])
        return tuple(
            replace(fact, key=fact.corrected_key) if place in changed else fact
            for place, fact in enumerate(self.facts[: day.told])
        )


def write_script(seed: int, *, facts: int, per_stretch: int) -> Script:
    """Return a life of facts with names and wordings that the base has never seen, small talk between them.

    A long one begins with a wish for one-word answers, and an eighth of its facts is updated in its second half.
    """
    rng = random.Random(f"life-{seed}")
    drawn = draw_facts(seed, facts)
    is_long = facts >= LONG_LIFE_FACTS
    stretches = [drawn[start : start + per_stretch] for start in range(0, facts, per_stretch)]
    half = len(stretches) // 2
    places = range(half * per_stretch)
    updates = tuple(rng.sample(places, min(len(places), facts // _FACTS_FOR_EACH_UPDATE))) if is_long else ()
    days: list[Day] = []
    told = updated = 0
    for number, stretch in enumerate(stretches):
        conversations = [(f"life-{number:04d}", _tell(rng, stretch))]
        if is_long and number == 0:
            conversations.insert(0, ("wish", (style_request(rng),)))
        told += len(stretch)
        due = round(len(updates) * max(0, number + 1 - half) / max(1, len(stretches) - half))
        for place in updates[updated:due]:
            fact = drawn[place]
            conversations.append((f"update-{place:04d}", ((fact.correction, fact.reply), *small_talk(rng, 1))))
        updated = due
        days.append(Day(tuple(conversations), told, updated))
    return Script(seed, drawn, updates, tuple(days))


def _tell(rng: random.Random, facts: Sequence[PersonalFact]) -> tuple[Exchange, ...]:
    chatter = small_talk(rng, len(facts))
    told = [(fact.statement, fact.reply) for fact in facts]
    return tuple(exchange for both in zip(told, chatter, strict=True) for exchange in both)


def read_notes(folder: Path) -> dict[str, Any]:
    """Return what was noted beside a life; nothing where none was lived yet."""
    try:
        return dict(json.loads((folder / _NOTES).read_text()))
    except FileNotFoundError:
        return {}


@dataclass(slots=True)
class Life:
    """A life as it is lived in one home folder; what was lived is noted beside it, and not lived again.

    ``left_out`` are exchanges that are said, and taken back before they are learned: a life without them.
    """

    folder: Path
    script: Script
    find_model: Callable[[], Any]
    fan_in: int
    max_level: int = 2
    left_out: frozenset[str] = frozenset()
    clock: Clock = field(default_factory=Clock)
    notes: dict[str, Any] = field(default_factory=dict)
    _engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        """The engine on the life's home."""
        assert self._engine is not None, "open the life first"
        return self._engine

    def open(self) -> None:
        """Open the home, and go to where the life was interrupted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if notes := read_notes(self.folder):
            self.notes = notes
            self.clock.now = datetime.fromisoformat(self.notes["now"])
        else:
            self.notes = {"days": 0, "seconds": 0.0, "checkpoints": [], "now": self.clock().isoformat()}
        self._engine = Engine(self.folder / "home", self.find_model, clock=self.clock)
        self._engine.change_settings("learning", automatic=False)
        self._engine.change_settings(
            "rollup", automatic=self.fan_in > 0, fan_in=max(2, self.fan_in), max_level=self.max_level, keep_days=36500
        )

    def close(self) -> None:
        """Close the home."""
        self.engine.close()
        self._engine = None

    def days_left(self) -> Sequence[Day]:
        """Return the days that were not lived yet."""
        return self.script.days[self.notes["days"] :]

    def live(self, day: Day) -> None:
        """Say what is said on a day, and learn; a day that was interrupted is lived again, to the same end."""
        self.clock.now = _START + timedelta(days=len(self.script.days) - len(self.days_left()))
        for name, exchanges in day.conversations:
            self._say(name, exchanges)
        before = time.process_time()
        self.engine.learn()
        self.notes["seconds"] += time.process_time() - before

    def _say(self, name: str, exchanges: Sequence[Exchange]) -> None:
        conversation = Conversation(name, DEFAULT_PROFILE, name, "bench", self.clock())
        rows: list[Row] = []
        for user, reply in exchanges:
            self.clock.advance(minutes=2)
            rows.append(Row(user, reply, self.clock()))
            self.engine.record(conversation, rows)
        kept = [row for row in rows if row.user not in self.left_out]
        if len(kept) < len(rows):
            self.engine.record(conversation, kept)

    def note(self, **values: Any) -> None:
        """Keep notes; with them the day that was lived counts as lived."""
        self.notes.update(values, now=self.clock().isoformat())
        aside = self.folder / "life.tmp"
        aside.write_text(json.dumps(self.notes))
        aside.replace(self.folder / _NOTES)

    def in_use(self) -> list[Adapter]:
        """Return the adapters that answer."""
        return [adapter for adapter in self.engine.adapters() if adapter.usable]
