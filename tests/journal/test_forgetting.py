"""Forgetting turns so that they neither stay nor come back."""

from __future__ import annotations

import pytest

from cocolora.core.conversations import Change
from cocolora.core.reconcile import Row
from cocolora.core.records import Outcome
from cocolora.errors import UnknownId
from cocolora.journal import Journal
from tests.journal.lives import BASE, NOON, adapter, after, chat, lesson, said, texts

SECRET = "Zanzibarquux"
ROWS = said(("hi", "hello"), (f"my dog is {SECRET}", "noted"), ("bye", "see you"))


def bytes_of(journal) -> bytes:
    files = journal.path.parent.glob(journal.path.name + "*")
    return b"".join(file.read_bytes() for file in files).lower()


def ids_of(journal, text: str) -> list[str]:
    return [turn.id for turn in journal.matching(text)]


def test_forgotten_words_are_gone_from_the_bytes_of_every_file(journal):
    journal.sync(chat(title=f"my dog is {SECRET}"), ROWS, now=NOON)
    for number in range(40):
        filler = said(*((f"{SECRET} {number} {part}", "x" * 900) for part in range(20)))
        journal.sync(chat(f"filler-{number}"), filler, now=after(number * 10))
    rows = [ROWS[0], Row(f"my dog is {SECRET}!", f"{SECRET} it is", NOON, (f"oh {SECRET}",)), ROWS[2]]
    journal.sync(chat(), rows, now=NOON)
    (turn,) = [turn for turn in journal.turns(conversation_id="chat-1") if SECRET in turn.user]
    journal.add_lessons([lesson(turn, answer=f"{SECRET}, Rex")], base_fingerprint=BASE.fingerprint, now=NOON)
    assert SECRET.lower().encode() in bytes_of(journal)

    forgotten = journal.forget(ids_of(journal, SECRET), now=NOON)

    assert forgotten.scrubbed
    assert forgotten.lessons == 1
    assert len(forgotten.conversation_ids) == 40
    assert SECRET.lower().encode() not in bytes_of(journal)
    assert [conversation.title for conversation in journal.conversations()] == [""]
    assert journal.lessons() == []


def test_a_forgotten_turn_does_not_come_back_with_the_host_s_log(journal):
    journal.sync(chat(), ROWS, now=NOON)
    journal.forget(ids_of(journal, SECRET), now=NOON)
    for _ in range(2):
        assert not journal.sync(chat(), ROWS, now=NOON).changed
    grown = journal.sync(chat(), [*ROWS, *said(("new", "words"))], now=NOON)
    assert len(grown.recorded) == 1
    assert texts(journal) == [("hi", "hello"), ("bye", "see you"), ("new", "words")]


@pytest.mark.parametrize("reply", ["noted", "Noted, again", "an earlier reply", "a reply never seen"])
def test_a_forgotten_row_does_not_come_back_with_another_reply(journal, reply):
    rows = [*ROWS[:1], Row(f"My dog is {SECRET}.", "noted", NOON, ("an earlier reply", "noted"))]
    journal.sync(chat(), rows, now=NOON)
    journal.forget(ids_of(journal, SECRET), now=NOON)
    again = [*ROWS[:1], Row(f"my dog is {SECRET}", reply, after(9))]
    assert not journal.sync(chat(), again, change=Change.REGENERATED, now=after(9)).changed


def test_a_forgotten_turn_does_not_come_back_with_a_branch(journal):
    journal.sync(chat(), ROWS, now=NOON)
    journal.forget(ids_of(journal, SECRET), now=NOON)
    branched = journal.sync(chat("branch"), ROWS, now=after(60))
    assert (branched.recorded, len(branched.joined)) == ((), 2)


def test_a_shared_turn_is_forgotten_in_every_branch(journal):
    journal.sync(chat(), ROWS, now=NOON)
    journal.sync(chat("branch"), [Row(row.user, row.reply, NOON) for row in ROWS], now=NOON)
    journal.forget(ids_of(journal, SECRET), now=NOON)
    unsaid = [Row(row.user, row.reply) for row in ROWS]
    assert not journal.sync(chat("branch"), unsaid, now=after(60)).changed
    assert len(texts(journal, "branch")) == len(texts(journal)) == 2


def test_the_same_words_in_a_new_chat_are_recorded(journal):
    journal.sync(chat(), ROWS, now=NOON)
    journal.forget(ids_of(journal, SECRET), now=NOON)
    later = said((f"my dog is {SECRET}", "noted"), at=after(60))
    assert len(journal.sync(chat("later"), later, now=after(60)).recorded) == 1


