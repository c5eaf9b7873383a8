"""One run of learning: for whom, in which rooms, who watches, and who may stop it."""

from __future__ import annotations

from dataclasses import dataclass

from cocolora.core.events import CancelCheck, ProgressCallback
from cocolora.engine.rooms import Rooms


@dataclass(frozen=True, slots=True)
class Run:
    """What every step of learning is given."""

    rooms: Rooms
    profile: str
    on_progress: ProgressCallback
    cancelled: CancelCheck
