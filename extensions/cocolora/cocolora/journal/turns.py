"""Turns, their versions, and the conversations that hold them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from cocolora.core.conversations import Change, Conversation, Turn, TurnState
from cocolora.core.ids import derive_id
from cocolora.core.reconcile import Row
from cocolora.core.records import TurnVersion
from cocolora.errors import UnknownId
from cocolora.journal.database import as_list, from_text, to_text

SAME_MOMENT = timedelta(minutes=2)
"""A copied row keeps its time; hosts write times to the minute."""

_TURNS = """
    SELECT t.*, v.user, v.reply, coalesce(
        (SELECT position FROM conversation_turns WHERE turn_id = t.id
         AND conversation_id = coalesce(:conversation_id, t.conversation_id)),
        iif(:conversation_id IS NULL, (SELECT min(position) FROM conversation_turns WHERE turn_id = t.id), NULL), -1
    ) AS position
    FROM turns t JOIN versions v ON v.turn_id = t.id AND v.version = t.version WHERE """
_IN_CONVERSATION = """t.id IN (
    SELECT turn_id FROM conversation_turns WHERE conversation_id = :conversation_id UNION ALL
    SELECT id FROM turns WHERE conversation_id = :conversation_id AND state = 'removed')"""
_IN_IDS = "t.id IN (SELECT value FROM json_each(:ids))"
_BY_POSITION = " ORDER BY position < 0, position, t.ordinal"
_BY_TIME = " ORDER BY t.said_at, t.conversation_id, t.ordinal"


def select_turns(
    connection: sqlite3.Connection,
    /,
    *,
    conversation_id: str | None = None,
    profile: str | None = None,
    ids: Iterable[str] | None = None,
    include_removed: bool = False,
    condition: str = "",
    **values: object,
) -> list[Turn]:
    """Return turns in their current version: of one conversation by position, else by time and ordinal."""
    conditions = {
        "1": True,
        _IN_CONVERSATION: conversation_id is not None,
        "t.profile = :profile": profile is not None,
        _IN_IDS: ids is not None,
        "t.state = 'current'": not include_removed,
        f"({condition})": bool(condition),
    }
    given = {"conversation_id": conversation_id, "profile": profile, "ids": None if ids is None else as_list(ids)}
    where = " AND ".join(text for text, wanted in conditions.items() if wanted)
    order = _BY_TIME if conversation_id is None else _BY_POSITION
    return [_turn(row) for row in connection.execute(_TURNS + where + order, {**given, **values})]


def turn_ids(connection: sqlite3.Connection, profile: str) -> list[str]:
    """Return the ids of a profile's current turns."""
    rows = connection.execute("SELECT id FROM turns WHERE profile = ? AND state = 'current'", (profile,))
    return [row[0] for row in rows]


def current_versions(connection: sqlite3.Connection, profile: str) -> dict[str, int]:
    """Return the version of each of a profile's current turns."""
    rows = connection.execute("SELECT id, version FROM turns WHERE profile = ? AND state = 'current'", (profile,))
    return {row["id"]: row["version"] for row in rows}


def latest_profile(connection: sqlite3.Connection) -> str | None:
    """Return the profile of the newest turn: of those of one minute, which is as exact as some hosts are, the last."""
    row = connection.execute(
        "SELECT profile FROM turns WHERE state = 'current' ORDER BY said_at DESC, rowid DESC LIMIT 1"
    ).fetchone()
    return str(row[0]) if row else None


def select_matching(connection: sqlite3.Connection, text: str, *, profile: str | None) -> list[Turn]:
    """Return the turns, removed ones too, that hold ``text`` in any version, whatever its case."""
    wanted = " ".join(text.casefold().split())
    rows = connection.execute("SELECT turn_id, user, reply FROM versions")
    ids = {row[0] for row in rows if wanted in " ".join(f"{row[1]} {row[2]}".casefold().split())}
    return select_turns(connection, profile=profile, ids=ids if wanted else [], include_removed=True)


def get_turn(connection: sqlite3.Connection, turn_id: str) -> Turn:
    """Return a turn, removed or not; raises UnknownId."""
    for turn in select_turns(connection, ids=[turn_id], include_removed=True):
        return turn
    raise UnknownId("turn", turn_id)


def changed_at(connection: sqlite3.Connection, turn_ids: Iterable[str]) -> datetime | None:
    """Return when the current version of one of the turns was recorded last; None without turns."""
    latest = connection.execute(
        "SELECT max(v.made_at) FROM turns t JOIN versions v ON v.turn_id = t.id AND v.version = t.version "
        "WHERE t.id IN (SELECT value FROM json_each(?))",
        (as_list(turn_ids),),
    ).fetchone()[0]
    return from_text(latest) if latest else None


def select_versions(connection: sqlite3.Connection, turn_ids: Iterable[str]) -> list[TurnVersion]:
    """Return every version of the turns."""
    rows = connection.execute(
        "SELECT * FROM versions WHERE turn_id IN (SELECT value FROM json_each(?)) ORDER BY turn_id, version",
        (as_list(turn_ids),),
    )
    return [
        TurnVersion(r["turn_id"], r["version"], r["user"], r["reply"], Change(r["change"]), from_text(r["made_at"]))
        for r in rows
    ]


def versions_of(connection: sqlite3.Connection, turn_id: str) -> list[TurnVersion]:
    """Return every version of a turn; raises UnknownId."""
    get_turn(connection, turn_id)
    return select_versions(connection, [turn_id])


