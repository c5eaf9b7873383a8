"""Conversations as they are told: messages, turns and their versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypedDict

DEFAULT_PROFILE = "personal"
IMPORT_SOURCE = "import"
"""The source of a conversation that came from a file."""
_QUESTION_MARKS = "?？؟"


class ChatMessage(TypedDict):
    """One message in the form that chat templates take."""

    role: Literal["system", "user", "assistant"]
    content: str


class TurnState(StrEnum):
    """Where a turn stands in the conversation that the user sees."""

    CURRENT = "current"
    REMOVED = "removed"


class Change(StrEnum):
    """What made a version of a turn."""

    RECORDED = "recorded"
    REGENERATED = "regenerated"
    CONTINUED = "continued"
    EDITED = "edited"
    SWIPED = "swiped"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat under one profile; ``id`` is the host's own where it has one."""

    id: str
    profile: str
    title: str
    source: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """A user message and its reply, in the version that is current.

    ``ordinal`` counts the turns ever recorded in the conversation and is never reused; ``position`` is the row in
    the visible chat. One that is not ``learnable`` is remembered, but its user lets nobody learn from it.
    """

    id: str
    conversation_id: str
    ordinal: int
    position: int
    user: str
    reply: str
    said_at: datetime
    version: int
    state: TurnState = TurnState.CURRENT
    learnable: bool = True

    @property
    def messages(self) -> list[ChatMessage]:
        """The turn as chat messages."""
        return [{"role": "user", "content": self.user}, {"role": "assistant", "content": self.reply}]

    @property
    def text(self) -> str:
        """The turn as plain text: the unit that is searched."""
        return f"{self.user}\n{self.reply}"

    @property
    def asks(self) -> bool:
        """Whether the reply ends with a question: then the next turn answers it."""
        last_letter = max((place for place, char in enumerate(self.reply) if char.isalnum()), default=-1)
        return any(mark in self.reply[last_letter + 1 :] for mark in _QUESTION_MARKS)
