"""Rebuilds: adapters that are no longer what their turns would make them, until they are made again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState
from cocolora.core.lessons import LessonKind
from cocolora.core.records import Outcome, Rebuild
from cocolora.journal.adapters import change_adapter, find_adapters, remove_adapter
from cocolora.journal.database import as_list, from_text, to_text
from cocolora.journal.readings import hand_over
from cocolora.journal.staleness import stale_adapters

UNDONE = "it was taken apart; it is made again when you ask for it"


def retire_stale(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Take every stale adapter out of the catalogue and note which are to be made again; return their ids.

    Those that answered are made again; of a stale rollup, the sources that are not stale answer until it is. One that
    was rolled up or rejected is not made again: its turns are in the rollup, or are unread.
    """
    _forget_superseded(connection)
    stale = {adapter.id: adapter for adapter in stale_adapters(connection)}
    for adapter in stale.values():
        if adapter.state is AdapterState.READY and not adapter.origin:
            _note(connection, adapter, sources=list(_sources(adapter, stale)))
        restore_sources(connection, adapter)
        remove_adapter(connection, adapter.id)
    return tuple(stale)


def _sources(rollup: Adapter, stale: Mapping[str, Adapter]) -> Iterator[str]:
    """Yield the ids of a rollup's sources, and of the sources of those that are stale: these answer meanwhile."""
    for source_id in rollup.sources:
        yield source_id
        if source_id in stale:
            yield from _sources(stale[source_id], stale)


def _forget_superseded(connection: sqlite3.Connection) -> None:
    """Let turns be read again of which something holds again, and that no adapter learned."""
    connection.execute(
        "DELETE FROM readings WHERE outcome = ? AND adapter_id IS NULL AND EXISTS (SELECT 1 FROM lessons l "
        "WHERE l.turn_id = readings.turn_id AND l.turn_version = readings.version AND l.kind = ? "
        "AND l.base_fingerprint = readings.base_fingerprint AND NOT EXISTS (SELECT 1 FROM supersessions s "
        "JOIN turns t ON t.id = s.turn_id AND t.version = s.version AND t.state = 'current' "
        "WHERE s.lesson_id = l.id AND s.base_fingerprint = l.base_fingerprint))",
        (Outcome.SUPERSEDED, LessonKind.FACT),
    )


def _note(connection: sqlite3.Connection, adapter: Adapter, *, sources: Sequence[str]) -> None:
    cursor = connection.execute(
        "INSERT INTO rebuilds (profile, base_fingerprint, kind, level, name, activation, weight, place, "
        "made_at, sources) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            adapter.profile,
            adapter.base.fingerprint,
            adapter.kind,
            adapter.level,
            adapter.name,
            adapter.activation,
            adapter.weight,
            adapter.place,
            to_text(adapter.made_at),
            json.dumps(sources),
        ),
    )
    for is_beneath, turn_versions in enumerate((adapter.turn_versions, adapter.beneath)):
        connection.executemany(
            "INSERT INTO rebuild_turns SELECT ?, ?, ?, id FROM turns WHERE id = ? AND state = 'current'",
            [(cursor.lastrowid, is_beneath, place, turn_id) for place, (turn_id, _) in enumerate(turn_versions)],
        )


def restore_sources(connection: sqlite3.Connection, rollup: Adapter) -> None:
    """Let the adapters that a rollup holds answer again."""
    connection.execute(
        "UPDATE adapters SET state = ? WHERE state = ? AND id IN (SELECT value FROM json_each(?))",
        (AdapterState.READY, AdapterState.ROLLED_UP, as_list(rollup.sources)),
    )


def retire_sources(connection: sqlite3.Connection, rollup: Adapter) -> None:
    """Let a rollup answer in the place of its sources."""
    connection.execute(
        "UPDATE adapters SET state = ? WHERE state = ? AND id IN (SELECT value FROM json_each(?))",
        (AdapterState.ROLLED_UP, AdapterState.READY, as_list(rollup.sources)),
    )
    connection.execute(
        "UPDATE readings SET adapter_id = ? WHERE adapter_id IN (SELECT value FROM json_each(?))",
        (rollup.id, as_list(rollup.sources)),
    )


def undo_rollup(connection: sqlite3.Connection, rollup: Adapter) -> tuple[Adapter, ...]:
    """Let a rollup's sources answer again, and return them; it stays as rejected, and is not made again by itself."""
    restore_sources(connection, rollup)
    hand_over(connection, rollup.id)
    change_adapter(connection, rollup.id, {"state": AdapterState.REJECTED, "reason": UNDONE})
    return tuple(find_adapters(connection, ids=rollup.sources))


def select_rebuilds(
    connection: sqlite3.Connection, base_fingerprint: str | None, profile: str | None
) -> tuple[Rebuild, ...]:
    """Return what is to be rebuilt, in the order in which it became stale."""
    rows = connection.execute(
        "SELECT * FROM rebuilds WHERE (?1 IS NULL OR base_fingerprint = ?1) AND (?2 IS NULL OR profile = ?2) "
        "ORDER BY number",
        (base_fingerprint, profile),
    ).fetchall()
    return tuple(_rebuild(connection, row) for row in rows)


def _rebuild(connection: sqlite3.Connection, row: sqlite3.Row) -> Rebuild:
    learned, beneath = (_turn_ids(connection, row["number"], is_beneath=is_beneath) for is_beneath in (0, 1))
    return Rebuild(
        number=row["number"],
        profile=row["profile"],
        kind=AdapterKind(row["kind"]),
        level=row["level"],
        name=row["name"],
        activation=Activation(row["activation"]),
        weight=row["weight"],
        place=row["place"],
        made_at=from_text(row["made_at"]),
        sources=tuple(json.loads(row["sources"])),
        turn_ids=tuple(learned),
        beneath=tuple(beneath),
    )


def _turn_ids(connection: sqlite3.Connection, number: int, *, is_beneath: int) -> Iterable[str]:
    rows = connection.execute(
        "SELECT x.turn_id FROM rebuild_turns x JOIN turns t ON t.id = x.turn_id AND t.state = 'current' "
        "WHERE x.rebuild = ? AND x.is_beneath = ? AND t.learnable ORDER BY x.place",
        (number, is_beneath),
    )
    return [row[0] for row in rows]


def end_rebuild(connection: sqlite3.Connection, number: int) -> None:
    """Note that a rebuild is done, or that nothing is left to rebuild."""
    connection.execute("DELETE FROM rebuilds WHERE number = ?", (number,))
