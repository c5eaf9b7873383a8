"""Supersessions: lessons that no longer hold, because a later turn says otherwise."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from cocolora.core.conversations import Turn
from cocolora.core.truth import Outdated, Supersession
from cocolora.journal.database import as_list, from_text
from cocolora.journal.turns import select_turns


def add_supersessions(
    connection: sqlite3.Connection, supersessions: Iterable[Supersession], base_fingerprint: str
) -> None:
    """Note what no longer holds; a lesson or turn version that is gone meanwhile is passed over."""
    connection.executemany(
        "INSERT OR IGNORE INTO supersessions SELECT l.id, l.base_fingerprint, v.turn_id, v.version FROM lessons l, "
        "versions v WHERE l.id = ? AND l.base_fingerprint = ? AND v.turn_id = ? AND v.version = ?",
        [(one.lesson_id, base_fingerprint, one.turn_id, one.turn_version) for one in supersessions],
    )


def superseded_lessons(
    connection: sqlite3.Connection, turn_ids: Iterable[str] | None, base_fingerprint: str | None
) -> dict[str, tuple[str, ...]]:
    """Return the ids of the turns that supersede each lesson of the turns, or of all; the others are not in it."""
    rows = connection.execute(
        "SELECT DISTINCT s.lesson_id, s.turn_id FROM supersessions s "
        "JOIN lessons l ON l.id = s.lesson_id AND l.base_fingerprint = s.base_fingerprint "
        "JOIN turns t ON t.id = s.turn_id AND t.version = s.version AND t.state = 'current' "
        "WHERE (?1 IS NULL OR l.turn_id IN (SELECT value FROM json_each(?1))) "
        "AND (?2 IS NULL OR s.base_fingerprint = ?2) ORDER BY 1, 2",
        (None if turn_ids is None else as_list(turn_ids), base_fingerprint),
    )
    found: dict[str, tuple[str, ...]] = {}
    for lesson_id, turn_id in rows:
        found[lesson_id] = (*found.get(lesson_id, ()), turn_id)
    return found


def outdated_lessons(connection: sqlite3.Connection, turn_ids: Iterable[str], base_fingerprint: str) -> list[Outdated]:
    """Return the lessons of the turns that no longer hold, with when something else was first said."""
    rows = connection.execute(
        "SELECT s.lesson_id, l.turn_id, min(t.said_at) FROM supersessions s "
        "JOIN lessons l ON l.id = s.lesson_id AND l.base_fingerprint = s.base_fingerprint "
        "JOIN turns t ON t.id = s.turn_id AND t.version = s.version AND t.state = 'current' "
        "WHERE l.turn_id IN (SELECT value FROM json_each(?)) AND s.base_fingerprint = ? GROUP BY 1, 2 ORDER BY 1",
        (as_list(turn_ids), base_fingerprint),
    )
    return [Outdated(lesson_id, turn_id, from_text(since)) for lesson_id, turn_id, since in rows]


def turns_superseded_by(connection: sqlite3.Connection, turn_ids: Iterable[str]) -> list[Turn]:
    """Return the current turns of which a lesson is superseded by any version of these turns."""
    return select_turns(
        connection,
        condition="t.id IN (SELECT l.turn_id FROM supersessions s JOIN lessons l ON l.id = s.lesson_id "
        "WHERE s.turn_id IN (SELECT value FROM json_each(:later)))",
        later=as_list(turn_ids),
    )
