"""Engines that stay go on with what was interrupted; those of one command do not."""

import signal
import subprocess
import sys
import time

import pytest

from cocolora.core.conversations import Conversation
from cocolora.core.reconcile import Row
from cocolora.core.records import JobState
from cocolora.engine import Engine
from tests.engine.conftest import BOAT, BOSS, DOG, tell_on

START = """
import sys; sys.path[:0] = {path!r}
from pathlib import Path
from cocolora.engine import Engine
from cocolora.engine.open_model import model_in
engine = Engine(Path({home!r}), model_in())
engine.start_learning()
while not (engine.jobs.current and engine.jobs.current.progress):
    pass
print("at work", flush=True)
engine.jobs.wait()
"""
PATIENCE_S = 400
QUICK = {"steps": 2, "attempts": 1, "replay_questions": 2}

pytestmark = pytest.mark.slow


@pytest.fixture
def killed_home(engine, tell):
    """A home whose background learning was killed; what is learned does not matter here."""
    engine.change_settings("learning", **QUICK)
    tell(engine, "pets", DOG, BOAT)
    home = engine.home.folder
    engine.close()
    code = START.format(path=[path for path in sys.path if path], home=str(home))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "at work"
        process.send_signal(signal.SIGKILL)
    return home


def test_a_killed_learning_goes_on_by_itself_where_an_engine_stays(killed_home, make_engine, find_demo_base, clock):
    passing = make_engine(killed_home)
    assert passing.jobs.wait(timeout_s=1)
    assert [job.state for job in passing.journal.queue.recent()] == [JobState.QUEUED]
    assert passing.adapters() == []
    resident = Engine(killed_home, find_demo_base, clock=clock, resident=True)
    try:
        assert resident.jobs.wait(PATIENCE_S)
        assert [job.state for job in resident.journal.queue.recent()] == [JobState.DONE]
        taught = {turn_id for adapter in resident.adapters() for turn_id in adapter.turn_ids}
        assert taught == {turn.id for turn in resident.turns()}
        assert resident.verify() == []
    finally:
        resident.close()


def test_an_engine_that_stays_learns_when_nothing_was_said_for_a_while(tmp_path, find_demo_base, clock):
    engine = Engine(tmp_path / "home", find_demo_base, clock=clock, resident=True)
    try:
        engine.change_settings("learning", **QUICK)
        tell_on(clock, engine, "pets", DOG, BOAT)  # lets a day pass
        engine.change_settings("learning", idle_minutes=5)
        for _ in range(PATIENCE_S * 10):
            if engine.status().unread == 0:
                break
            time.sleep(0.1)
        assert engine.status().unread == 0
        assert engine.jobs.wait(PATIENCE_S)
        (job,) = engine.journal.queue.recent()
        assert (job.state, job.payload) == (JobState.DONE, {"automatic": True})
    finally:
        engine.close()


def test_an_automatic_learning_leaves_the_newest_turn_alone_and_a_learning_by_hand_does_not(engine, clock):
    engine.change_settings("learning", automatic=True, due_turns=2, **QUICK)
    rows = [Row(user, reply, clock()) for user, reply in (DOG, BOAT, BOSS)]
    engine.record(Conversation("pets", "personal", "pets", "test", clock()), rows)
    assert engine.jobs.wait(PATIENCE_S)
    assert [turn.user for turn in _unread(engine)] == [BOSS[0]]
    engine.learn()
    assert _unread(engine) == []


def _unread(engine):
    return engine.journal.unread("personal", engine.workbench().model.identity.fingerprint)


def test_a_forgetting_that_was_interrupted_is_finished(taught, find_demo_base, clock):
    plan = taught.forgetting.plan(match="Biscuit")
    home = taught.home.folder
    taught.change_settings("learning", **QUICK)
    taught.journal.forget([turn.id for turn in plan.turns], now=clock())
    taught.journal.queue.add(
        "forget",
        {"turns": [turn.id for turn in plan.turns], "adapters": 1, "taught_again": 1, "profiles": ["personal"]},
        now=clock(),
    )
    taught.close()
    resident = Engine(home, find_demo_base, clock=clock, resident=True)
    try:
        assert resident.jobs.wait(PATIENCE_S)
        last = resident.jobs.last
        assert last is not None
        assert last.message.startswith("Forgot 1 turn and 1 adapter. Made 1 adapter again")
        assert len(resident.adapters()) == 2
        assert resident.verify() == []
    finally:
        resident.close()


@pytest.fixture
def to_be_made_again(engine, make_engine, find_demo_base, tell):
    """An engine that forgot one of two turns of an adapter while no model was loaded."""
    engine.change_settings("learning", **QUICK)
    engine.change_settings("gate", recall=0.0, retention_loss=1.0, abstention=0.0, neighbour_loss=1.0, loss_rise=10.0)
    tell(engine, "pets", DOG, BOAT)
    assert engine.learn().accepted
    engine.close()
    found = []
    without_model = make_engine(engine.home.folder, find_model=lambda: found[0]() if found else None)
    said = without_model.forgetting.forget(without_model.forgetting.plan(match="Biscuit"))
    assert "to be learned again" in said
    assert without_model.adapters() == []
    found.append(find_demo_base)
    return without_model


def test_what_was_forgotten_without_a_model_is_made_again_by_itself_when_there_is_one(to_be_made_again, clock):
    status = to_be_made_again.status()
    assert (status.unread, status.rebuilds) == (0, 1)
    assert "1 adapter to be made again" in status.sentence
    home = to_be_made_again.home.folder
    to_be_made_again.change_settings("learning", automatic=True)
    to_be_made_again.close()
    resident = Engine(home, to_be_made_again._rooms.find_model, clock=clock, resident=True)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not resident.adapters() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert resident.jobs.wait(PATIENCE_S)
        assert [len(adapter.turn_ids) for adapter in resident.adapters()] == [1]
        assert resident.status().rebuilds == 0
    finally:
        resident.close()


def test_learn_in_the_chat_makes_again_what_waits(to_be_made_again):
    assert "Making 1 adapter again in the background" in to_be_made_again.asides.answer("/learn", chat="pets")
    assert to_be_made_again.jobs.wait(PATIENCE_S)
    assert [len(adapter.turn_ids) for adapter in to_be_made_again.adapters()] == [1]
    assert "nothing new" in to_be_made_again.asides.answer("/learn", chat="pets")
