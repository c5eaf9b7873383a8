"""Reading back: a conversation with what became of each turn, and the conversations that hold a text."""

from __future__ import annotations

from collections.abc import Mapping

from cocolora.core.adapters import Adapter
from cocolora.core.conversations import Change, Turn
from cocolora.core.parts import Why
from cocolora.core.records import Outcome, Reading
from cocolora.core.told import Standing, Told
from cocolora.engine.rooms import Rooms
from cocolora.engine.why import look_up
from cocolora.errors import ModelError

_STANDINGS = {
    Outcome.LEARNED: Standing.LEARNED,
    Outcome.REJECTED: Standing.REJECTED,
    Outcome.SECRET: Standing.SECRET,
    Outcome.DOCUMENT: Standing.DOCUMENT,
}


def read_conversation(rooms: Rooms, conversation_id: str) -> tuple[Told, ...]:
    """Return a conversation's turns with where each stands for the loaded base, or for any where none is loaded.

    A turn that is forgotten while this reads is left out.
    """
    journal = rooms.journal
    turns = journal.turns(conversation_id=conversation_id)
    ids = [turn.id for turn in turns]
    readings = journal.readings(ids, _fingerprint(rooms))
    adapters = {adapter.id: adapter for adapter in journal.adapters()}
    whys = look_up(rooms, journal.parts(ids))
    changes = journal.changes(ids)
    private = conversation_id in journal.unlearnable()
    return tuple(
        _told(
            turn,
            readings.get(turn.id),
            adapters,
            change=changes[turn.id],
            why=whys.get(turn.id),
            private=private or not turn.learnable,
        )
        for turn in turns
        if turn.id in changes
    )


def _told(
    turn: Turn,
    reading: Reading | None,
    adapters: Mapping[str, Adapter],
    *,
    change: Change,
    why: Why | None,
    private: bool,
) -> Told:
    if reading is None:
        return Told(turn, Standing.PRIVATE if private else Standing.WAITING, change, why=why)
    adapter = adapters.get(reading.adapter_id or "")
    return Told(
        turn,
        _STANDINGS.get(reading.outcome, Standing.READ),
        change,
        adapter=adapter.name if adapter else "",
        reason=adapter.reason if adapter and reading.outcome is Outcome.REJECTED else "",
        why=why,
    )


def find_conversations(rooms: Rooms, text: str, *, profile: str) -> frozenset[str]:
    """Return the ids of the conversations that hold a text, in any turn or in their title, whatever its case."""
    wanted = " ".join(text.casefold().split())
    titled = {chat.id for chat in rooms.journal.conversations(profile) if wanted in chat.title.casefold()}
    return frozenset(titled | {turn.conversation_id for turn in rooms.journal.matching(text, profile=profile)})


def _fingerprint(rooms: Rooms) -> str | None:
    try:
        return rooms.workbench().model.identity.fingerprint
    except ModelError:
        return None
