"""One run of learning: for whom, in which rooms, who watches, and who may stop it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cocolora.core.events import CancelCheck, ProgressCallback
from cocolora.engine.rooms import Rooms
from cocolora.settings import Settings


@dataclass(frozen=True, slots=True)
class Run:
    """What every step of learning is given.

    With ``until``, the newest turn of a conversation waits if it was said later: it may still be edited. One that was
    begun ``by_hand`` also learns the imported turns that wait for that.
    """

    rooms: Rooms
    profile: str
    on_progress: ProgressCallback
    cancelled: CancelCheck
    until: datetime | None = None
    by_hand: bool = False

    @property
    def settings(self) -> Settings:
        """The settings that hold in the profile."""
        return self.rooms.settings.of(self.profile)
