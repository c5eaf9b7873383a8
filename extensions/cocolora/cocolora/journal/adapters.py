"""The catalogue of adapters: what each is called, where it stands, and which turn versions it learned."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from cocolora.core.adapters import (
    Activation,
    Adapter,
    AdapterKind,
    AdapterState,
    BaseIdentity,
    Recipe,
    TurnVersions,
)
from cocolora.core.gate import Scores
from cocolora.errors import SettingsInvalid, UnknownId
from cocolora.journal.database import as_list, from_text, to_text
from cocolora.journal.readings import hand_over

NAME_CHARACTERS = 80
_JOINERS = "\u200c\u200d"
"""Invisible, but parts of words in some scripts and of many emoji."""
_COLUMNS = (
    "id, name, kind, profile, activation, state, weight, base_name, base_fingerprint, recipe, sha256, size_bytes, "
    "made_at, scores, reason, origin, level, place"
)
_LISTS = ("adapter_turns", "adapter_beneath", "adapter_sources", "adapter_left_out")


def add_adapter(connection: sqlite3.Connection, adapter: Adapter) -> Adapter:
    """Add an adapter, or bring a known one up to date under its old name; return it as it is kept."""
    known = find_adapters(connection, ids=[adapter.id])
    name = known[0].name if known else free_name(connection, adapter.name, profile=adapter.profile)
    kept = replace(adapter, name=name, weight=_finite(adapter.weight))
    values = _values(kept)
    updates = ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS.split(", ")[1:])
    connection.execute(
        f"INSERT INTO adapters ({_COLUMNS}) VALUES ({', '.join('?' * len(values))}) "
        f"ON CONFLICT (id) DO UPDATE SET {updates}",
        values,
    )
    _write_lists(connection, kept)
    return kept


def add_adapters(connection: sqlite3.Connection, adapters: Iterable[Adapter]) -> tuple[Adapter, ...]:
    """Add adapters, or bring known ones up to date; return them as they are kept."""
    return tuple(add_adapter(connection, adapter) for adapter in adapters)


def _write_lists(connection: sqlite3.Connection, adapter: Adapter) -> None:
    for table in _LISTS:
        connection.execute(f"DELETE FROM {table} WHERE adapter_id = ?", (adapter.id,))
    for table, turn_versions in (("adapter_turns", adapter.turn_versions), ("adapter_beneath", adapter.beneath)):
        connection.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?)",
            [(adapter.id, place, turn_id, version) for place, (turn_id, version) in enumerate(turn_versions)],
        )
    connection.executemany(
        "INSERT INTO adapter_sources VALUES (?, ?, ?)",
        [(adapter.id, place, source_id) for place, source_id in enumerate(adapter.sources)],
    )
    connection.executemany(
        "INSERT INTO adapter_left_out VALUES (?, ?)", [(adapter.id, lesson_id) for lesson_id in adapter.left_out]
    )


def find_adapters(
    connection: sqlite3.Connection, *, profile: str | None = None, ids: Iterable[str] | None = None
) -> list[Adapter]:
    """Return adapters, oldest first."""
    rows = connection.execute(
        "SELECT *, (SELECT json_group_array(json_array(turn_id, version)) FROM (SELECT * FROM adapter_turns x "
        "WHERE x.adapter_id = adapters.id ORDER BY place)) AS turn_versions, "
        "(SELECT json_group_array(json_array(turn_id, version)) FROM (SELECT * FROM adapter_beneath x "
        "WHERE x.adapter_id = adapters.id ORDER BY place)) AS beneath, "
        "(SELECT json_group_array(source_id) FROM (SELECT * FROM adapter_sources x "
        "WHERE x.adapter_id = adapters.id ORDER BY place)) AS sources, "
        "(SELECT json_group_array(lesson_id) FROM (SELECT * FROM adapter_left_out x "
        "WHERE x.adapter_id = adapters.id ORDER BY lesson_id)) AS left_out FROM adapters "
        "WHERE (?1 IS NULL OR profile = ?1) AND (?2 IS NULL OR id IN (SELECT value FROM json_each(?2))) "
        "ORDER BY made_at, id",
        (profile, None if ids is None else as_list(ids)),
    )
    return [_adapter(row) for row in rows]


def get_adapter(connection: sqlite3.Connection, adapter_id: str) -> Adapter:
    """Return an adapter; raises UnknownId."""
    for adapter in find_adapters(connection, ids=[adapter_id]):
        return adapter
    raise UnknownId("adapter", adapter_id)


def adapters_of(connection: sqlite3.Connection, turn_ids: Iterable[str]) -> list[Adapter]:
    """Return the adapters that descend from these turns.

    They learned one, or were trained on top of one that did, or left out a lesson that one of them superseded.
    """
    rows = connection.execute(
        "SELECT adapter_id FROM adapter_turns WHERE turn_id IN (SELECT value FROM json_each(?1)) "
        "UNION SELECT adapter_id FROM adapter_beneath WHERE turn_id IN (SELECT value FROM json_each(?1)) "
        "UNION SELECT x.adapter_id FROM adapter_left_out x JOIN supersessions s ON s.lesson_id = x.lesson_id "
        "WHERE s.turn_id IN (SELECT value FROM json_each(?1))",
        (as_list(turn_ids),),
    )
    return find_adapters(connection, ids=[row[0] for row in rows])


def change_adapter(connection: sqlite3.Connection, adapter_id: str, given: Mapping[str, Any]) -> Adapter:
    """Change an adapter's name, activation, weight, place, state, reason and scores, where they are not None."""
    before = get_adapter(connection, adapter_id)
    adapter = replace(before, **{field: value for field, value in given.items() if value is not None})
    if adapter.name != before.name:
        name = free_name(connection, adapter.name, profile=adapter.profile, but=adapter.id)
        adapter = replace(adapter, name=name)
    connection.execute(
        "UPDATE adapters SET name = ?, activation = ?, weight = ?, place = ?, state = ?, reason = ?, scores = ? "
        "WHERE id = ?",
        (
            adapter.name,
            Activation(adapter.activation),
            _finite(adapter.weight),
            adapter.place,
            AdapterState(adapter.state),
            adapter.reason,
            _scores_text(adapter.scores),
            adapter.id,
        ),
    )
    return adapter


