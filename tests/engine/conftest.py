"""Engines on real homes, with the demo base as their model."""

from datetime import UTC, datetime, timedelta

import pytest

from cocolora.core.conversations import Conversation
from cocolora.core.reconcile import Row
from cocolora.engine import Engine
from cocolora.engine.open_model import DEMO_BASE, model_in


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now = datetime(2026, 11, 20, 9, tzinfo=UTC)

    def __call__(self):
        return self.now


@pytest.fixture(scope="session")
def find_demo_base():
    if not (DEMO_BASE / "config.json").exists():
        pytest.skip("the demo base is not built: python -m cocolora.demo.build")
    return model_in(DEMO_BASE)


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
def engine(make_engine, tmp_path):
    return make_engine(tmp_path / "home")


@pytest.fixture
def tell(clock):
    """Return a function that records a conversation of (user, reply) pairs."""

    def tell(engine, name, *pairs, profile="default"):
        conversation = Conversation(name, profile, name, "test", clock())
        rows = []
        for user, reply in pairs:
            clock.now += timedelta(minutes=1)
            rows.append(Row(user, reply, clock()))
        engine.record(conversation, rows)
        clock.now += timedelta(days=1)
        return conversation, rows

    return tell


@pytest.fixture
def ask():
    """Return a function that asks in an empty chat; ``quoting`` keeps the quoted memories in the prompt."""
    from cocolora.demo.asking import ask_all, everything, weights_only

    def ask(engine, question, *, quoting=False):
        return ask_all(engine, [question], everything if quoting else weights_only)[0]

    return ask
