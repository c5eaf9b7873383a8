"""Correcting: a turn is given another text."""

from __future__ import annotations

from cocolora.core.conversations import Change, Conversation
from cocolora.core.reconcile import Row
from cocolora.core.records import Synced
from cocolora.engine.record import record
from cocolora.engine.rooms import Rooms
from cocolora.errors import HostsChat, SettingsInvalid

HOSTS = ("webui",)
"""Sources whose chats the host keeps itself: the journal follows them, so that an edit here would not last."""


def check_editable(rooms: Rooms, conversation_id: str) -> Conversation:
    """Return a conversation whose turns can be given another text here. Raises UnknownId, HostsChat."""
    conversation = rooms.journal.conversation(conversation_id)
    if conversation.source in HOSTS:
        raise HostsChat(conversation.title)
    return conversation


def edit_turn(rooms: Rooms, turn_id: str, *, conversation_id: str, user: str, reply: str) -> Synced:
    """Give a turn of a conversation another text; adapters that learned the old one are stale.

    Raises UnknownId, HostsChat, and SettingsInvalid for an empty text.
    """
    conversation = check_editable(rooms, conversation_id)
    rooms.journal.turn(turn_id)
    empty = [name for name, text in (("what you said", user), ("the reply", reply)) if not text.strip()]
    if empty:
        raise SettingsInvalid("The turn", [f"{' and '.join(empty)} must not be empty; to be rid of it, forget it"])
    rows = [
        Row(user, reply, turn.said_at) if turn.id == turn_id else Row(turn.user, turn.reply, turn.said_at)
        for turn in rooms.journal.turns(conversation_id=conversation_id)
    ]
    return record(rooms, conversation, rows, change=Change.EDITED)
