"""Stretches: where a conversation, a day or a subject ends."""

import json
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


def test_cuts_of_real_chats_fall_where_one_day_s_talk_ends_and_the_next_begins(shared_data):
    people = json.loads((shared_data / "memorybank" / "conversations.json").read_text(encoding="utf-8"))
    fallen, cuts, blind, blindly = 0, 0, 0, 0
    for joined in (run for person in people.values() for run in _joined_days(person["history"].values())):
        turns = [
            Turn(f"t{n}", "c1", n, n, one["query"], one["response"], NOON, 1)
            for n, one in enumerate([one for day in joined for one in day])
        ]
        borders = {sum(map(len, joined[:number])) for number in range(1, len(joined))}
        stretches = cut(turns)
        found = {sum(map(len, stretches[:number])) for number in range(1, len(stretches))}
        fallen, cuts = fallen + len(found & borders), cuts + len(found)
        every_twelfth = set(range(12, len(turns), 12))
        blind, blindly = blind + len(every_twelfth & borders), blindly + len(every_twelfth)
    assert (fallen, cuts, blind, blindly) == (16, 22, 2, 11)


def _joined_days(days):
    joined = []
    for day in days:
        joined.append([one for one in day if "query" in one])
        if sum(map(len, joined)) >= 20:
            yield joined
            joined = []
