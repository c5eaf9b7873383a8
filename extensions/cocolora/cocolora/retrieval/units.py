"""What can be found: pieces of text that each belong to one turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

UnitKind = Literal["exchange", "question"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A text by which a turn can be found: its whole exchange, or a question that one of its lessons answers.

    ``unit_id`` is unique in the index. An imported adapter stands for its turns: its units carry the adapter's id
    as ``turn_id``. Dates in a question are compared with the calendar day of ``said_at`` in its own time zone.
    Exchanges of one conversation whose ``position`` differs by 1 are neighbours: where one fits, the other may. One
    that ``asks`` ends with a question, which the next one answers.
    """

    unit_id: str
    turn_id: str
    profile: str
    text: str
    said_at: datetime
    kind: UnitKind = "exchange"
    conversation_id: str = ""
    position: int = 0
    asks: bool = False

    @property
    def said_on(self) -> date:
        """The calendar day on which the turn was said."""
        return self.said_at.date()
