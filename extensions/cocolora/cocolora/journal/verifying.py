"""Verifying: every reference followed, every derived id derived again, every fault named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator

from cocolora.core.ids import derive_id
from cocolora.core.lessons import make_lesson
from cocolora.core.phrases import count
from cocolora.core.records import Fault
from cocolora.errors import JournalError
from cocolora.journal.adapters import find_adapters
from cocolora.journal.conversations import all_conversations
from cocolora.journal.database import Database
from cocolora.journal.jobs import recent_jobs
from cocolora.journal.lessons import lesson_from
from cocolora.journal.tombstones import next_ordinal
from cocolora.journal.turns import select_turns, select_versions

Check = Callable[[sqlite3.Connection], Iterable[Fault]]


def verify(database: Database) -> list[Fault]:
    """Run every check; one that cannot be finished is a fault itself."""
    faults: list[Fault] = []
    for check in _CHECKS:
        try:
            with database.reading() as connection:
                faults += check(connection)
        except (JournalError, sqlite3.Error, ValueError, TypeError, KeyError, AttributeError) as error:
            faults.append(Fault("unreadable", check.__name__.strip("_"), f"{type(error).__name__}: {error}"))
    return faults


def _file(connection: sqlite3.Connection) -> Iterator[Fault]:
    for row in connection.execute("PRAGMA integrity_check"):
        if row[0] != "ok":
            yield Fault("damage", "database file", row[0])


def _references(connection: sqlite3.Connection) -> Iterator[Fault]:
    for table, rowid, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Fault("reference", f"{table} row {rowid}", f"refers to something that is not in {parent}")


def _values(connection: sqlite3.Connection) -> Iterator[Fault]:
    """Read everything once as its users do: a value out of its range stops that."""
    all_conversations(connection, None)
    find_adapters(connection)
    recent_jobs(connection, -1)
    ids = [row[0] for row in connection.execute("SELECT id FROM turns")]
    select_versions(connection, ids)
    yield from ()


def _turn_ids(connection: sqlite3.Connection) -> Iterator[Fault]:
    for turn in select_turns(connection, include_removed=True):
        wanted = derive_id("turn", turn.conversation_id, turn.ordinal)
        if turn.id != wanted:
            yield Fault("turn id", turn.id, f"turn {turn.ordinal} of {turn.conversation_id} should be {wanted}")
        if turn.ordinal >= next_ordinal(connection, turn.conversation_id):
            yield Fault("ordinal", turn.id, f"ordinal {turn.ordinal} may be given out again")


def _versions(connection: sqlite3.Connection) -> Iterator[Fault]:
    rows = connection.execute(
        "SELECT t.id, t.version, count(v.version) AS many, min(v.version) AS first, max(v.version) AS last "
        "FROM turns t LEFT JOIN versions v ON v.turn_id = t.id GROUP BY t.id"
    )
    for row in rows:
        if not row["many"] or (row["first"], row["last"]) != (1, row["many"]):
            yield Fault("versions", row["id"], f"{row['many']} versions, from {row['first']} to {row['last']}")
        elif not 1 <= row["version"] <= row["many"]:
            yield Fault("versions", row["id"], f"the current version {row['version']} does not exist")


def _memberships(connection: sqlite3.Connection) -> Iterator[Fault]:
    twice = connection.execute(
        "SELECT conversation_id, position, count(*) AS many FROM conversation_turns "
        "GROUP BY conversation_id, position HAVING count(*) > 1 OR position < 0"
    )
    for row in twice:
        yield Fault("position", row["conversation_id"], f"{count(row['many'], 'turn')} at row {row['position']}")
    rows = connection.execute(
        "SELECT t.id, t.state, count(x.turn_id) AS held, sum(c.profile <> t.profile) AS strangers FROM turns t "
        "LEFT JOIN conversation_turns x ON x.turn_id = t.id LEFT JOIN conversations c ON c.id = x.conversation_id "
        "GROUP BY t.id HAVING (state = 'current') <> (held > 0) OR strangers > 0"
    )
    for row in rows:
        detail = (
            f"{row['state']}, held by {count(row['held'], 'conversation')}, {row['strangers'] or 0} of another profile"
        )
        yield Fault("membership", row["id"], detail)


def _lessons(connection: sqlite3.Connection) -> Iterator[Fault]:
    rows = connection.execute(
        "SELECT l.*, t.version AS current, t.state FROM lessons l LEFT JOIN turns t ON t.id = l.turn_id"
    )
    for row in rows:
        kept = lesson_from(row)
        wanted = make_lesson(
            kept.kind,
            question=kept.question,
            answer=kept.answer,
            key=kept.key,
            turn_id=kept.turn_id,
            turn_version=kept.turn_version,
            held_out=kept.held_out,
        )
        if wanted.id != kept.id:
            yield Fault("lesson id", kept.id, f"its content makes it {wanted.id}")
        if (row["state"], row["current"]) != ("current", kept.turn_version):
            yield Fault("lesson", kept.id, f"version {kept.turn_version} of {kept.turn_id} is not current")


def _adapter_turns(connection: sqlite3.Connection) -> Iterator[Fault]:
    rows = connection.execute(
        "SELECT x.*, a.origin, v.version AS known, s.turn_id AS forgotten FROM adapter_turns x "
        "JOIN adapters a ON a.id = x.adapter_id LEFT JOIN tombstones s ON s.turn_id = x.turn_id "
        "LEFT JOIN versions v ON v.turn_id = x.turn_id AND v.version = x.version"
    )
    for row in rows:
        if row["forgotten"]:
            yield Fault("forgotten", row["adapter_id"], f"still holds turn {row['turn_id']}, which was forgotten")
        elif row["known"] is None and not row["origin"]:
            yield Fault("provenance", row["adapter_id"], f"version {row['version']} of {row['turn_id']} is unknown")


def _tombstones(connection: sqlite3.Connection) -> Iterator[Fault]:
    for row in connection.execute("SELECT turn_id FROM tombstones WHERE turn_id IN (SELECT id FROM turns)"):
        yield Fault("forgotten", row["turn_id"], "was forgotten and is there again")


_CHECKS: tuple[Check, ...] = (
    _file,
    _references,
    _values,
    _turn_ids,
    _versions,
    _memberships,
    _lessons,
    _adapter_turns,
    _tombstones,
)
