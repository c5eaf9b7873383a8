"""Past chats: many turns that were imported are not learned before their user asks for it."""

from __future__ import annotations

from collections.abc import Sequence

from cocolora.core.conversations import Turn
from cocolora.engine.import_chats import IMPORT, MANY_TURNS
from cocolora.engine.rooms import Rooms


def by_itself(rooms: Rooms, unread: Sequence[Turn], *, profile: str) -> list[Turn]:
    """Return the unread turns that learning may take in by itself: few imported ones, once all of them are there."""
    imported = rooms.journal.imported(turn.id for turn in unread)
    if len(imported) <= MANY_TURNS and not rooms.journal.queue.is_unfinished(IMPORT, profile=profile):
        return list(unread)
    return [turn for turn in unread if turn.id not in imported]
