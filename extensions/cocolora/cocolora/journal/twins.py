"""Twins: a chat that was imported from a file under its name alone, and the same chat as the webui keeps it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import PurePosixPath

from cocolora.core.conversations import IMPORT_SOURCE, Conversation, Turn
from cocolora.core.reconcile import Row
from cocolora.journal.conversations import (
    change_conversation,
    ensure_conversation,
    find_conversation,
    unlearnable_conversations,
)
from cocolora.journal.turns import SAME_MOMENT, conversations_of, select_turns


def take_over(connection: sqlite3.Connection, conversation: Conversation, rows: Sequence[Row]) -> None:
    """Let a chat hold what its twin holds, and the twin nothing: an edit or a removal then leaves nothing behind.

    A conversation of the same name is the same chat where they share a turn: chats are renamed as their users like.
    """
    name = PurePosixPath(conversation.id).name
    twin = find_conversation(connection, name) if name != conversation.id else None
    if twin is None or (twin.source, twin.profile) != (IMPORT_SOURCE, conversation.profile):
        return
    turns = select_turns(connection, conversation_id=twin.id)
    if not any(_is_shared(connection, turn, conversation.id, rows) for turn in turns):
        return
    ensure_conversation(connection, conversation)
    connection.execute(
        "INSERT OR IGNORE INTO conversation_turns SELECT ?, turn_id, position FROM conversation_turns "
        "WHERE conversation_id = ?",
        (conversation.id, twin.id),
    )
    connection.execute("DELETE FROM conversation_turns WHERE conversation_id = ?", (twin.id,))
    if twin.id in unlearnable_conversations(connection):
        change_conversation(connection, conversation.id, column="learnable", value=False)


def _is_shared(connection: sqlite3.Connection, turn: Turn, conversation_id: str, rows: Sequence[Row]) -> bool:
    said = [row.said_at for row in rows if row.texts == (turn.user, turn.reply) and row.said_at is not None]
    is_shown = any(abs(moment - turn.said_at) <= SAME_MOMENT for moment in said)
    return is_shown or conversation_id in conversations_of(connection, turn.id)
