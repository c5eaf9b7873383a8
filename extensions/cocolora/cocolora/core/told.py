"""What became of what was said: each turn with where it stands, and each conversation with how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cocolora.core.conversations import Change, Conversation, Turn
from cocolora.core.parts import Why


class Standing(StrEnum):
    """What came of a turn so far."""

    WAITING = "remembered"
    PRIVATE = "remembered, never learned"
    READ = "read, nothing to learn"
    LEARNED = "learned"
    REJECTED = "not learned"
    SECRET = "holds a secret, never learned"
    DOCUMENT = "a document, not learned"


@dataclass(frozen=True, slots=True)
class Told:
    """A turn and what became of it.

    ``adapter`` is the name of the adapter that learned it or was rejected for it, ``reason`` why. ``change`` made its
    current version. ``why`` is what took part in its reply; None when that is not known.
    """

    turn: Turn
    standing: Standing
    change: Change
    adapter: str = ""
    reason: str = ""
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Shelved:
    """A conversation, with how many turns it holds and how many of them were learned.

    Of one that is not ``recorded`` nothing that is said from now on is kept.
    """

    conversation: Conversation
    turns: int
    learned: int
    learnable: bool
    recorded: bool
