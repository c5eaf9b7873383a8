"""The schedule: what begins by itself, from what the journal knows and the clock says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cocolora.engine.recheck import unasked
from cocolora.engine.rooms import Rooms
from cocolora.engine.status import read_due

AUTOMATIC = {"automatic": True}
"""The payload of a learning that nobody asked for."""


def start_what_is_due(
    rooms: Rooms, *, learn: Callable[[str], None], recheck: Callable[[str, str], None]
) -> datetime | None:
    """Start learning, or asking the stack of which the mark is given, for each profile for which it is due.

    Return when to look again if nothing more is said.
    """
    moments = []
    for profile in rooms.journal.profiles():
        if mark := unasked(rooms, profile):
            recheck(profile, mark)
        if not rooms.settings.of(profile).learning.automatic:
            continue
        due = read_due(rooms, profile=profile)
        if due.now:
            learn(profile)
        elif due.at is not None:
            moments.append(due.at)
    return min(moments, default=None)
