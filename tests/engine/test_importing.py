"""Past chats taken in: what was stopped goes on where it was, and much to learn is said before it begins."""

import json

import pytest

from cocolora.engine import Engine
from cocolora.engine.import_chats import MANY_TURNS
from cocolora.errors import Cancelled

CHATS = 12


@pytest.fixture
def engine(tmp_path):
    """An engine without a model."""
    opened = Engine(tmp_path / "home", lambda: None)
    yield opened
    opened.close()


@pytest.fixture
def past(tmp_path):
    """A folder of chats, one exchange each."""
    folder = tmp_path / "past"
    folder.mkdir()
    for number in range(CHATS):
        told = [{"role": "user", "content": f"I live in {number} Elm Street."}, {"role": "assistant", "content": "Ok."}]
        (folder / f"{number:02}.json").write_text(json.dumps({"messages": told}))
    return folder


def test_an_import_that_was_stopped_keeps_what_it_has_and_adds_the_rest_the_next_time(engine, past):
    seen = []
    with pytest.raises(Cancelled):
        engine.conversations.import_chats([past], on_progress=seen.append, cancelled=lambda: len(seen) == 5)
    assert [(step.done, step.total) for step in seen] == [(done, CHATS) for done in range(5)]
    assert len(engine.turns()) == 5
    assert engine.conversations.import_chats([past]).turns == CHATS - 5
    assert len({turn.user for turn in engine.turns()}) == len(engine.turns()) == CHATS
    assert engine.conversations.import_chats([past]).turns == 0
    assert engine.verify() == []


def test_much_to_learn_is_said_with_how_to_ask_for_its_time(engine, past, tmp_path):
    assert engine.conversations.import_chats([past]).sentence == "Recorded 12 new turns in 12 conversations."
    told = {"role": "user", "content": "I live in Oak Street."}, {"role": "assistant", "content": "Ok."}
    (tmp_path / "long.json").write_text(json.dumps({"messages": [*told] * (MANY_TURNS + 1)}))
    assert (
        "`cocolora learn --plan` says how long" in engine.conversations.import_chats([tmp_path / "long.json"]).sentence
    )
