"""Days and hours are those of the user's time zone, wherever the machine stands."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cocolora.core.conversations import Conversation, Turn
from cocolora.core.reconcile import Row
from cocolora.engine import learn
from cocolora.engine.estimate import Speed, plan_learning
from cocolora.engine.rhythm import judge_due
from tests.engine.conftest import BOAT, DOG

MIDNIGHTS = {"Asia/Tokyo": 15, "Pacific/Honolulu": 10}
"""At which hour of UTC a day begins."""
ANOTHER_DAY = [("Asia/Tokyo", 5), ("Pacific/Honolulu", -5)]
"""So many minutes from then it is another day there than by UTC."""
SPEED = Speed("demo", 8, 0.1)


@pytest.mark.parametrize(("home", "away"), [tuple(MIDNIGHTS), tuple(MIDNIGHTS)[::-1]])
def test_what_was_said_before_and_after_the_users_midnight_is_not_learned_together(engine, clock, home, away):
    midnight = datetime(2026, 11, 20, MIDNIGHTS[home], tzinfo=UTC)
    rows = [Row(*DOG, midnight - timedelta(minutes=5)), Row(*BOAT, midnight + timedelta(minutes=5))]
    clock.now = midnight + timedelta(days=1)
    engine.record(Conversation("pets", "personal", "pets", "test", midnight), rows)
    for zone, stretches in ((home, 2), (away, 1)):
        engine.change_settings("retrieval", time_zone=zone)
        assert plan_learning(engine._rooms, profile="personal", speed=SPEED).stretches == stretches


@pytest.mark.parametrize("zone", MIDNIGHTS)
def test_when_learning_is_due_is_told_in_the_users_time(engine, tell, clock, zone):
    tell(engine, "pets", DOG)
    clock.now -= timedelta(days=1)
    engine.change_settings("retrieval", time_zone=zone)
    engine.change_settings("learning", automatic=True, idle_minutes=0, due_hours=3)
    due = judge_due(engine._rooms, engine.turns(), rebuilds=0, profile="personal")
    assert due.at is not None
    local = due.at.astimezone(ZoneInfo(zone))
    assert f"at {local:%a} {local.day} {local:%b %Y, %H:%M} if" in due.reason


@pytest.mark.parametrize(("zone", "minutes"), ANOTHER_DAY)
def test_a_turn_is_studied_with_the_day_that_it_was_for_the_user(engine, clock, monkeypatch, zone, minutes):
    studied: list[Turn] = []

    def study(turns, model):
        studied.extend(turns)
        return [()] * len(turns)

    monkeypatch.setattr(learn, "study_turns", study)
    engine.change_settings("retrieval", time_zone=zone)
    said_at = datetime(2026, 11, 20, MIDNIGHTS[zone], tzinfo=UTC) + timedelta(minutes=minutes)
    clock.now = said_at + timedelta(days=1)
    engine.record(Conversation("pets", "personal", "pets", "test", said_at), [Row(*DOG, said_at)])
    engine.learn()
    assert [turn.said_at.date() for turn in studied] == [said_at.astimezone(ZoneInfo(zone)).date()]


@pytest.mark.parametrize(("zone", "minutes"), ANOTHER_DAY)
def test_what_a_reply_drew_on_is_dated_in_the_users_time(engine, clock, zone, minutes):
    engine.change_settings("retrieval", time_zone=zone)
    said_at = datetime(2026, 11, 20, MIDNIGHTS[zone], tzinfo=UTC) + timedelta(minutes=minutes)
    clock.now = said_at + timedelta(days=1)
    engine.record(Conversation("pets", "personal", "pets", "test", said_at), [Row(*DOG, said_at)])
    engine.asides.note("new", engine.contextualise("What is my dog called?").parts)
    local = said_at.astimezone(ZoneInfo(zone))
    assert f"({local:%a} {local.day} {local:%b %Y})" in engine.asides.answer("/why", chat="new")
