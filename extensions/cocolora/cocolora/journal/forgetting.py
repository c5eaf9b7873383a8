"""Forgetting: a turn, everything the journal derived from it, and every trace of its words go at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from cocolora.core.conversations import Turn
from cocolora.core.records import Forgotten, TurnVersion
from cocolora.errors import UnknownId
from cocolora.journal.adapters import find_adapters, remove_adapter
from cocolora.journal.conversations import quotes
from cocolora.journal.database import as_list
from cocolora.journal.jobs import drop_jobs
from cocolora.journal.rebuilding import retire_stale
from cocolora.journal.tombstones import bury, is_buried, known_by
from cocolora.journal.turns import conversations_of, select_turns, select_versions


def forget(connection: sqlite3.Connection, turn_ids: Iterable[str], *, now: datetime) -> Forgotten:
    """Delete turns and what descends from them, leave tombstones, note what is to be rebuilt; see Journal.forget."""
    turns = _turns_to_forget(connection, list(dict.fromkeys(turn_ids)))
    ids = [turn.id for turn in turns]
    versions = select_versions(connection, ids)
    lessons = _count_lessons(connection, ids)
    touched = _bury_all(connection, turns, versions, now=now)
    for turn_id in ids:
        connection.execute("DELETE FROM turns WHERE id = ?", (turn_id,))
    dropped = retire_stale(connection)
    _clear_titles(connection, touched, versions)
    emptied = tuple(conversation_id for conversation_id in touched if _drop_empty(connection, conversation_id))
    return Forgotten(tuple(ids), emptied, dropped, lessons)


def forget_profile(connection: sqlite3.Connection, profile: str, *, now: datetime) -> Forgotten:
    """Forget a profile's turns and everything else that bears its name; see Journal.forget_profile."""
    turns = select_turns(connection, profile=profile, include_removed=True)
    forgotten = forget(connection, [turn.id for turn in turns], now=now)
    left = tuple(adapter.id for adapter in find_adapters(connection, profile=profile))
    for adapter_id in left:
        remove_adapter(connection, adapter_id)
    connection.execute(
        "DELETE FROM conversations AS c WHERE profile = ? AND NOT EXISTS "
        "(SELECT 1 FROM turns t WHERE t.conversation_id = c.id)",
        (profile,),
    )
    connection.execute("DELETE FROM rebuilds WHERE profile = ?", (profile,))
    connection.execute("DELETE FROM verdicts WHERE profile = ?", (profile,))
    drop_jobs(connection, profile)
    return replace(forgotten, adapter_ids=(*forgotten.adapter_ids, *left))


def _turns_to_forget(connection: sqlite3.Connection, turn_ids: Sequence[str]) -> list[Turn]:
    turns = select_turns(connection, ids=turn_ids, include_removed=True)
    found = {turn.id for turn in turns}
    for turn_id in turn_ids:
        if turn_id not in found and not is_buried(connection, turn_id):
            raise UnknownId("turn", turn_id)
    return turns


def _count_lessons(connection: sqlite3.Connection, turn_ids: Sequence[str]) -> int:
    counted = connection.execute(
        "SELECT count(*) FROM lessons WHERE turn_id IN (SELECT value FROM json_each(?))", (as_list(turn_ids),)
    )
    return int(counted.fetchone()[0])


def _bury_all(
    connection: sqlite3.Connection, turns: Sequence[Turn], versions: Sequence[TurnVersion], *, now: datetime
) -> list[str]:
    """Leave the tombstones; return the conversations that held the turns."""
    touched: dict[str, None] = {}
    for turn in turns:
        holders = (turn.conversation_id, *conversations_of(connection, turn.id))
        texts = known_by((version.user, version.reply) for version in versions if version.turn_id == turn.id)
        bury(connection, turn.id, said_at=turn.said_at, texts=texts, conversation_ids=holders, now=now)
        touched.update(dict.fromkeys(holders))
    return list(touched)


def _clear_titles(
    connection: sqlite3.Connection, conversation_ids: Iterable[str], versions: Sequence[TurnVersion]
) -> None:
    """Empty the titles that quote a forgotten text."""
    said = [text for version in versions for text in (version.user, version.reply)]
    for conversation_id in conversation_ids:
        title = connection.execute("SELECT title FROM conversations WHERE id = ?", (conversation_id,)).fetchone()[0]
        if quotes(title, said):
            connection.execute("UPDATE conversations SET title = '' WHERE id = ?", (conversation_id,))


def _drop_empty(connection: sqlite3.Connection, conversation_id: str) -> bool:
    """Delete a conversation that holds no turn; one that a branch's turns began in stays, without its title."""
    held = connection.execute("SELECT 1 FROM conversation_turns WHERE conversation_id = ?", (conversation_id,))
    if held.fetchone():
        return False
    born = connection.execute("SELECT 1 FROM turns WHERE conversation_id = ?", (conversation_id,))
    if born.fetchone():
        connection.execute("UPDATE conversations SET title = '' WHERE id = ?", (conversation_id,))
        return False
    connection.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))
    return True