def remove_adapter(connection: sqlite3.Connection, adapter_id: str) -> None:
    """Take an adapter out of the catalogue: turns that no other learned are unread again. Raises UnknownId."""
    get_adapter(connection, adapter_id)
    hand_over(connection, adapter_id)
    connection.execute("DELETE FROM adapters WHERE id = ?", (adapter_id,))


def free_name(connection: sqlite3.Connection, name: str, *, profile: str, but: str = "") -> str:
    """Return ``name``, with a number when the profile has an adapter of that name; raises SettingsInvalid."""
    name = valid_name(name)
    rows = connection.execute("SELECT name FROM adapters WHERE profile = ? AND id <> ?", (profile, but))
    taken = {row[0] for row in rows}
    number = 2
    free = name
    while free in taken:
        free = f"{name[: NAME_CHARACTERS - len(str(number)) - 1]} {number}"
        number += 1
    return free


def valid_name(name: str) -> str:
    """Return a name without outer spaces; raises SettingsInvalid unless it has 1 to 80 printable characters."""
    name = name.strip()
    if not 1 <= len(name) <= NAME_CHARACTERS:
        problem = f"it must have 1 to {NAME_CHARACTERS} characters (found {len(name)})"
        raise SettingsInvalid("The adapter's name", [problem])
    if bad := [char for char in name if not (char.isprintable() or char in _JOINERS)]:
        raise SettingsInvalid("The adapter's name", [f"it must be printable (found {bad[0]!r})"])
    return name


def _finite(weight: float) -> float:
    if not math.isfinite(weight):
        raise SettingsInvalid("The adapter's weight", [f"it must be a finite number (found {weight})"])
    return weight


def _values(adapter: Adapter) -> tuple[object, ...]:
    return (
        adapter.id,
        adapter.name,
        adapter.kind,
        adapter.profile,
        adapter.activation,
        adapter.state,
        adapter.weight,
        adapter.base.name,
        adapter.base.fingerprint,
        json.dumps(asdict(adapter.recipe)),
        adapter.sha256,
        adapter.size_bytes,
        to_text(adapter.made_at),
        _scores_text(adapter.scores),
        adapter.reason,
        adapter.origin,
        adapter.level,
        adapter.place,
    )


def _scores_text(scores: Scores | None) -> str | None:
    return None if scores is None else json.dumps(asdict(scores))


def _adapter(row: sqlite3.Row) -> Adapter:
    return Adapter(
        id=row["id"],
        name=row["name"],
        kind=AdapterKind(row["kind"]),
        profile=row["profile"],
        activation=Activation(row["activation"]),
        state=AdapterState(row["state"]),
        weight=row["weight"],
        base=BaseIdentity(row["base_name"], row["base_fingerprint"]),
        recipe=Recipe(**json.loads(row["recipe"])),
        sha256=row["sha256"],
        size_bytes=row["size_bytes"],
        made_at=from_text(row["made_at"]),
        scores=None if row["scores"] is None else Scores(**json.loads(row["scores"])),
        reason=row["reason"],
        turn_versions=_pairs(row["turn_versions"]),
        origin=row["origin"],
        level=row["level"],
        sources=tuple(json.loads(row["sources"])),
        beneath=_pairs(row["beneath"]),
        left_out=tuple(json.loads(row["left_out"])),
        place=row["place"],
    )


def _pairs(text: str) -> TurnVersions:
    return tuple((turn_id, version) for turn_id, version in json.loads(text))
