"""Chatting in the terminal, on a real engine whose replies are given."""

import io

import pytest
from rich.console import Console

from cocolora.cli import chat
from cocolora.engine import Engine


@pytest.fixture
def engine(tmp_path, monkeypatch):
    opened = Engine(tmp_path / "home", lambda: None)
    monkeypatch.setattr(opened, "reply", lambda messages, context: "Ok.")
    yield opened
    opened.close()


@pytest.fixture
def say(engine, monkeypatch):
    """Return a function that says something in a chat, ends it, and returns what was printed."""

    def say(*messages):
        said, printed = iter([*messages, ""]), io.StringIO()
        console = Console(file=printed, width=120)
        monkeypatch.setattr(console, "input", lambda prompt: next(said))
        monkeypatch.setattr(chat, "console", console)
        assert chat.run_chat(engine, profile="personal") == 0
        return printed.getvalue()

    return say


def test_what_is_said_in_the_terminal_is_recorded(engine, say):
    assert chat.NOT_RECORDED not in say("My dog is called Biscuit.")
    assert [turn.user for turn in engine.turns()] == ["My dog is called Biscuit."]


def test_the_terminal_heeds_a_recording_that_is_switched_off_and_on_in_mid_chat(engine, say, monkeypatch):
    def reply(messages, context):
        engine.change_settings("recording", enabled="cat" not in messages[-1]["content"])
        return "Ok."

    monkeypatch.setattr(engine, "reply", reply)
    say("My dog is called Biscuit.", "And my cat Mog.", "Our boat is called Quillfeather.")
    assert [turn.user for turn in engine.turns()] == ["My dog is called Biscuit.", "Our boat is called Quillfeather."]


def test_nothing_said_in_the_terminal_is_recorded_while_recording_is_off(engine, say):
    engine.change_settings("recording", enabled=False)
    assert chat.NOT_RECORDED in say("My dog is called Biscuit.", "And my cat Mog.")
    assert engine.turns() == []
