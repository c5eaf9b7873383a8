"""History: how memory grew, and what each adapter descends from, for people to look at."""

from __future__ import annotations

from dataclasses import dataclass

from cocolora.core.history import Descent, Growth, grow
from cocolora.engine.rooms import Rooms
from cocolora.errors import ModelError


@dataclass(frozen=True, slots=True)
class History:
    """One profile over time; what counts as learned is what the loaded base learned, or any where none is loaded."""

    growth: tuple[Growth, ...]
    descents: tuple[Descent, ...]

    def descent_of(self, adapter_id: str) -> tuple[Descent, ...]:
        """Return the conversations that an adapter descends from."""
        return tuple(descent for descent in self.descents if descent.adapter_id == adapter_id)

    @property
    def facts(self) -> dict[str, int]:
        """How many facts each adapter was taught, by its id."""
        taught: dict[str, int] = {}
        for descent in self.descents:
            taught[descent.adapter_id] = taught.get(descent.adapter_id, 0) + descent.facts
        return taught


def read_history(rooms: Rooms, *, profile: str) -> History:
    """Gather a profile's history; never raises for want of a model."""
    journal = rooms.journal
    learned = journal.learned_by_minute(profile, _fingerprint(rooms))
    return History(grow(journal.said_by_minute(profile), learned), tuple(journal.descents(profile)))


def _fingerprint(rooms: Rooms) -> str | None:
    try:
        return rooms.workbench().model.identity.fingerprint
    except ModelError:
        return None
