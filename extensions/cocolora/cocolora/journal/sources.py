"""Sources: the earlier turns that a reply drew on, as quoted memories or through the adapters that learned them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from cocolora.journal.database import as_list


def note_sources(connection: sqlite3.Connection, turn_id: str, source_ids: Sequence[str]) -> None:
    """Note what a turn's reply drew on, in place of what was noted before; nothing, when the turn is gone."""
    connection.execute("DELETE FROM turn_sources WHERE turn_id = ?", (turn_id,))
    connection.executemany(
        "INSERT INTO turn_sources (turn_id, source_id) SELECT id, ? FROM turns WHERE id = ?",
        [(source_id, turn_id) for source_id in dict.fromkeys(source_ids) if source_id != turn_id],
    )


def select_sources(connection: sqlite3.Connection, turn_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the sources of each turn; turns that drew on nothing are not in it."""
    found = connection.execute(
        "SELECT turn_id, source_id FROM turn_sources WHERE turn_id IN (SELECT value FROM json_each(?)) ORDER BY 1, 2",
        (as_list(turn_ids),),
    )
    sources: dict[str, tuple[str, ...]] = {}
    for turn_id, source_id in found:
        sources[turn_id] = (*sources.get(turn_id, ()), source_id)
    return sources


def drawn_from(connection: sqlite3.Connection, source_ids: Sequence[str]) -> list[str]:
    """Return the turns whose reply drew on any of these."""
    found = connection.execute(
        "SELECT DISTINCT turn_id FROM turn_sources WHERE source_id IN (SELECT value FROM json_each(?)) ORDER BY 1",
        (as_list(source_ids),),
    )
    return [row[0] for row in found]
