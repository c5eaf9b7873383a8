"""Reconciling turns with rows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocolora.core.conversations import Change, Turn
from cocolora.core.reconcile import Keep, Record, Remove, Revise, Row, infer_change, reconcile

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEXTS = st.sampled_from(["a", "b", "c", ""])
ROWS = st.lists(st.builds(Row, TEXTS, TEXTS), max_size=8)


def turns_of(*texts: tuple[str, str]) -> list[Turn]:
    return [Turn(f"t{i}", "c", i, i, user, reply, NOON, 1) for i, (user, reply) in enumerate(texts)]


def applied(operations) -> list[tuple[str, str]]:
    return [operation.row.texts for operation in operations if not isinstance(operation, Remove)]


@given(ROWS, ROWS)
def test_after_the_operations_the_turns_are_the_rows(before, rows):
    turns = turns_of(*(row.texts for row in before if row.is_turn))
    operations = reconcile(turns, rows)
    assert applied(operations) == [row.texts for row in rows if row.is_turn]
    assert [op.position for op in operations if not isinstance(op, Remove)] == [
        position for position, row in enumerate(rows) if row.is_turn
    ]


@given(ROWS, ROWS)
def test_every_turn_is_kept_revised_or_removed_once(before, rows):
    turns = turns_of(*(row.texts for row in before if row.is_turn))
    used = [op.turn.id for op in reconcile(turns, rows) if not isinstance(op, Record)]
    assert sorted(used) == sorted(turn.id for turn in turns)


@given(ROWS)
def test_the_same_rows_change_nothing(rows):
    turns = turns_of(*(row.texts for row in rows if row.is_turn))
    assert all(isinstance(operation, Keep) for operation in reconcile(turns, rows))


@given(ROWS, ROWS)
def test_a_turn_keeps_its_text_or_is_revised_to_another(before, rows):
    for operation in reconcile(turns_of(*(row.texts for row in before if row.is_turn)), rows):
        if isinstance(operation, Keep | Revise):
            same = (operation.turn.user, operation.turn.reply) == operation.row.texts
            assert same == isinstance(operation, Keep)


def test_a_new_row_is_recorded():
    turns = turns_of(("hi", "hello"))
    assert [type(op) for op in reconcile(turns, [Row("hi", "hello"), Row("how?", "so")])] == [Keep, Record]


def test_a_regenerated_reply_revises_its_turn():
    turns = turns_of(("hi", "hello"), ("who?", "me"))
    row = Row("who?", "I")
    assert reconcile(turns, [Row("hi", "hello"), row])[1] == Revise(turns[1], row, 1)


def test_a_message_edited_in_the_middle_revises_its_turn_alone():
    turns = turns_of(("a", "1"), ("b", "2"), ("c", "3"))
    operations = reconcile(turns, [Row("a", "1"), Row("B", "2!"), Row("c", "3")])
    assert [type(op) for op in operations] == [Keep, Revise, Keep]


def test_a_removed_turn_in_the_middle_takes_no_other_with_it():
    turns = turns_of(("a", "1"), ("b", "2"), ("c", "3"))
    operations = reconcile(turns, [Row("a", "1"), Row("c", "3")])
    assert [type(op) for op in operations] == [Remove, Keep, Keep]
    assert operations[0] == Remove(turns[1])


def test_the_turn_with_the_same_user_text_is_the_one_that_is_revised():
    turns = turns_of(("a", "1"), ("b", "2"))
    row = Row("b", "other")
    assert reconcile(turns, [row]) == (Remove(turns[0]), Revise(turns[1], row, 0))


def test_a_row_without_a_reply_keeps_its_place_in_the_counting():
    row = Row("b", "2")
    assert reconcile([], [Row("", "greeting"), Row("a", " "), row]) == (Record(row, 2),)


def test_a_long_unchanged_chat_costs_little():
    turns = turns_of(*(("ok", "ok"),) * 3000)
    assert len(reconcile(turns, [Row("ok", "ok")] * 3001)) == 3001


@pytest.mark.parametrize(
    ("row", "known", "change"),
    [
        (Row("u2", "r"), [], Change.EDITED),
        (Row("u", "r and more"), [], Change.CONTINUED),
        (Row("u", "x"), ["x"], Change.SWIPED),
        (Row("u", "x", versions=("r", "x")), [], Change.REGENERATED),
        (Row("u", "x"), [], Change.EDITED),
    ],
)
def test_what_changed_is_inferred(row, known, change):
    assert infer_change(turns_of(("u", "r"))[0], row, known) is change
