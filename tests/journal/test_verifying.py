"""Every fault is named, and any life leaves none."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cocolora.core.reconcile import Row
from cocolora.core.records import Outcome
from cocolora.journal import Journal
from tests.journal.lives import BASE, NOON, adapter, chat, lesson, said

DAMAGES = {
    "turn id": "UPDATE turns SET conversation_id = 'chat-2' WHERE ordinal = 0",
    "ordinal": "UPDATE ordinals SET next_ordinal = 0",
    "versions": "UPDATE versions SET version = 5 WHERE turn_id IN (SELECT id FROM turns WHERE ordinal = 1)",
    "position": "UPDATE conversation_turns SET position = 0",
    "membership": "DELETE FROM conversation_turns",
    "lesson id": "UPDATE lessons SET answer = 'Max'",
    "lesson": "UPDATE lessons SET turn_version = 9",
    "reference": "DELETE FROM conversations",
    "provenance": "UPDATE adapter_turns SET turn_id = 'nobody'",
    "forgotten": "INSERT INTO tombstones SELECT id, said_at, said_at FROM turns",
    "unreadable": "UPDATE adapters SET recipe = '{'",
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_each_kind_of_fault_is_named(tmp_path, kind):
    journal = Journal.open(tmp_path / "journal.db")
    journal.sync(chat(), said(("a", "1"), ("b", "2")), now=NOON)
    turns = journal.turns()
    journal.add_lessons([lesson(turns[0])], base_fingerprint=BASE.fingerprint, now=NOON)
    journal.land_adapter(adapter(*turns), readings={(turns[0].id, 1): Outcome.LEARNED}, now=NOON)
    assert journal.verify() == []
    connection = sqlite3.connect(journal.path)
    connection.execute(DAMAGES[kind])
    connection.commit()
    connection.close()
    faults = journal.verify()
    assert kind in {fault.kind for fault in faults}
    assert all(str(fault) for fault in faults)
    journal.close()


TEXTS = st.sampled_from(["a", "b", "c", "hi", ""])
ROWS = st.lists(st.builds(Row, TEXTS, TEXTS, st.sampled_from([None, NOON]), st.just(())), max_size=5)
CHATS = st.sampled_from(["chat-1", "chat-2", "chat-3"])


class Life(RuleBasedStateMachine):
    """Anything that can happen to a journal, in any order."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.journal = Journal.open(Path(self.folder.name) / "journal.db")
        self.forgotten: set[str] = set()

    @rule(name=CHATS, rows=ROWS)
    def sync(self, name: str, rows: list[Row]) -> None:
        synced = self.journal.sync(chat(name), rows, now=NOON)
        assert not self.forgotten & {*synced.recorded, *synced.joined}
        if not self.forgotten:
            shown = [(turn.user, turn.reply) for turn in self.journal.turns(conversation_id=name)]
            assert shown == [row.texts for row in rows if row.is_turn]
        assert not self.journal.sync(chat(name), rows, now=NOON).changed

    @rule(pick=st.integers(0, 9))
    def learn(self, pick: int) -> None:
        for turn in self.journal.unread("personal", BASE.fingerprint)[pick:]:
            self.journal.add_lessons([lesson(turn)], base_fingerprint=BASE.fingerprint, now=NOON)
            read = {(turn.id, turn.version): Outcome.LEARNED}
            self.journal.land_adapter(adapter(turn), readings=read, now=NOON)
            assert self.journal.reading(turn.id) is not None

    @rule(pick=st.integers(0, 9))
    def forget(self, pick: int) -> None:
        ids = [turn.id for turn in self.journal.turns(include_removed=True)][pick : pick + 2]
        assert self.journal.forget(ids, now=NOON).scrubbed
        self.forgotten |= set(ids)

    @rule(name=CHATS, profile=st.sampled_from(["personal", "work"]))
    def move(self, name: str, profile: str) -> None:
        if name in {conversation.id for conversation in self.journal.conversations()}:
            self.journal.move_conversation(name, profile=profile, now=NOON)

    @rule()
    def drop_stale(self) -> None:
        for stale in self.journal.stale_adapters():
            self.journal.remove_adapter(stale.id)
        assert self.journal.stale_adapters() == []

    @invariant()
    def is_sound(self) -> None:
        if hasattr(self, "journal"):
            assert self.journal.verify() == []

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.journal.close()
            self.folder.cleanup()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
