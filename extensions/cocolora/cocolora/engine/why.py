"""Why: what took part in replies, looked up in the journal as it is now."""

from __future__ import annotations

from collections.abc import Mapping

from cocolora.core.parts import Answerer, Parts, Why
from cocolora.engine.rooms import Rooms


def look_up(rooms: Rooms, parts: Mapping[str, Parts]) -> dict[str, Why]:
    """Return, under the same keys, the turns and adapters that took part; None for those that are gone since."""
    ids = {turn_id for one in parts.values() for turn_id in one.sources}
    turns = {turn.id: turn for turn in rooms.journal.turns(ids=ids)}
    adapters = {adapter.id: adapter for adapter in rooms.journal.adapters()}
    return {
        key: Why(
            tuple(turns.get(turn_id or "") for turn_id in one.memories),
            tuple(
                Answerer(adapters.get(part.adapter_id or ""), turns.get(part.turn_id or ""), part.score)
                for part in one.adapters
            ),
        )
        for key, one in parts.items()
    }


def why(rooms: Rooms, parts: Parts) -> Why:
    """Return what took part in one reply."""
    return look_up(rooms, {"": parts})[""]


def last_parts(rooms: Rooms, conversation_id: str) -> Parts | None:
    """Return what took part in a conversation's last reply; None when that is not known."""
    turns = rooms.journal.turns(conversation_id=conversation_id)
    return rooms.journal.parts([turns[-1].id]).get(turns[-1].id) if turns else None
