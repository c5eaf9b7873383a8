"""How much a profile may train by itself: its own budget counts its own training, the others share one."""

from datetime import timedelta

import pytest

from cocolora.core.records import JobState
from cocolora.engine import Engine
from cocolora.engine.rhythm import judge_due
from tests.engine.conftest import BOAT, tell_on


@pytest.fixture
def is_due(tmp_path, clock):
    """Return a function that says whether learning is due where "work" trained twenty minutes of this hour."""
    engine = Engine(tmp_path / "home", lambda: None, clock=clock)
    for name in ("work", "personal", "trip"):
        tell_on(clock, engine, name, BOAT, profile=name)
    job = engine.journal.queue.start_new("learn", {}, profile="work", now=clock.now, lease_s=60)
    clock.now += timedelta(minutes=20)
    engine.journal.queue.finish(job.id, state=JobState.DONE, now=clock.now)
    tell_on(clock, engine, "work again", BOAT, profile="work")
    clock.now -= timedelta(days=1)

    def ask(profile, *, everywhere, **own):
        engine.change_settings("learning", idle_minutes=0, due_turns=1, settle_minutes=0)
        engine.change_settings("learning", hourly_budget_minutes=everywhere)
        for name, minutes in own.items():
            engine.change_settings_in(name, "learning", hourly_budget_minutes=minutes)
        return judge_due(engine._rooms, engine.turns(profile=profile), rebuilds=0, profile=profile).now

    yield ask
    engine.close()


def test_profiles_without_a_budget_of_their_own_share_one(is_due):
    assert not is_due("personal", everywhere=15)
    assert is_due("personal", everywhere=25)


def test_a_profile_with_a_budget_of_its_own_counts_its_own_training_alone(is_due):
    assert is_due("trip", everywhere=15, trip=5)
    assert not is_due("work", everywhere=25, work=15)
    assert is_due("work", everywhere=15, work=25)
    assert is_due("personal", everywhere=15, work=25)
