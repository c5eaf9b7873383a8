"""Readings: which version of which turn was read for which base, and what came of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from cocolora.core.conversations import Change, Turn
from cocolora.core.records import Outcome, Reading
from cocolora.errors import TurnChanged
from cocolora.journal.database import as_list, from_text, to_text
from cocolora.journal.turns import select_turns

TurnVersions = Iterable[tuple[str, int]]

_UNREAD = """
    t.learnable AND NOT EXISTS (SELECT 1 FROM readings r
                WHERE r.turn_id = t.id AND r.version = t.version AND r.base_fingerprint = :base)
    AND NOT EXISTS (SELECT 1 FROM conversation_turns x JOIN conversations c ON c.id = x.conversation_id
                    WHERE x.turn_id = t.id AND NOT c.learnable)
    AND NOT EXISTS (SELECT 1 FROM rebuild_turns x JOIN rebuilds b ON b.number = x.rebuild
                    WHERE x.turn_id = t.id AND NOT x.is_beneath AND b.base_fingerprint = :base)
"""
_NEW = """
    AND NOT EXISTS (SELECT 1 FROM readings r
                    WHERE r.turn_id = t.id AND r.version = t.version AND r.base_fingerprint <> :base)
"""


def unread_turns(
    connection: sqlite3.Connection, profile: str, base_fingerprint: str, *, taught_elsewhere: bool = True
) -> list[Turn]:
    """Return the profile's current turns that this base has yet to read, and that no adapter to be rebuilt holds.

    A turn is left alone when it may not be learned, or when learning is off in any conversation that holds it. Without
    ``taught_elsewhere``, turns that another base has read are left out.
    """
    condition = _UNREAD if taught_elsewhere else _UNREAD + _NEW
    return select_turns(connection, profile=profile, condition=condition, base=base_fingerprint)


def imported_turns(connection: sqlite3.Connection, turn_ids: Iterable[str]) -> frozenset[str]:
    """Return those of some turns that are as a file told them."""
    rows = connection.execute(
        "SELECT t.id FROM turns t JOIN versions v ON v.turn_id = t.id AND v.version = t.version "
        "WHERE v.change = ? AND t.id IN (SELECT value FROM json_each(?))",
        (Change.IMPORTED, as_list(turn_ids)),
    )
    return frozenset(row[0] for row in rows)


def mark_read(
    connection: sqlite3.Connection,
    turn_versions: TurnVersions,
    *,
    base_fingerprint: str,
    outcome: Outcome,
    adapter_id: str | None,
    now: datetime,
) -> None:
    """Note what came of reading each turn version; one that was forgotten meanwhile is passed over."""
    connection.executemany(
        "INSERT OR REPLACE INTO readings SELECT turn_id, version, ?, ?, ?, ? FROM versions "
        "WHERE turn_id = ? AND version = ?",
        [
            (base_fingerprint, Outcome(outcome), adapter_id, to_text(now), turn_id, version)
            for turn_id, version in turn_versions
        ],
    )


def select_readings(
    connection: sqlite3.Connection, turn_ids: Iterable[str], base_fingerprint: str | None
) -> dict[str, Reading]:
    """Return the latest reading of each turn's current version, where there is one."""
    rows = connection.execute(
        "SELECT r.* FROM readings r JOIN turns t ON t.id = r.turn_id AND t.version = r.version "
        "WHERE r.turn_id IN (SELECT value FROM json_each(?1)) AND (?2 IS NULL OR r.base_fingerprint = ?2) "
        "ORDER BY r.read_at, r.rowid",
        (as_list(turn_ids), base_fingerprint),
    )
    return {row["turn_id"]: _reading(row) for row in rows}


def require_current(connection: sqlite3.Connection, turn_versions: TurnVersions) -> None:
    """Raise TurnChanged when one of them is not the current version of a current turn that may be learned."""
    for turn_id, version in turn_versions:
        row = connection.execute("SELECT version, state, learnable FROM turns WHERE id = ?", (turn_id,)).fetchone()
        if row is None or tuple(row) != (version, "current", True):
            raise TurnChanged(turn_id, version)


def hand_over(connection: sqlite3.Connection, adapter_id: str) -> None:
    """Before an adapter goes, give its readings to another that learned the same, such as a rollup or its source."""
    connection.execute(
        """UPDATE readings SET adapter_id = heir FROM (
            SELECT r.rowid AS reading, (
                SELECT a.id FROM adapters a JOIN adapter_turns x ON x.adapter_id = a.id
                WHERE x.turn_id = r.turn_id AND x.version = r.version AND a.base_fingerprint = r.base_fingerprint
                  AND a.id <> r.adapter_id AND a.state = 'ready' ORDER BY a.made_at DESC, a.id LIMIT 1) AS heir
            FROM readings r WHERE r.adapter_id = ?)
        WHERE readings.rowid = reading AND heir IS NOT NULL""",
        (adapter_id,),
    )


def _reading(row: sqlite3.Row) -> Reading:
    return Reading(
        turn_id=row["turn_id"],
        version=row["version"],
        base_fingerprint=row["base_fingerprint"],
        outcome=Outcome(row["outcome"]),
        adapter_id=row["adapter_id"],
        read_at=from_text(row["read_at"]),
    )
