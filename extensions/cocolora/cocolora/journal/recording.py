"""Recording: bringing a conversation's turns in line with the history that the host now shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_hex

from cocolora.core.conversations import IMPORT_SOURCE, Change, Conversation, Turn
from cocolora.core.ids import derive_id
from cocolora.core.parts import Parts
from cocolora.core.reconcile import Keep, Operation, Record, Remove, Revise, Row, infer_change, reconcile
from cocolora.core.records import Synced
from cocolora.journal.conversations import (
    change_conversation,
    ensure_conversation,
    find_conversation,
    get_conversation,
    quotes,
)
from cocolora.journal.readings import imported_turns
from cocolora.journal.replies import note_newest
from cocolora.journal.tombstones import PASSED_OVER, Tombstones, bury, known_by, next_ordinal, take_ordinal
from cocolora.journal.turns import (
    add_rejected,
    conversations_of,
    find_copy,
    insert_turn,
    join,
    leave,
    select_turns,
    select_versions,
    set_version,
)
from cocolora.journal.twins import take_over


def readable(text: str) -> str:
    """Return ``text`` as it can be stored: halves of an emoji that a host cut apart become U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def sync(
    connection: sqlite3.Connection,
    conversation: Conversation,
    rows: Sequence[Row],
    *,
    change: Change | None,
    parts: Parts | None,
    now: datetime,
) -> Synced:
    """Make the conversation's current turns equal ``rows``; see Journal.sync."""
    rows, source = [_readable(row) for row in rows], conversation.source
    known = find_conversation(connection, conversation.id)
    if known is None and not any(row.is_turn for row in rows):
        return Synced(profile=conversation.profile)
    conversation = known or _first_seen(connection, conversation)
    take_over(connection, conversation, rows)
    if known and known.source == IMPORT_SOURCE != source:  # from now on the host keeps it
        change_conversation(connection, known.id, column="source", value=source)
    turns = select_turns(connection, conversation_id=conversation.id)
    tombstones = Tombstones(connection, conversation, forgotten_alone=change is Change.IMPORTED)
    rows = _as_recorded(rows, turns, tombstones)
    kept = tombstones.leave_out(rows, turns)
    left_out = [row.user for row, left in zip(rows, kept, strict=True) if row != left]
    operations = reconcile(turns, kept)
    pen = _Pen(connection, conversation, tombstones, change, now, len(rows), left_out)
    synced = pen.write(operations)
    note_newest(connection, [*synced.recorded, *synced.revised], parts)
    return synced


def pass_over(connection: sqlite3.Connection, conversation: Conversation, rows: Sequence[Row], *, now: datetime) -> int:
    """Leave a tombstone for each row that is no turn, and for what turns are changed to; see Journal.pass_over."""
    rows = [_readable(row) for row in rows]
    known = find_conversation(connection, conversation.id)
    turns = select_turns(connection, conversation_id=conversation.id) if known else []
    tombstones = Tombstones(connection, conversation, forgotten_alone=False)
    operations = reconcile(turns, tombstones.leave_out(rows, turns))
    shown = [operation for operation in operations if not isinstance(operation, Remove)]
    said = [(operation.row, texts) for operation in shown if (texts := _unseen(connection, operation, tombstones))]
    for row, texts in said:
        turn_id = derive_id(PASSED_OVER, token_hex())
        said_at = row.said_at or now
        bury(connection, turn_id, said_at=said_at, texts=texts, conversation_ids=[conversation.id], now=now)
    return len(said)


def _unseen(
    connection: sqlite3.Connection, operation: Keep | Revise | Record, tombstones: Tombstones
) -> list[tuple[str, ...]]:
    """Return what is to be known again of what an operation would have recorded; nothing if it is known already.

    What a turn is changed to is known with that turn's id: its user may say the same elsewhere.
    """
    match operation:
        case Record(row):
            return [] if tombstones.covers(row, (row.user,)) else known_by([row.texts])
        case Keep(turn, row) | Revise(turn, row):
            if turn.user != row.user:
                is_known = tombstones.changed_unseen(turn, row, row.user)
                return [] if is_known else [(turn.id, row.user), *known_by([row.texts])]
            new = {row.reply, *row.versions} - {turn.reply}
            if new:
                new -= {version.reply for version in select_versions(connection, [turn.id])}
            unknown = [reply for reply in new if not tombstones.changed_unseen(turn, row, row.user, reply)]
            return [(turn.id, row.user, reply) for reply in unknown]


def _as_recorded(rows: Sequence[Row], turns: Sequence[Turn], tombstones: Tombstones) -> list[Row]:
    """Return ``rows`` without what turns were changed to, and were replied, while nothing was to be recorded."""
    kept = list(rows)
    for operation in reconcile(turns, rows) if tombstones.has_unseen else ():
        if not isinstance(operation, Keep | Revise):
            continue
        turn, row = operation.turn, operation.row
        seen = tuple(reply for reply in row.versions if not tombstones.changed_unseen(turn, row, row.user, reply))
        told = (row.user,) if turn.user != row.user else row.texts
        texts = (turn.user, turn.reply) if tombstones.changed_unseen(turn, row, *told) else row.texts
        kept[operation.position] = Row(*texts, row.said_at, seen)
    return kept


