"""History: how what is remembered and learned grew, and which conversations each adapter descends from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

MOST_POINTS = 200


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of a profile is in the journal, counted and not read: turns that are so, and conversations with any."""

    conversations: int
    turns: int


@dataclass(frozen=True, slots=True)
class Descent:
    """One conversation that an adapter descends from: how many of its turns, and how many facts they told."""

    adapter_id: str
    conversation_id: str
    title: str
    started_at: datetime
    turns: int
    facts: int


@dataclass(frozen=True, slots=True)
class Growth:
    """How many turns were remembered and how many of them learned, up to a moment."""

    at: datetime
    remembered: int
    learned: int


def grow(
    said: Iterable[tuple[datetime, int]], learned: Iterable[tuple[datetime, int]], *, most: int = MOST_POINTS
) -> tuple[Growth, ...]:
    """Add up what was said and learned at each moment, in order; at most ``most`` points, the last one included."""
    changes: dict[datetime, tuple[int, int]] = {}
    for at, number in said:
        changes[at] = (changes.get(at, (0, 0))[0] + number, changes.get(at, (0, 0))[1])
    for at, number in learned:
        changes[at] = (changes.get(at, (0, 0))[0], changes.get(at, (0, 0))[1] + number)
    points: list[Growth] = []
    remembered = known = 0
    for at in sorted(changes):
        remembered, known = remembered + changes[at][0], known + changes[at][1]
        points.append(Growth(at, remembered, known))
    stride = -(-len(points) // most) or 1
    return tuple(reversed(points[::-1][::stride]))
