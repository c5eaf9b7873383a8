"""Conversations: which there are, under which profile, and whether they may be learned."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from cocolora.core.conversations import Conversation
from cocolora.core.study import normalise
from cocolora.errors import UnknownId
from cocolora.journal.database import from_text, to_text


def all_conversations(connection: sqlite3.Connection, profile: str | None) -> list[Conversation]:
    """Return the conversations of a profile, or of all, oldest first."""
    rows = connection.execute(
        "SELECT * FROM conversations WHERE ?1 IS NULL OR profile = ?1 ORDER BY started_at, id", (profile,)
    )
    return [_conversation(row) for row in rows]


def find_conversation(connection: sqlite3.Connection, conversation_id: str) -> Conversation | None:
    """Return a conversation, or None when the journal has none of this id."""
    row = connection.execute("SELECT * FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
    return _conversation(row) if row else None


def get_conversation(connection: sqlite3.Connection, conversation_id: str) -> Conversation:
    """Return a conversation; raises UnknownId."""
    conversation = find_conversation(connection, conversation_id)
    if conversation is None:
        raise UnknownId("conversation", conversation_id)
    return conversation


def ensure_conversation(connection: sqlite3.Connection, conversation: Conversation) -> Conversation:
    """Add a conversation, unless it is there, and return it as it is kept."""
    connection.execute(
        "INSERT INTO conversations (id, profile, title, source, started_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (
            conversation.id,
            conversation.profile,
            conversation.title,
            conversation.source,
            to_text(conversation.started_at),
        ),
    )
    return get_conversation(connection, conversation.id)


def quotes(title: str, texts: Iterable[str]) -> bool:
    """Say whether a title repeats one of the texts: hosts name chats after their first message."""
    words = normalise(title.rstrip("….- "))
    said = [normalise(text) for text in texts]
    return bool(words) and any(words in text or text in words for text in said if text)


def change_conversation(
    connection: sqlite3.Connection, conversation_id: str, *, column: str, value: str | bool
) -> None:
    """Set a conversation's ``title``, ``profile``, ``source`` or ``learnable``; raises UnknownId."""
    get_conversation(connection, conversation_id)
    connection.execute(f"UPDATE conversations SET {column} = ? WHERE id = ?", (value, conversation_id))


def unlearnable_conversations(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the conversations that are recorded but not to be learned."""
    return frozenset(row[0] for row in connection.execute("SELECT id FROM conversations WHERE NOT learnable"))


def all_profiles(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return the profiles that have conversations or adapters."""
    rows = connection.execute("SELECT profile FROM conversations UNION SELECT profile FROM adapters ORDER BY 1")
    return tuple(row[0] for row in rows)


def _conversation(row: sqlite3.Row) -> Conversation:
    return Conversation(
        id=row["id"],
        profile=row["profile"],
        title=row["title"],
        source=row["source"],
        started_at=from_text(row["started_at"]),
    )
