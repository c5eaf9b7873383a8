"""History: counts and sums over the journal, answered by SQL alone, for pages that look again and again."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from cocolora.core.conversations import Conversation
from cocolora.core.history import Counts, Descent
from cocolora.core.told import Shelved
from cocolora.journal.conversations import all_conversations
from cocolora.journal.database import from_text
from cocolora.journal.switches import unrecorded_of

_MINUTE = 16
"""Characters of a time's text up to the minute."""


def count_all(connection: sqlite3.Connection, profile: str) -> Counts:
    """Count a profile's current turns, and the conversations in which they were said: a branch says nothing anew."""
    row = connection.execute(
        "SELECT count(DISTINCT conversation_id), count(*) FROM turns WHERE profile = ? AND state = 'current'",
        (profile,),
    ).fetchone()
    return Counts(conversations=row[0], turns=row[1])


def said_by_minute(connection: sqlite3.Connection, profile: str) -> list[tuple[datetime, int]]:
    """Return how many of the profile's current turns were said in each minute."""
    rows = connection.execute(
        f"SELECT substr(said_at, 1, {_MINUTE}) AS minute, count(*) FROM turns "
        "WHERE profile = ? AND state = 'current' GROUP BY minute",
        (profile,),
    )
    return [(_minute(row[0]), row[1]) for row in rows]


def learned_by_minute(
    connection: sqlite3.Connection, profile: str, base_fingerprint: str | None
) -> list[tuple[datetime, int]]:
    """Return how many of the profile's current turns were learned in each minute, for one base or for any."""
    rows = connection.execute(
        f"SELECT substr(read_at, 1, {_MINUTE}) AS minute, count(*) FROM ("
        "SELECT min(r.read_at) AS read_at FROM readings r JOIN turns t ON t.id = r.turn_id AND t.version = r.version "
        "WHERE t.profile = ?1 AND t.state = 'current' AND r.outcome = 'learned' "
        "AND (?2 IS NULL OR r.base_fingerprint = ?2) GROUP BY r.turn_id) GROUP BY minute",
        (profile, base_fingerprint),
    )
    return [(_minute(row[0]), row[1]) for row in rows]


def descents(connection: sqlite3.Connection, profile: str) -> list[Descent]:
    """Return the conversations that each of the profile's adapters descends from, in the order they were held."""
    rows = connection.execute(
        "SELECT x.adapter_id, c.id, c.title, c.started_at, count(DISTINCT x.turn_id) AS turns, "
        "count(DISTINCT l.turn_id || ' ' || l.key) AS facts "
        "FROM adapters a JOIN adapter_turns x ON x.adapter_id = a.id JOIN turns t ON t.id = x.turn_id "
        "JOIN conversations c ON c.id = t.conversation_id "
        "LEFT JOIN lessons l ON l.turn_id = x.turn_id AND l.turn_version = x.version AND l.kind = 'fact' "
        "AND l.base_fingerprint = a.base_fingerprint "
        "WHERE a.profile = ? GROUP BY x.adapter_id, c.id ORDER BY c.started_at, c.id",
        (profile,),
    )
    return [Descent(row[0], row[1], row[2], from_text(row[3]), row[4], row[5]) for row in rows]


def shelf(connection: sqlite3.Connection, profile: str) -> list[Shelved]:
    """Return the profile's conversations that hold turns, newest first, with how many were learned by any base."""
    unrecorded = unrecorded_of(connection, [one.id for one in all_conversations(connection, profile)])
    rows = connection.execute(
        "SELECT c.id, c.title, c.source, c.started_at, c.learnable, count(*) AS turns, count(l.turn_id) AS learned "
        "FROM conversations c JOIN conversation_turns x ON x.conversation_id = c.id "
        "JOIN turns t ON t.id = x.turn_id AND t.state = 'current' "
        "LEFT JOIN (SELECT DISTINCT turn_id, version FROM readings WHERE outcome = 'learned') l "
        "ON l.turn_id = t.id AND l.version = t.version "
        "WHERE c.profile = ? GROUP BY c.id ORDER BY max(t.said_at) DESC, c.id",
        (profile,),
    )
    return [
        Shelved(
            Conversation(row["id"], profile, row["title"], row["source"], from_text(row["started_at"])),
            turns=row["turns"],
            learned=row["learned"],
            learnable=bool(row["learnable"]),
            recorded=row["id"] not in unrecorded,
        )
        for row in rows
    ]


def _minute(text: str) -> datetime:
    return from_text(f"{text}:00+00:00")