def test_a_forgotten_turn_takes_no_twin_with_it(journal):
    rows = said(("ok", "fine"), ("ok", "good"), ("ok", "fine"))
    journal.sync(chat(), rows, now=NOON)
    journal.forget([journal.turns()[0].id], now=NOON)
    for _ in range(2):
        assert not journal.sync(chat(), rows, now=NOON).changed
    assert texts(journal) == [("ok", "good"), ("ok", "fine")]
    edited = [rows[0], Row("ok", "better", NOON), rows[2]]
    assert len(journal.sync(chat(), edited, now=NOON).revised) == 1


def test_an_ordinal_is_not_used_again_after_all_was_forgotten(journal):
    before = journal.sync(chat(title=f"my dog is {SECRET}"), ROWS, now=NOON).recorded
    forgotten = journal.forget(before, now=NOON)
    assert forgotten.conversation_ids == ("chat-1",)
    assert journal.conversations() == []
    after_all = journal.sync(chat(title=f"my dog is {SECRET}"), [*ROWS, *said(("new", "1"))], now=NOON).recorded
    assert len(after_all) == 1
    assert not set(after_all) & set(before)
    assert journal.conversation("chat-1").title == ""


def test_adapters_are_dropped_in_the_same_step_and_are_to_be_made_again_of_their_other_turns(journal):
    journal.sync(chat(), ROWS, now=NOON)
    turns = journal.turns()
    read = {(turn.id, turn.version): Outcome.LEARNED for turn in turns}
    kept = journal.land_adapter(adapter(*turns), readings=read, now=NOON)
    wanted = ids_of(journal, SECRET)
    forgotten = journal.forget(wanted, now=NOON)
    assert forgotten.adapter_ids == (kept.id,)
    assert journal.adapters() == []
    (rebuild,) = journal.rebuilds()
    assert (rebuild.name, rebuild.turn_ids) == (kept.name, tuple(turn.id for turn in journal.turns()))
    assert journal.unread("personal", BASE.fingerprint) == []


def test_an_adapter_that_still_holds_a_forgotten_turn_is_stale_and_a_fault(tmp_path):
    journal = Journal.open(tmp_path / "j.db")
    journal.sync(chat(), ROWS, now=NOON)
    turns = journal.turns()
    journal.forget(ids_of(journal, SECRET), now=NOON)
    kept = journal.add_adapters([adapter(*turns)])[0]
    assert [stale.id for stale in journal.stale_adapters()] == [kept.id]
    assert [fault.subject for fault in journal.verify()] == [kept.id]
    journal.close()


def test_forgetting_twice_does_nothing_and_an_unknown_id_forgets_nothing(journal):
    ids = journal.sync(chat(), ROWS, now=NOON).recorded
    with pytest.raises(UnknownId):
        journal.forget([ids[0], "nowhere"], now=NOON)
    assert len(journal.turns()) == 3
    assert journal.forget(ids[:1], now=NOON).turn_ids == ids[:1]
    assert journal.forget(ids[:1], now=NOON).turn_ids == ()


def test_removed_turns_are_forgotten_too(journal):
    journal.sync(chat(), ROWS, now=NOON)
    journal.sync(chat(), ROWS[:1], now=NOON)
    journal.forget(ids_of(journal, SECRET), now=NOON)
    assert SECRET.lower().encode() not in bytes_of(journal)


def test_the_home_of_a_branch_s_turns_loses_its_title_but_not_their_ids(journal):
    journal.sync(chat(title="Dogs"), said(("a", "1"), ("b", "2")), now=NOON)
    journal.sync(chat("branch", title="Cats"), said(("a", "1")), now=NOON)
    journal.sync(chat(), said(("b", "2")), now=NOON)
    forgotten = journal.forget(ids_of(journal, "b"), now=NOON)
    assert forgotten.conversation_ids == ()
    assert {c.id: c.title for c in journal.conversations()} == {"chat-1": "", "branch": "Cats"}


def test_a_reader_in_the_way_is_waited_for_or_told(journal):
    journal.sync(chat(), ROWS, now=NOON)
    other = Journal.open(journal.path)
    with other._database.reading() as connection:
        connection.execute("SELECT * FROM turns").fetchone()
        assert not journal._database.scrub(patience_s=0.1)
    assert journal.scrub()
    other.close()
