"""Stretches: where a conversation, a day or a subject ends."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from cocolora.core.conversations import Turn
from cocolora.core.stretches import cut_stretches
from cocolora.settings import Learning

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DOG = "Biscuit the spaniel sleeps beside the kitchen stove"
BOAT = "we sailed Quillfeather through the harbour at dawn"


def turn(ordinal, conversation="c1", *, text="hello", hours=0):
    said_at = NOON + timedelta(hours=hours)
    return Turn(f"t{conversation}{ordinal}", conversation, ordinal, ordinal, text, "Ok.", said_at, 1)


def cut(turns, most=12, zone=UTC):
    return cut_stretches(turns, Learning(stretch_turns=most), zone=zone)


spots = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.sampled_from([DOG, BOAT, "hello"]), st.integers(0, 60)),
    unique_by=lambda spot: spot[:2],
)


@given(spots, st.integers(1, 6))
def test_stretches_hold_every_turn_once_in_order_and_cross_no_conversation_or_day(said, most):
    turns = [turn(ordinal, name, text=text, hours=hours) for name, ordinal, text, hours in said]
    stretches = cut(turns, most)
    assert [one.id for stretch in stretches for one in stretch] == [
        one.id for one in sorted(turns, key=lambda one: (one.conversation_id, one.ordinal))
    ]
    for stretch in stretches:
        assert 1 <= len(stretch) <= most
        assert len({(one.conversation_id, one.said_at.date()) for one in stretch}) == 1
    assert cut(turns[::-1], most) == stretches


def test_the_day_is_that_of_the_user():
    turns = [turn(0, hours=-2), turn(1, hours=0)]
    assert len(cut(turns)) == 1
    assert len(cut(turns, zone=timezone(timedelta(hours=13)))) == 2


def test_a_long_day_is_cut_where_its_subject_changes():
    turns = [turn(n, text=DOG if n < 5 else BOAT) for n in range(14)]
    assert [len(stretch) for stretch in cut(turns)] == [5, 9]
    assert [len(stretch) for stretch in cut(turns[:12])] == [12], "what fits into one stretch stays together"
    alike = [turn(n, text=DOG) for n in range(14)]
    assert [len(stretch) for stretch in cut(alike)] == [7, 7]
