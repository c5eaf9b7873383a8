"""Forgetting: turns go with everything that descends from them; what shared an adapter with them is taught again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cocolora.core.adapters import Adapter
from cocolora.core.conversations import Turn
from cocolora.engine.catalogue import drop_files
from cocolora.engine.rooms import Rooms
from cocolora.errors import UnknownId


@dataclass(frozen=True, slots=True)
class ForgetPlan:
    """What would go, and what would be taught again because it shared an adapter with what goes."""

    turns: tuple[Turn, ...]
    adapters: tuple[Adapter, ...]
    taught_again: tuple[Turn, ...]


def plan_forget(
    rooms: Rooms, *, conversation: str | None = None, turn_ids: Sequence[str] = (), match: str | None = None
) -> ForgetPlan:
    """Say what forgetting a conversation, turns, or all turns that hold ``match`` would do. Raises UnknownId."""
    turns = {turn.id: turn for turn in _chosen(rooms, conversation, turn_ids, match)}
    adapters = rooms.journal.adapters_of(list(turns))
    beside = [turn_id for adapter in adapters for turn_id in adapter.turn_ids if turn_id not in turns]
    return ForgetPlan(
        tuple(turns.values()), tuple(adapters), tuple(rooms.journal.turns(ids=list(dict.fromkeys(beside))))
    )


def _chosen(rooms: Rooms, conversation: str | None, turn_ids: Sequence[str], match: str | None) -> list[Turn]:
    chosen = [rooms.journal.turn(turn_id) for turn_id in turn_ids]
    if conversation is not None:
        rooms.journal.conversation(conversation)
        chosen += rooms.journal.turns(conversation_id=conversation, include_removed=True)
    if match is not None:
        chosen += rooms.journal.matching(match)
        if not chosen:
            raise UnknownId("turn that holds the text", match)
    return chosen


def forget(rooms: Rooms, plan: ForgetPlan) -> None:
    """Carry out a plan: one journal transaction, then index and files; a crash between is mended at the next start."""
    with rooms.home.writing():
        turn_ids = [turn.id for turn in plan.turns]
        adapter_ids = [adapter.id for adapter in rooms.journal.adapters_of(turn_ids)]
        rooms.journal.forget(turn_ids, adapters=adapter_ids, now=rooms.clock())
        rooms.index.drop_turns(turn_ids)
        for adapter_id in adapter_ids:
            drop_files(rooms, adapter_id)
