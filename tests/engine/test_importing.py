"""Past chats taken in: what was stopped goes on where it was, and much to learn is said before it begins."""

import json

import pytest

from cocolora.engine import Engine, learn, status
from cocolora.engine.handlers import LEARN
from cocolora.engine.import_chats import IMPORT, MANY_TURNS
from cocolora.engine.schedule import AUTOMATIC
from cocolora.errors import Cancelled
from tests.engine.conftest import DOG, START, tell_on

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


@pytest.fixture
def years(tmp_path):
    """A file of more turns than are learned unasked."""
    told = {"role": "user", "content": "I live in Oak Street."}, {"role": "assistant", "content": "Ok."}
    path = tmp_path / "years.json"
    path.write_text(json.dumps({"messages": [*told] * (MANY_TURNS + 1)}))
    return path


@pytest.fixture
def due(engine, monkeypatch):
    """Return a function that says whether learning is due, as if a model were loaded."""
    monkeypatch.setattr(status, "read_model", lambda rooms: ("tiny", "", "f" * 64))
    return lambda profile="personal": engine.status(profile=profile).due


def test_a_few_imported_turns_are_learned_by_themselves_once_all_are_there(engine, past, due):
    engine.change_settings("learning", settle_minutes=0)
    engine.conversations.import_chats([past])
    assert (due().now, due().imported) == (True, 0)
    engine.journal.queue.add(IMPORT, {}, profile="personal", now=START)
    assert (due().now, due().imported) == (False, CHATS)


def test_many_imported_turns_wait_to_be_asked_for(engine, years, due):
    engine.conversations.import_chats([years])
    assert (due().now, due().at, due().imported) == (False, None, MANY_TURNS + 1)
    assert due().reason == "101 imported turns to be learned by hand; learning so many begins when you ask for it"
    assert "`cocolora learn --plan` says how long" in engine.status().sentence
    assert engine.status().unread == MANY_TURNS + 1


def test_what_is_said_meanwhile_is_learned_without_the_imported_turns(engine, years, clock, due, monkeypatch):
    begun = []
    monkeypatch.setattr(engine, "_learn_by_itself", begun.append)
    engine.conversations.import_chats([years])
    assert begun == []
    engine.change_settings("learning", due_turns=1, settle_minutes=0)
    tell_on(clock, engine, "pets", DOG)
    assert (due().now, due().imported) == (True, MANY_TURNS + 1)
    assert "1 turn of about" in due().reason
    assert begun == ["personal"]


def test_many_imported_turns_wait_in_another_profile_too(engine, years, due):
    engine.conversations.import_chats([years])
    (chat,) = engine.journal.conversations()
    engine.profiles.move(chat.id, profile="work")
    assert due("work").imported == MANY_TURNS + 1


def test_only_a_learning_that_was_asked_for_reads_many_imported_turns(make_engine, tmp_path, years, clock, monkeypatch):
    engine = make_engine(tmp_path / "asked")
    engine.change_settings("learning", automatic=False, settle_minutes=0)
    engine.conversations.import_chats([years])
    tell_on(clock, engine, "pets", DOG)
    read = []

    def study(run, turns):
        read.append(len(turns))
        raise Cancelled("Reading")

    monkeypatch.setattr(learn, "study", study)
    engine.jobs.submit(LEARN, AUTOMATIC)
    engine.jobs.wait()
    engine.jobs.submit(LEARN, {})
    engine.jobs.wait()
    with pytest.raises(Cancelled):
        engine.learn()
    assert read == [1, MANY_TURNS + 2, MANY_TURNS + 2]
