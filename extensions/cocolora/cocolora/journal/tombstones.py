"""Tombstones: what is kept of a forgotten turn, so that it does not come back, and none of its text.

The host's own chat log still holds a forgotten row, and every later sync brings it along. To know it again the
journal keeps keyed hashes (HMAC-SHA256, with 32 random bytes that never leave this journal) of the normalised
texts. A hash is not text: nothing can be read from it, it has the same length for every message, and it means
nothing beside another journal. Who holds the journal file, key included, can at most confirm a guess of a whole
message, word for word; so these hashes are never exported. What was said while nothing was to be recorded is known
again in the same way.
"""

from __future__ import annotations

import hmac
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from cocolora.core.conversations import Conversation, Turn
from cocolora.core.reconcile import Row
from cocolora.core.study import normalise
from cocolora.journal.database import to_text
from cocolora.journal.turns import SAME_MOMENT

PASSED_OVER = "p"
"""What the id of a tombstone begins with whose turn was said while nothing was to be recorded."""


class Tombstones:
    """The forgotten turns, as one conversation's sync meets them; each answers for one row at most."""

    def __init__(self, connection: sqlite3.Connection, conversation: Conversation, *, forgotten_alone: bool) -> None:
        """Take the conversation; ``forgotten_alone`` leaves out what was said while nothing was to be recorded."""
        self._connection = connection
        self._but = f"{PASSED_OVER}%" if forgotten_alone else ""
        self._key = _secret(connection)
        self._conversation = _hash(self._key, "conversation", conversation.id)
        self._used: set[str] = set()
        self._any = connection.execute("SELECT 1 FROM tombstones LIMIT 1").fetchone() is not None
        unseen = "SELECT 1 FROM tombstones WHERE turn_id GLOB ? LIMIT 1"
        self.has_unseen = not forgotten_alone and bool(connection.execute(unseen, (f"{PASSED_OVER}*",)).fetchone())

    def leave_out(self, rows: Sequence[Row], turns: Sequence[Turn]) -> list[Row]:
        """Return ``rows`` with the forgotten ones emptied; rows that are current turns are not asked about."""
        if not self._any:
            return list(rows)
        there = [(turn.user, turn.reply) for turn in turns]
        places = {turn.position: texts for turn, texts in zip(turns, there, strict=True)}
        left = Counter(there)
        kept = list(rows)
        for position in sorted(range(len(rows)), key=lambda p: (places.get(p) != rows[p].texts, p)):
            texts = rows[position].texts
            if left[texts]:
                left[texts] -= 1
            elif self.covers(rows[position], texts):
                kept[position] = Row("", "")
        return kept

    def covers(self, row: Row, texts: Iterable[str]) -> bool:
        """Say whether a forgotten turn of this conversation, or of the same moment in a branch, had these texts."""
        if not self._any or not row.is_turn:
            return False
        for turn_id in self._matching(row, _hash(self._key, *texts)):
            if turn_id not in self._used:
                self._used.add(turn_id)
                return True
        return False

    def changed_unseen(self, turn: Turn, row: Row, *texts: str) -> bool:
        """Say whether a turn came to have these texts, those of a row, while nothing was to be recorded."""
        found = self._matching(row, _hash(self._key, turn.id, *texts)) if self.has_unseen else []
        return any(turn_id.startswith(PASSED_OVER) for turn_id in found)

    def _matching(self, row: Row, text_key: bytes) -> list[str]:
        said = row.said_at
        rows = self._connection.execute(
            "SELECT s.turn_id FROM tombstone_texts x JOIN tombstones s USING (turn_id) WHERE x.text_key = ? AND "
            "s.turn_id NOT LIKE ? AND (s.said_at BETWEEN ? AND ? OR EXISTS (SELECT 1 FROM tombstone_conversations c "
            "WHERE c.turn_id = s.turn_id AND c.conversation_key = ?)) ORDER BY s.said_at, s.turn_id",
            (
                text_key,
                self._but,
                to_text(said - SAME_MOMENT) if said else "",
                to_text(said + SAME_MOMENT) if said else "",
                self._conversation,
            ),
        )
        return [row[0] for row in rows]


def bury(
    connection: sqlite3.Connection,
    turn_id: str,
    *,
    said_at: datetime,
    texts: Iterable[tuple[str, ...]],
    conversation_ids: Iterable[str],
    now: datetime,
) -> None:
    """Leave a tombstone, good in every conversation that held the turn, that knows ``texts``."""
    key = _secret(connection)
    connection.execute("INSERT INTO tombstones VALUES (?, ?, ?)", (turn_id, to_text(said_at), to_text(now)))
    connection.executemany(
        "INSERT OR IGNORE INTO tombstone_conversations VALUES (?, ?)",
        [(turn_id, _hash(key, "conversation", conversation_id)) for conversation_id in conversation_ids],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO tombstone_texts VALUES (?, ?)",
        [(turn_id, _hash(key, *parts)) for parts in texts],
    )


def known_by(texts: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Return what versions of a turn are known again by: their texts, and the user's alone: replies are regenerated."""
    return [parts for user, reply in texts for parts in ((user, reply), (user,))]


def conversation_key(connection: sqlite3.Connection, conversation_id: str) -> bytes:
    """Return the keyed hash under which something of a conversation outlives it."""
    return _hash(_secret(connection), "conversation", conversation_id)


def take_ordinal(connection: sqlite3.Connection, conversation_id: str) -> int:
    """Return the conversation's next ordinal and count it as used, for ever."""
    row = connection.execute(
        "INSERT INTO ordinals VALUES (?, 1) ON CONFLICT DO UPDATE SET next_ordinal = next_ordinal + 1 "
        "RETURNING next_ordinal",
        (conversation_key(connection, conversation_id),),
    ).fetchone()
    return int(row[0]) - 1


def next_ordinal(connection: sqlite3.Connection, conversation_id: str) -> int:
    """Return the ordinal that the conversation's next turn will have."""
    key = conversation_key(connection, conversation_id)
    row = connection.execute("SELECT next_ordinal FROM ordinals WHERE conversation_key = ?", (key,)).fetchone()
    return int(row[0]) if row else 0


def is_buried(connection: sqlite3.Connection, turn_id: str) -> bool:
    """Say whether a turn was forgotten."""
    return connection.execute("SELECT 1 FROM tombstones WHERE turn_id = ?", (turn_id,)).fetchone() is not None


def _secret(connection: sqlite3.Connection) -> bytes:
    return bytes(connection.execute("SELECT value FROM secrets WHERE name = 'tombstones'").fetchone()[0])


def _hash(key: bytes, *parts: str) -> bytes:
    return hmac.digest(key, "\x1f".join(normalise(part) or part for part in parts).encode(), "sha256")
