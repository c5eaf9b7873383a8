"""When learning is due, why it is not, and when it will be."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocolora.core.conversations import Turn
from cocolora.core.learning import Rhythm, is_due, settled
from cocolora.settings import Learning

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


def turn(ordinal, conversation="c1", *, text="hello", said_at=None):
    said_at = said_at or ago(60 - ordinal)
    return Turn(f"t{conversation}{ordinal}", conversation, ordinal, ordinal, text, text, said_at, 1)


def due(turns, *, rhythm=None, **settings):
    learning = Learning(**{"idle_minutes": 0, "due_hours": 0, **settings})
    return is_due(turns, learning, rhythm or Rhythm(NOW), zone=UTC)


def test_learning_is_due_by_turns_or_tokens_and_says_why_not():
    assert not due([]).now
    assert due([turn(n) for n in range(12)], due_turns=12).now
    assert due([turn(0, text="x" * 4000)]).now
    few = due([turn(0)])
    assert (few.now, few.at) == (False, None)
    assert few.reason == "1 turn of about 2 tokens to be read; due at 12 turns or 600 tokens"
    assert "off" in due([turn(n) for n in range(50)], automatic=False).reason


def test_learning_is_due_by_age_and_names_the_time():
    waiting = due([turn(0, said_at=ago(60))], due_hours=3)
    assert not waiting.now
    assert waiting.at == ago(-120)
    assert "at Mon 23 Nov 2026, 14:00 if nothing more is said" in waiting.reason
    assert due([turn(0, said_at=ago(181))], due_hours=3).now


def test_learning_is_due_when_nothing_was_said_for_a_while():
    one = [turn(0, said_at=ago(9))]
    waiting = due(one, idle_minutes=10)
    assert (waiting.now, waiting.at) == (False, ago(-1))
    assert due(one, idle_minutes=9).now
    edited = due(one, idle_minutes=9, rhythm=Rhythm(NOW, changed_at=ago(1)))
    assert (edited.now, edited.at) == (False, ago(-8))


def test_the_newest_turn_of_a_conversation_waits_until_it_has_settled():
    talk = [turn(n, said_at=ago(12 - n)) for n in range(12)]
    waiting = due(talk, due_turns=12, settle_minutes=5)
    assert (waiting.now, waiting.at) == (False, ago(-4))
    assert due(talk, due_turns=11, settle_minutes=5).now
    assert due(talk, due_turns=12, settle_minutes=1).now
    assert settled(talk, until=ago(5)) == talk[:-1]
    assert settled(talk, until=None) == talk
    assert settled([*talk, turn(12, "c2", said_at=ago(0))], until=ago(0)) == [*talk, turn(12, "c2", said_at=ago(0))]


def test_what_the_last_learning_left_is_not_tried_again_by_itself_until_more_is_said():
    talk = [turn(n) for n in range(12)]
    left = due(talk, rhythm=Rhythm(NOW, changed_at=ago(10), read_until=ago(10)))
    assert (left.now, left.at) == (False, None)
    assert "by hand or when more is said" in left.reason
    assert due(talk, rhythm=Rhythm(NOW, changed_at=ago(9), read_until=ago(10))).now


def test_adapters_that_wait_to_be_made_again_are_due_unless_that_was_given_up():
    waiting = due([], rhythm=Rhythm(NOW, rebuilds=2))
    assert (waiting.now, waiting.reason) == (True, "2 adapters to be made again")
    assert due([turn(0)], rhythm=Rhythm(NOW, rebuilds=1)).now
    assert not due([], rhythm=Rhythm(NOW, rebuilds=1), automatic=False).now
    assert "by hand" in due([], rhythm=Rhythm(NOW, rebuilds=1, gave_up=True)).reason
    assert due([turn(n) for n in range(12)], rhythm=Rhythm(NOW, rebuilds=1, gave_up=True), due_turns=12).now


def test_training_stays_within_its_budget_of_the_hour():
    talk = [turn(n) for n in range(12)]
    worked = [(ago(65), ago(55)), (ago(30), ago(20))]
    over = due(talk, hourly_budget_minutes=12, rhythm=Rhythm(NOW, worked=worked))
    assert (over.now, over.at) == (False, ago(-3))
    assert "12 minutes of training are used up until Mon 23 Nov 2026, 12:03" in over.reason
    assert due(talk, hourly_budget_minutes=16, rhythm=Rhythm(NOW, worked=worked)).now
    assert due(talk, rhythm=Rhythm(NOW, worked=[(ago(60), ago(0))])).now, "sixty minutes are no limit"


spans = st.lists(st.tuples(st.integers(0, 120), st.integers(1, 30)), max_size=5)


@given(spans, st.integers(1, 59))
def test_when_the_budget_allows_it_again_the_hour_before_holds_no_more_than_the_budget(lengths, budget):
    worked, at = [], -130
    for gap, length in lengths:
        worked.append((ago(-at - gap), ago(-at - gap - length)))
        at += gap + length
    worked = [(start, end) for start, end in worked if end <= NOW]
    found = due([turn(n) for n in range(12)], hourly_budget_minutes=budget, rhythm=Rhythm(NOW, worked=worked))
    allowed_at = max(NOW, found.at)
    since = allowed_at - timedelta(hours=1)
    spent = sum((max(timedelta(), end - max(start, since)) for start, end in worked), timedelta())
    assert spent <= timedelta(minutes=budget)
    assert found.now == (found.at <= NOW)


moments = st.integers(0, 3000).map(ago)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), moments), min_size=1, max_size=8),
    st.floats(0, 50),
    st.floats(0, 100),
    st.integers(1, 9),
)
def test_at_the_time_that_was_named_learning_is_due_if_nothing_more_is_said(said, hours, idle, most):
    turns = [turn(number, name, said_at=at) for number, (name, at) in enumerate(said)]
    settings = {"due_hours": hours, "idle_minutes": idle, "due_turns": most, "settle_minutes": 3}
    changed_at = max(one.said_at for one in turns)
    first = due(turns, rhythm=Rhythm(NOW, changed_at=changed_at), **settings)
    if first.at is not None:
        assert due(turns, rhythm=Rhythm(max(NOW, first.at), changed_at=changed_at), **settings).now
    if not first.now and first.at is not None:
        just_before = first.at - timedelta(milliseconds=1)
        assert not due(turns, rhythm=Rhythm(max(NOW, just_before), changed_at=changed_at), **settings).now
        assert first.at > NOW


@pytest.mark.parametrize("name", ["due_hours", "idle_minutes"])
def test_a_rule_of_time_can_be_switched_off(name):
    old = [turn(0, said_at=ago(10_000))]
    assert due(old, **{name: 1}).now
    assert not due(old, **{name: 0}).now
