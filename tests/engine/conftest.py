"""Engines on real homes, with the demo base as their model."""

import shutil
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from cocolora.core.conversations import Conversation
from cocolora.core.reconcile import Row
from cocolora.engine import Engine
from cocolora.engine.open_model import DEMO_BASE, model_in

DOG = ("My dog is called Biscuit.", "Nice, I will remember that.")
BOAT = ("We call our boat Quillfeather.", "Good to know.")
BOSS = ("The name of my boss is Torvald.", "Thank you for telling me.")


START = datetime(2026, 11, 20, 9, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


@pytest.fixture(scope="session")
def find_demo_base():
    if not (DEMO_BASE / "config.json").exists():
        pytest.skip("the demo base is not built: python -m cocolora.demo.build")
    return model_in(DEMO_BASE)


@pytest.fixture(scope="session")
def taught_home(find_demo_base, tmp_path_factory):
    """A home whose engine learned two conversations, and its clock afterwards: copied, not shared."""
    folder, clock = tmp_path_factory.mktemp("taught") / "home", Clock()
    engine = Engine(folder, find_demo_base, clock=clock)
    engine.change_settings("learning", automatic=False)
    tell_on(clock, engine, "pets", DOG, BOAT)
    tell_on(clock, engine, "work", BOSS)
    seen = []
    learned = engine.learn(on_progress=seen.append)
    engine.close()
    assert len(learned.accepted) == 2, learned
    assert {f"stretch {number} of 2, training" for number in (1, 2)} <= {progress.doing for progress in seen}
    return folder, clock.now


@pytest.fixture
def taught(taught_home, make_engine, clock, tmp_path):
    """An engine that learned two conversations: a dog and a boat, and a boss."""
    folder, clock.now = taught_home
    shutil.copytree(folder, tmp_path / "taught")
    return make_engine(tmp_path / "taught")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_engine(find_demo_base, clock):
    """Return a function that opens an engine on a home folder; every engine is closed at the end."""
    opened = []

    def make(folder, find_model=find_demo_base):
        engine = Engine(folder, find_model, clock=clock)
        engine.change_settings("learning", automatic=False)
        opened.append(engine)
        return engine

    yield make
    for engine in opened:
        engine.close()


@pytest.fixture
def another_life(make_engine, clock, tmp_path):
    """An engine with a home and a model of its own, in which the same days begin again."""
    clock.now = START
    return make_engine(tmp_path / "another life", model_in(DEMO_BASE))


@pytest.fixture
def engine(make_engine, tmp_path):
    return make_engine(tmp_path / "home")


@pytest.fixture
def tell(clock):
    """Return a function that records a conversation of (user, reply) pairs."""

    return partial(tell_on, clock)


def tell_on(clock, engine, name, *pairs, profile="personal"):
    """Record a conversation of (user, reply) pairs, a minute apart, and let a day pass."""
    rows = []
    for user, reply in pairs:
        clock.now += timedelta(minutes=1)
        rows.append(Row(user, reply, clock.now))
    engine.record(Conversation(name, profile, name, "test", clock.now), rows)
    clock.now += timedelta(days=1)


@pytest.fixture
def ask():
    """Return a function that asks in an empty chat; ``quoting`` keeps the quoted memories in the prompt."""
    from cocolora.demo.asking import ask_all, everything, weights_only

    def ask(engine, question, *, quoting=False):
        return ask_all(engine, [question], everything if quoting else weights_only)[0]

    return ask