def move(connection: sqlite3.Connection, conversation_id: str, *, profile: str, now: datetime) -> Synced:
    """Record a conversation's turns anew under another profile; see Journal.move_conversation."""
    if get_conversation(connection, conversation_id).profile == profile:
        return Synced(profile=profile)
    turns = select_turns(connection, conversation_id=conversation_id)
    removed = tuple(turn.id for turn in turns if leave(connection, turn.id, conversation_id))
    change_conversation(connection, conversation_id, column="profile", value=profile)
    moved = get_conversation(connection, conversation_id)
    recorded = tuple(_record_again(connection, moved, turn, now=now) for turn in turns)
    return Synced(recorded=recorded, removed=removed, profile=profile)


def _record_again(connection: sqlite3.Connection, conversation: Conversation, turn: Turn, *, now: datetime) -> str:
    return insert_turn(
        connection,
        conversation,
        Row(turn.user, turn.reply, turn.said_at),
        ordinal=take_ordinal(connection, conversation.id),
        position=turn.position,
        change=Change.IMPORTED if imported_turns(connection, [turn.id]) else Change.RECORDED,
        now=now,
        learnable=turn.learnable,
    )


def _readable(row: Row) -> Row:
    return replace(row, user=readable(row.user), reply=readable(row.reply), versions=tuple(map(readable, row.versions)))


def _first_seen(connection: sqlite3.Connection, conversation: Conversation) -> Conversation:
    """Return a conversation as it is to be kept; one that was forgotten whole comes back without its title."""
    was_here = next_ordinal(connection, conversation.id) > 0
    return replace(conversation, title="" if was_here else readable(conversation.title))


@dataclass(slots=True)
class _Pen:
    """Writes one sync's operations and notes what was done."""

    connection: sqlite3.Connection
    conversation: Conversation
    tombstones: Tombstones
    change: Change | None
    now: datetime
    end: int
    left_out: list[str]
    recorded: list[str] = field(default_factory=list)
    revised: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    is_kept: bool = False

    def write(self, operations: Sequence[Operation]) -> Synced:
        for operation in operations:
            match operation:
                case Remove(turn):
                    self._remove(turn)
                case Keep(turn, row, position):
                    self._add_rejected(turn, row)
                    join(self.connection, turn.id, self.conversation.id, position=position)
                case Revise(turn, row, position):
                    self._revise(turn, row, position)
                case Record(row, position):
                    self._record(row, position)
        return Synced(
            tuple(self.recorded),
            tuple(self.revised),
            tuple(self.removed),
            tuple(self.joined),
            profile=self.conversation.profile,
        )

    def _remove(self, turn: Turn) -> None:
        """Take the turn out; an imported file only adds: what it lacks comes after its rows."""
        if self.change is not Change.IMPORTED:
            self._leave(turn)
            return
        join(self.connection, turn.id, self.conversation.id, position=self.end)
        self.end += 1

    def _leave(self, turn: Turn) -> None:
        if leave(self.connection, turn.id, self.conversation.id):
            self.removed.append(turn.id)

    def _revise(self, turn: Turn, row: Row, position: int) -> None:
        """Give the turn its new texts; one that a branch holds too stays there as it was, and parts ways here."""
        change = self.change
        if change in (None, Change.RECORDED, Change.IMPORTED):
            change = infer_change(turn, row, self._replies(turn))
        if len(conversations_of(self.connection, turn.id)) > 1:
            self._leave(turn)
            self._insert(row, position, change, learnable=turn.learnable)
            return
        self._add_rejected(turn, row)
        set_version(self.connection, turn.id, row, change=change, now=self.now)
        join(self.connection, turn.id, self.conversation.id, position=position)
        self.revised.append(turn.id)

    def _add_rejected(self, turn: Turn, row: Row) -> None:
        if row.versions:
            add_rejected(self.connection, turn.id, row, known=self._replies(turn), now=self.now)

    def _replies(self, turn: Turn) -> list[str]:
        return [version.reply for version in select_versions(self.connection, [turn.id])]

    def _record(self, row: Row, position: int) -> None:
        if copy := find_copy(self.connection, row, self.conversation):
            self._keep_conversation()
            join(self.connection, copy.id, self.conversation.id, position=position)
            self.joined.append(copy.id)
        elif self.tombstones.covers(row, (row.user,)):
            self.left_out.append(row.user)
        else:
            self._keep_conversation()
            self._insert(row, position, Change.IMPORTED if self.change is Change.IMPORTED else Change.RECORDED)

    def _insert(self, row: Row, position: int, change: Change, *, learnable: bool = True) -> None:
        turn_id = insert_turn(
            self.connection,
            self.conversation,
            row,
            ordinal=take_ordinal(self.connection, self.conversation.id),
            position=position,
            change=change,
            now=self.now,
            learnable=learnable,
        )
        self.recorded.append(turn_id)

    def _keep_conversation(self) -> None:
        """Add the conversation with its first turn; a title that repeats what was left out before is left out too."""
        if not self.is_kept:
            if quotes(self.conversation.title, self.left_out):
                self.conversation = replace(self.conversation, title="")
            self.conversation = ensure_conversation(self.connection, self.conversation)
            self.is_kept = True
