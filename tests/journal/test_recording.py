"""Recording a conversation as it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cocolora.core.conversations import Change, TurnState
from cocolora.core.ids import derive_id
from cocolora.core.reconcile import Row
from cocolora.core.records import Synced
from cocolora.errors import UnknownId
from cocolora.journal.conversations import ensure_conversation
from tests.journal.lives import NOON, after, chat, said, texts


def test_rows_become_turns_with_derived_ids(journal):
    synced = journal.sync(chat(), said(("hi", "hello"), ("dog?", "Rex")), change=Change.RECORDED, now=NOON)
    assert synced.recorded == (derive_id("turn", "chat-1", 0), derive_id("turn", "chat-1", 1))
    assert texts(journal) == [("hi", "hello"), ("dog?", "Rex")]
    assert [turn.version for turn in journal.turns()] == [1, 1]


def test_the_same_history_again_changes_nothing(journal):
    rows = [Row("hi", "hello", NOON, ("hey", "hello")), Row("dog?", "Rex", NOON)]
    journal.sync(chat(), rows, now=NOON)
    before = [journal.versions(turn.id) for turn in journal.turns()]
    assert journal.sync(chat(), rows, now=after(5)) == Synced()
    assert [journal.versions(turn.id) for turn in journal.turns()] == before


def test_a_regenerated_reply_is_a_new_version_of_one_turn(journal):
    (turn_id,) = journal.sync(chat(), said(("dog?", "Rex")), now=NOON).recorded
    rows = [Row("dog?", "Max", NOON, ("Rex", "Max"))]
    assert journal.sync(chat(), rows, change=Change.REGENERATED, now=after(1)).revised == (turn_id,)
    assert [(v.version, v.reply, v.change) for v in journal.versions(turn_id)] == [
        (1, "Rex", "recorded"),
        (2, "Max", "regenerated"),
    ]
    assert journal.turn(turn_id).version == 2


def test_rejected_replies_are_kept_once(journal):
    (turn_id,) = journal.sync(chat(), [Row("dog?", "c", NOON, ("a", "b", "a", "c"))], now=NOON).recorded
    journal.sync(chat(), [Row("dog?", "c", NOON, ("a", "b", "c", "d", ""))], now=NOON)
    assert [(v.reply, v.change) for v in journal.versions(turn_id)] == [
        ("a", "swiped"),
        ("b", "swiped"),
        ("c", "recorded"),
        ("d", "swiped"),
    ]
    assert journal.turn(turn_id).reply == "c"


def test_what_the_host_cannot_say_is_inferred(journal):
    journal.sync(chat(), said(("tell", "once")), now=NOON)
    for reply in ("once upon", "never", "once"):
        journal.sync(chat(), said(("tell", reply)), change=Change.RECORDED, now=NOON)
    changes = [version.change for version in journal.versions(derive_id("turn", "chat-1", 0))]
    assert changes == ["recorded", "continued", "edited", "swiped"]


def test_a_removed_turn_is_kept_aside_and_its_ordinal_is_not_used_again(journal):
    journal.sync(chat(), said(("a", "1"), ("b", "2")), now=NOON)
    synced = journal.sync(chat(), said(("a", "1")), now=NOON)
    assert synced.removed == (derive_id("turn", "chat-1", 1),)
    assert journal.sync(chat(), said(("a", "1"), ("b", "2")), now=NOON).recorded == (derive_id("turn", "chat-1", 2),)
    removed = [turn for turn in journal.turns(conversation_id="chat-1", include_removed=True) if turn.position < 0]
    assert [(turn.ordinal, turn.state) for turn in removed] == [(1, TurnState.REMOVED)]


def test_an_empty_conversation_is_not_kept(journal):
    assert journal.sync(chat(), [Row("", "greeting"), Row("hi", "")], now=NOON) == Synced()
    assert journal.conversations() == []
    with pytest.raises(UnknownId):
        journal.conversation("chat-1")


def test_rows_without_a_time_are_said_now(journal):
    journal.sync(chat(), said(("a", "1"), at=None), now=after(3))
    assert journal.turns()[0].said_at == after(3)


def test_huge_right_to_left_and_broken_texts_survive(journal):
    rows = said(("x" * 100_000, "y" * 100_000), ("שלום 👩‍👩‍👧", "مرحبا\u202e"), ("half \ud83d", "a\x00b\ud83d\ude00"))
    journal.sync(chat(), rows, now=NOON)
    assert journal.sync(chat(), rows, now=NOON) == Synced()
    assert texts(journal)[0] == ("x" * 100_000, "y" * 100_000)
    assert texts(journal)[1:] == [("שלום 👩‍👩‍👧", "مرحبا\u202e"), ("half \ufffd", "a\x00b😀")]


def test_a_branch_holds_the_same_turns(journal):
    rows = said(("a", "1"), ("b", "2"), ("c", "3"))
    journal.sync(chat(), rows, now=NOON)
    copied = said(("a", "1"), ("b", "2"), at=after(1))
    branched = journal.sync(chat("branch"), copied, now=after(60))
    assert (branched.recorded, len(branched.joined)) == ((), 2)
    assert texts(journal, "branch") == [("a", "1"), ("b", "2")]
    assert journal.conversations_of(branched.joined[0]) == ("branch", "chat-1")
    assert len(journal.turns()) == 3


@pytest.mark.parametrize(
    ("profile", "at"), [("other", NOON), ("personal", NOON + timedelta(minutes=2, seconds=1)), ("personal", None)]
)
def test_the_same_words_elsewhere_are_another_turn(journal, profile, at):
    journal.sync(chat(), said(("a", "1")), now=NOON)
    again = journal.sync(chat("other", profile=profile), said(("a", "1"), at=at), now=after(9))
    assert (len(again.recorded), again.joined) == (1, ())


def test_words_said_twice_in_one_chat_are_two_turns_and_both_are_branched(journal):
    rows = said(("ok", "ok"), ("ok", "ok"))
    assert len(journal.sync(chat(), rows, now=NOON).recorded) == 2
    assert len(set(journal.sync(chat("branch"), rows, now=NOON).joined)) == 2


def test_an_edit_in_a_branch_leaves_the_other_chat_alone(journal):
    journal.sync(chat(), said(("a", "1"), ("b", "2")), now=NOON)
    journal.sync(chat("branch"), said(("a", "1"), ("b", "2")), now=NOON)
    edited = journal.sync(chat("branch"), said(("a", "1"), ("b", "two")), change=Change.EDITED, now=NOON)
    assert (len(edited.recorded), edited.revised, edited.removed) == (1, (), ())
    assert texts(journal) == [("a", "1"), ("b", "2")]
    assert texts(journal, "branch") == [("a", "1"), ("b", "two")]


def test_a_shared_turn_goes_with_its_last_chat(journal):
    (turn_id,) = journal.sync(chat(), said(("a", "1")), now=NOON).recorded
    journal.sync(chat("branch"), said(("a", "1")), now=NOON)
    assert journal.sync(chat(), [], now=NOON).removed == ()
    assert journal.turn(turn_id).position == 0
    assert journal.sync(chat("branch"), [], now=NOON).removed == (turn_id,)
    assert journal.turn(turn_id).state is TurnState.REMOVED


def test_an_older_file_that_is_imported_removes_nothing(journal):
    journal.sync(chat(), said(("a", "1"), ("b", "2"), ("c", "3")), now=NOON)
    for _ in range(2):
        synced = journal.sync(chat(), said(("a", "1"), ("c", "3")), change=Change.IMPORTED, now=NOON)
        assert not synced.changed
    assert sorted(texts(journal)) == [("a", "1"), ("b", "2"), ("c", "3")]


def test_a_moved_conversation_is_recorded_anew_in_its_profile(journal):
    (old,) = journal.sync(chat(), said(("a", "1")), now=NOON).recorded
    journal.sync(chat("branch"), said(("a", "1")), now=NOON)
    moved = journal.move_conversation("chat-1", profile="work", now=NOON)
    assert (len(moved.recorded), moved.removed) == (1, ())
    assert [turn.id for turn in journal.turns(profile="personal")] == [old]
    assert [turn.id for turn in journal.turns(profile="work")] == list(moved.recorded)
    assert journal.profiles() == ("personal", "work")


def test_a_known_conversation_keeps_its_profile_and_title(journal):
    journal.sync(chat(title="Dogs"), said(("a", "1")), now=NOON)
    journal.sync(chat(title="Cats", profile="work"), said(("a", "1"), ("b", "2")), now=NOON)
    kept = journal.conversation("chat-1")
    assert (kept.profile, kept.title) == ("personal", "Dogs")
    journal.rename_conversation("chat-1", "Birds")
    assert journal.conversation("chat-1").title == "Birds"


def test_turns_are_found_by_what_any_version_said(journal):
    journal.sync(chat(), said(("My dog is REX", "ok"), ("b", "2")), now=NOON)
    journal.sync(chat(), said(("My dog is Max", "ok"), ("b", "2")), now=NOON)
    assert [turn.user for turn in journal.matching("dog  is rex")] == ["My dog is Max"]
    assert journal.matching(" ") == []


@pytest.mark.parametrize("ask", ["turn", "versions", "conversation"])
def test_an_unknown_id_is_an_error_that_names_it(journal, ask):
    with pytest.raises(UnknownId, match="nowhere"):
        getattr(journal, ask)("nowhere")


def test_an_imported_chat_of_the_same_name_that_shares_no_turn_is_left_alone(journal):
    journal.sync(replace(chat("dogs"), source="import"), said(("dog?", "Rex")), change=Change.IMPORTED, now=NOON)
    journal.sync(chat("chat/Ann/dogs"), said(("cat?", "Tom")), now=after(5))
    assert texts(journal, "dogs") == [("dog?", "Rex")]
    assert texts(journal, "chat/Ann/dogs") == [("cat?", "Tom")]


def test_a_journal_in_which_a_chat_and_its_import_hold_the_same_turns_is_set_right_at_the_next_sync(journal):
    journal.sync(replace(chat("dogs"), source="import"), said(("dog?", "Rex"), ("cat?", "Tom")), now=NOON)
    with journal._database.writing() as connection:
        ensure_conversation(connection, chat("chat/Ann/dogs"))
        copied = "INSERT INTO conversation_turns SELECT ?, turn_id, position FROM conversation_turns"
        connection.execute(copied, ("chat/Ann/dogs",))
    journal.sync(chat("chat/Ann/dogs"), said(("dog?", "Max")), now=after(5))
    assert [turn.reply for turn in journal.turns()] == ["Max"]
    assert texts(journal, "dogs") == []