def select_changes(connection: sqlite3.Connection, turn_ids: Iterable[str]) -> dict[str, Change]:
    """Return what made the current version of each turn."""
    rows = connection.execute(
        "SELECT t.id, v.change FROM turns t JOIN versions v ON v.turn_id = t.id AND v.version = t.version "
        "WHERE t.id IN (SELECT value FROM json_each(?))",
        (as_list(turn_ids),),
    )
    return {row["id"]: Change(row["change"]) for row in rows}


def conversations_of(connection: sqlite3.Connection, turn_id: str) -> tuple[str, ...]:
    """Return the conversations that hold a turn."""
    rows = connection.execute("SELECT conversation_id FROM conversation_turns WHERE turn_id = ? ORDER BY 1", (turn_id,))
    return tuple(row[0] for row in rows)


def insert_turn(
    connection: sqlite3.Connection,
    conversation: Conversation,
    row: Row,
    *,
    ordinal: int,
    position: int,
    change: Change,
    now: datetime,
    learnable: bool = True,
) -> str:
    """Add a turn to a conversation, with the row's rejected replies as its first versions; return its id."""
    turn_id = derive_id("turn", conversation.id, ordinal)
    connection.execute(
        "INSERT INTO turns (id, conversation_id, profile, ordinal, said_at, version, state, learnable) "
        "VALUES (?, ?, ?, ?, ?, 0, ?, ?)",
        (
            turn_id,
            conversation.id,
            conversation.profile,
            ordinal,
            to_text(row.said_at or now),
            TurnState.CURRENT,
            learnable,
        ),
    )
    add_rejected(connection, turn_id, row, known=[], now=now)
    set_version(connection, turn_id, row, change=change, now=now)
    join(connection, turn_id, conversation.id, position=position)
    return turn_id


def set_learnable(connection: sqlite3.Connection, turn_ids: Sequence[str], learnable: bool) -> None:
    """Say whether turns may be learned; raises UnknownId."""
    for turn_id in turn_ids:
        get_turn(connection, turn_id)
        connection.execute("UPDATE turns SET learnable = ? WHERE id = ?", (learnable, turn_id))


def set_version(connection: sqlite3.Connection, turn_id: str, row: Row, *, change: Change, now: datetime) -> None:
    """Make the row's texts the turn's current version; lessons of earlier versions are deleted."""
    version = _append(connection, turn_id, user=row.user, reply=row.reply, change=change, now=now)
    connection.execute("UPDATE turns SET version = ? WHERE id = ?", (version, turn_id))
    connection.execute("DELETE FROM lessons WHERE turn_id = ? AND turn_version <> ?", (turn_id, version))


def add_rejected(
    connection: sqlite3.Connection, turn_id: str, row: Row, *, known: Iterable[str], now: datetime
) -> None:
    """Keep the row's other replies, each once; ``known`` are the replies the turn already has."""
    known = {row.reply, *known}
    for reply in dict.fromkeys(row.versions):
        if reply.strip() and reply not in known:
            _append(connection, turn_id, user=row.user, reply=reply, change=Change.SWIPED, now=now)


def join(connection: sqlite3.Connection, turn_id: str, conversation_id: str, *, position: int) -> None:
    """Make a conversation hold the turn, in this row."""
    connection.execute(
        "INSERT INTO conversation_turns VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET position = excluded.position WHERE position <> excluded.position",
        (conversation_id, turn_id, position),
    )


def leave(connection: sqlite3.Connection, turn_id: str, conversation_id: str) -> bool:
    """Take a turn out of a conversation; when none holds it any longer it is removed, and True is returned."""
    connection.execute(
        "DELETE FROM conversation_turns WHERE turn_id = ? AND conversation_id = ?", (turn_id, conversation_id)
    )
    if conversations_of(connection, turn_id):
        return False
    connection.execute("UPDATE turns SET state = ? WHERE id = ?", (TurnState.REMOVED, turn_id))
    connection.execute("DELETE FROM lessons WHERE turn_id = ?", (turn_id,))
    return True


def find_copy(connection: sqlite3.Connection, row: Row, conversation: Conversation) -> Turn | None:
    """Return the turn of another conversation that ``row`` is a copy of: same profile, same texts, same moment."""
    if row.said_at is None:
        return None
    found = select_turns(
        connection,
        profile=conversation.profile,
        condition="t.said_at BETWEEN :earliest AND :latest AND v.user = :user AND v.reply = :reply AND NOT EXISTS "
        "(SELECT 1 FROM conversation_turns o WHERE o.turn_id = t.id AND o.conversation_id = :holder)",
        earliest=to_text(row.said_at - SAME_MOMENT),
        latest=to_text(row.said_at + SAME_MOMENT),
        user=row.user,
        reply=row.reply,
        holder=conversation.id,
    )
    return found[0] if found else None


def _append(
    connection: sqlite3.Connection, turn_id: str, *, user: str, reply: str, change: Change, now: datetime
) -> int:
    last = connection.execute("SELECT coalesce(max(version), 0) FROM versions WHERE turn_id = ?", (turn_id,)).fetchone()
    version = int(last[0]) + 1
    connection.execute(
        "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?)", (turn_id, version, user, reply, change, to_text(now))
    )
    return version


def _turn(row: sqlite3.Row) -> Turn:
    return Turn(
        id=row["id"],
        conversation_id=row["conversation_id"],
        ordinal=row["ordinal"],
        position=row["position"],
        user=row["user"],
        reply=row["reply"],
        said_at=from_text(row["said_at"]),
        version=row["version"],
        state=TurnState(row["state"]),
        learnable=bool(row["learnable"]),
    )
