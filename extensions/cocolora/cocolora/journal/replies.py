"""Replies: what took part in each one that was made here, by ids and scores, without any text.

What is forgotten or deleted leaves only that something took part: its id goes with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from cocolora.core.conversations import Turn
from cocolora.core.parts import AdapterPart, Parts
from cocolora.journal.database import as_list
from cocolora.journal.sources import note_sources
from cocolora.journal.turns import select_turns

_LATEST = """
    SELECT r.turn_id, max(r.version) AS version FROM replies r
    JOIN versions made ON made.turn_id = r.turn_id AND made.version = r.version
    JOIN turns t ON t.id = r.turn_id
    JOIN versions shown ON shown.turn_id = t.id AND shown.version = t.version AND shown.reply = made.reply
    WHERE r.turn_id IN (SELECT value FROM json_each(?)) GROUP BY r.turn_id
"""


def note_newest(connection: sqlite3.Connection, turn_ids: Sequence[str], parts: Parts | None) -> None:
    """Note what the newest of turns that were just said or changed drew on; nothing, where that is not known."""
    changed = select_turns(connection, ids=turn_ids) if turn_ids else []
    if not changed:
        return
    newest = max(changed, key=lambda turn: (turn.said_at, turn.ordinal))
    note_sources(connection, newest.id, parts.sources if parts else ())
    if parts is not None:
        _note_parts(connection, newest, parts)


def _note_parts(connection: sqlite3.Connection, turn: Turn, parts: Parts) -> None:
    made = (turn.id, turn.version)
    connection.execute("DELETE FROM replies WHERE turn_id = ? AND version = ?", made)
    connection.execute("INSERT INTO replies VALUES (?, ?)", made)
    connection.executemany(
        "INSERT INTO reply_memories VALUES (?, ?, ?, (SELECT id FROM turns WHERE id = ?))",
        [(*made, place, memory_id) for place, memory_id in enumerate(parts.memories)],
    )
    connection.executemany(
        "INSERT INTO reply_adapters VALUES (?, ?, ?, (SELECT id FROM adapters WHERE id = ?), "
        "(SELECT id FROM turns WHERE id = ?), ?)",
        [(*made, place, part.adapter_id, part.turn_id, part.score) for place, part in enumerate(parts.adapters)],
    )


def select_parts(connection: sqlite3.Connection, turn_ids: Iterable[str]) -> dict[str, Parts]:
    """Return what took part in each turn's current reply; those of which that is not known are not in it."""
    found = connection.execute(_LATEST, (as_list(turn_ids),)).fetchall()
    return {row["turn_id"]: _parts(connection, row["turn_id"], row["version"]) for row in found}


def _parts(connection: sqlite3.Connection, turn_id: str, version: int) -> Parts:
    of_reply = "WHERE turn_id = ? AND version = ? ORDER BY place"
    memories = connection.execute(f"SELECT memory_id FROM reply_memories {of_reply}", (turn_id, version))
    adapters = connection.execute(
        f"SELECT adapter_id, chosen_by, score FROM reply_adapters {of_reply}", (turn_id, version)
    )
    return Parts(tuple(row[0] for row in memories), tuple(AdapterPart(*row) for row in adapters))
