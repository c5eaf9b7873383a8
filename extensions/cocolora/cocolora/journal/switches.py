"""The recording switch of a single conversation: off, and what is said in it is passed over."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from cocolora.core.conversations import Conversation
from cocolora.core.reconcile import Row
from cocolora.errors import UnknownId
from cocolora.journal.conversations import find_conversation, quotes
from cocolora.journal.recording import sync
from cocolora.journal.tombstones import conversation_key, next_ordinal
from cocolora.journal.turns import conversations_of, find_copy


def set_recorded(connection: sqlite3.Connection, conversation_id: str, recorded: bool) -> None:
    """Switch recording of a conversation on or off, also when all of it was forgotten; raises UnknownId."""
    if find_conversation(connection, conversation_id) is None and not next_ordinal(connection, conversation_id):
        raise UnknownId("conversation", conversation_id)
    key = conversation_key(connection, conversation_id)
    if recorded:
        connection.execute("DELETE FROM unrecorded WHERE conversation_key = ?", (key,))
    else:
        connection.execute("INSERT OR IGNORE INTO unrecorded VALUES (?)", (key,))


def unrecorded_of(connection: sqlite3.Connection, conversation_ids: Iterable[str]) -> frozenset[str]:
    """Return those of some conversations whose recording is off."""
    keys = {row[0] for row in connection.execute("SELECT conversation_key FROM unrecorded")}
    return frozenset(one for one in conversation_ids if keys and conversation_key(connection, one) in keys)


def could_inherit(connection: sqlite3.Connection, conversation_id: str) -> bool:
    """Say whether a conversation is new, and recording is off in any other."""
    any_is_off = connection.execute("SELECT 1 FROM unrecorded LIMIT 1").fetchone() is not None
    return any_is_off and find_conversation(connection, conversation_id) is None


def inherit(connection: sqlite3.Connection, conversation: Conversation, rows: Sequence[Row], *, now: datetime) -> bool:
    """Let a new conversation that holds turns of one whose recording is off be off too; see Journal.is_recorded.

    It is kept with these turns, so that it can be found and switched on; it is not named for what else it holds.
    """
    if not could_inherit(connection, conversation.id):
        return False
    kept = [row if _is_copied(connection, row, conversation) else Row("", "") for row in rows]
    if not any(row.is_turn for row in kept):
        return False
    others = [row.user for row, left in zip(rows, kept, strict=True) if row != left]
    title = "" if quotes(conversation.title, others) else conversation.title
    sync(connection, replace(conversation, title=title), kept, change=None, parts=None, now=now)
    set_recorded(connection, conversation.id, False)
    return True


def _is_copied(connection: sqlite3.Connection, row: Row, conversation: Conversation) -> bool:
    copy = find_copy(connection, row, conversation)
    return copy is not None and bool(unrecorded_of(connection, conversations_of(connection, copy.id)))
