"""What the journal answers with: readings, jobs, faults, and what a change to it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cocolora.core.adapters import Activation, AdapterKind
from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.core.gate import Scores


class Outcome(StrEnum):
    """What came of reading a turn."""

    LEARNED = "learned"
    NOTHING = "nothing"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    SECRET = "secret"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Reading:
    """One version of a turn was read for one base; ``adapter_id`` learned it, or was rejected, or is None."""

    turn_id: str
    version: int
    base_fingerprint: str
    outcome: Outcome
    adapter_id: str | None
    read_at: datetime


@dataclass(frozen=True, slots=True)
class TurnVersion:
    """One version of a turn's texts and what made it; versions count from 1."""

    turn_id: str
    version: int
    user: str
    reply: str
    change: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Synced:
    """The ids of the turns that a sync recorded, revised and removed.

    ``recorded`` includes the turns that an edit of a shared turn split off; ``joined`` are turns of other
    conversations that this one, a branch, now holds too. ``profile`` is the one under which the conversation is kept.
    """

    recorded: tuple[str, ...] = ()
    revised: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    profile: str = field(default="", compare=False)

    @property
    def changed(self) -> bool:
        """Whether any turn came, went or changed."""
        return bool(self.recorded or self.revised or self.removed or self.joined)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten. ``scrubbed`` is False when another reader kept old bytes in the file for now."""

    turn_ids: tuple[str, ...] = ()
    conversation_ids: tuple[str, ...] = ()
    adapter_ids: tuple[str, ...] = ()
    lessons: int = 0
    scrubbed: bool = True


@dataclass(frozen=True, slots=True)
class Rebuild:
    """An adapter that is to be made again, without what was forgotten, revised or superseded.

    ``turn_ids`` are the turns that are left of it, ``beneath`` those left of the always-on adapter it was trained
    on top of, ``sources`` the adapters it rolled up; ``made_at`` is when it was first made.
    """

    number: int
    profile: str
    kind: AdapterKind
    level: int
    name: str
    activation: Activation
    weight: float
    place: float | None
    made_at: datetime
    sources: tuple[str, ...]
    turn_ids: tuple[str, ...]
    beneath: tuple[str, ...]


class Occasion(StrEnum):
    """What a verdict was about."""

    LEARNED = "learned"
    REBUILT = "rebuilt"
    ROLLED_UP = "rolled up"
    EVALUATED = "evaluated"
    ADMITTED = "admitted"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class KeptVerdict:
    """A verdict of the gate as it is kept; ``adapter_id`` is empty for one on the whole stack, whose mark it has."""

    profile: str
    adapter_id: str
    occasion: Occasion
    passed: bool
    reason: str
    scores: Scores
    made_at: datetime
    stack: str = ""

    @property
    def found(self) -> str:
        """What was found, in words that follow a name."""
        return f"passes: {self.reason}" if self.passed else f"does not pass: {self.reason}"


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of background work: ``done`` of ``total`` units of the step that ``doing`` names.

    ``payload`` holds ids, numbers and paths, never conversation text. ``attempts`` were begun, ``waits`` are times
    that another process was at work.
    """

    id: str
    kind: str
    payload: Mapping[str, object]
    state: JobState
    doing: str
    done: int
    total: int
    message: str
    added_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    profile: str = DEFAULT_PROFILE
    attempts: int = 0
    waits: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the journal that is not as it must be: what kind, where, and in what way."""

    kind: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.subject}: {self.detail}"
