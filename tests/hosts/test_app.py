"""The app's page as plain functions, on a real engine without a model."""

import socket
import subprocess
import sys
from pathlib import Path

import gradio as gr
import pytest

from cocolora.core.reconcile import Row
from cocolora.engine import Engine
from cocolora.engine.rooms import utc_now
from cocolora.errors import PortTaken
from cocolora.hosts import app, app_chat
from cocolora.ui.page import Page
from tests.ui.conftest import blocks_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engine(tmp_path):
    opened = Engine(tmp_path / "home", lambda: None)
    yield opened
    opened.close()


def shown(engine, chat, text):
    """Return everything the page shows, one after the other, while a message is answered."""
    return list(app_chat.tell(engine, chat, text, Page()))


def test_the_page_has_a_chat_and_the_tab(engine):
    blocks, own = blocks_of(lambda: app.build_app(engine))
    labels = {block.label for block in blocks.blocks.values() if getattr(block, "label", None)}
    assert {"Chat", "Message", "Conversations", "Overview", "Settings"} <= labels
    assert own.delete_cache == app.DELETE_CACHE_S


def test_a_message_that_cannot_be_answered_is_given_back_with_the_reason(engine):
    chat = app_chat.Chat()
    waiting, (messages, kept, why, _, halt) = shown(engine, chat, "My dog is called Biscuit.")
    assert [message["content"] for message in waiting[0]] == ["My dog is called Biscuit.", "…"]
    assert messages == []
    assert kept == "My dog is called Biscuit."
    assert "No model is loaded" in why
    assert not halt["visible"]
    assert engine.turns() == []


def test_an_empty_message_changes_nothing(engine):
    (only,) = shown(engine, app_chat.Chat(), "  ")
    assert all(update == gr.skip() for update in only)


def test_a_chat_is_called_by_what_was_said_first():
    rows = [Row("My dog is\ncalled Biscuit.", "Ok.", utc_now()), Row("Hello.", "Hello.")]
    chat = app_chat.Chat(profile="work", rows=rows)
    conversation = chat.conversation()
    assert (conversation.id, conversation.profile, conversation.title) == (chat.id, "work", "My dog is called Biscuit.")
    assert [message["role"] for message in chat.messages] == ["user", "assistant"] * 2
    assert app_chat.Chat().id != app_chat.Chat().id


class Parrot:
    """Stands in for the engine's model: a reply of three pieces, and whether it was closed."""

    def __init__(self):
        self.closed = False
        self.messages = []

    def stream(self, messages, context, *, max_new_tokens):
        self.messages = messages
        try:
            yield from ("Your dog ", "is called ", "Biscuit.")
        finally:
            self.closed = True


@pytest.fixture
def parrot(engine, monkeypatch):
    made = Parrot()
    monkeypatch.setattr(engine, "stream", made.stream)
    return made


def test_a_reply_comes_in_pieces_and_is_recorded_at_its_end(engine, parrot, monkeypatch):
    monkeypatch.setattr(app_chat, "PIECE_S", 0.0)
    chat = app_chat.Chat()
    updates = shown(engine, chat, "What is my dog called?")
    told = [update[0][-1]["content"] for update in updates]
    assert told == [
        "…",
        "Your dog ",
        "Your dog is called ",
        "Your dog is called Biscuit.",
        "Your dog is called Biscuit.",
    ]
    assert updates[0][4]["visible"]
    assert not updates[-1][4]["visible"]
    assert [turn.reply for turn in engine.turns()] == ["Your dog is called Biscuit."]


def test_a_stopped_reply_is_kept_as_far_as_it_came(engine, parrot, monkeypatch):
    monkeypatch.setattr(app_chat, "PIECE_S", 0.0)
    chat = app_chat.Chat()
    telling = app_chat.tell(engine, chat, "What is my dog called?", Page())
    next(telling), next(telling)
    app_chat.stop(chat)
    *_, last = telling
    assert last[0][-1]["content"] == "Your dog is called"
    assert parrot.closed
    assert [turn.reply for turn in engine.turns()] == ["Your dog is called"]


def test_a_new_chat_stops_the_reply_of_the_old_one_which_shows_nothing_more(engine, parrot, monkeypatch):
    monkeypatch.setattr(app_chat, "PIECE_S", 0.0)
    blocks, _ = blocks_of(lambda: app.build_app(engine))
    (on_new,) = [fn.fn for fn in blocks.fns.values() if fn.name == "on_new"]
    chat = app_chat.Chat()
    telling = app_chat.tell(engine, chat, "What is my dog called?", Page())
    next(telling), next(telling)
    fresh, messages, *_, halt = on_new(chat)
    assert (fresh.rows, messages, halt["visible"]) == ([], [], False)
    assert list(telling) == []
    assert parrot.closed
    assert [turn.reply for turn in engine.turns()] == ["Your dog is called"]
    assert shown(engine, fresh, "Hello.")[-1][0][-1]["content"] == "Your dog is called Biscuit."


def test_a_chat_follows_what_is_edited_and_forgotten_elsewhere(engine, parrot):
    chat = app_chat.Chat()
    shown(engine, chat, "My dog is called Biscuit.")
    shown(engine, chat, "My cat is called Mog.")
    dog, cat = engine.turns(conversation_id=chat.id)
    engine.conversations.edit_turn(cat.id, conversation_id=chat.id, user="My cat is called Max.", reply="Ok.")
    engine.forgetting.forget(engine.forgetting.plan(turn_ids=[dog.id]))
    messages = shown(engine, chat, "Hello.")[-1][0]
    assert [message["content"] for message in messages][0::2] == ["My cat is called Max.", "Hello."]


def test_a_new_chat_belongs_to_the_profile_that_is_looked_at_and_stays_there(engine, parrot):
    chat, page = app_chat.Chat(), Page(profile="work")
    list(app_chat.tell(engine, chat, "Hello.", page))
    page.choose_profile("personal")
    list(app_chat.tell(engine, chat, "Hello again.", page))
    assert len(engine.turns(profile="work")) == 2


def test_nothing_is_recorded_while_recording_is_off(engine, parrot):
    engine.change_settings("recording", enabled=False)
    chat = app_chat.Chat()
    shown(engine, chat, "My dog is called Biscuit.")
    assert len(shown(engine, chat, "Hello.")[-1][0]) == 4
    assert engine.turns() == []


@pytest.mark.parametrize("how", ["everywhere", "in this chat"])
def test_a_chat_goes_on_showing_what_was_said_while_its_recording_was_off(engine, parrot, how):
    chat = app_chat.Chat()

    def switch(recorded):
        if how == "everywhere":
            engine.change_settings("recording", enabled=recorded)
        else:
            engine.conversations.set_recorded(chat.id, recorded)

    shown(engine, chat, "My dog is called Biscuit.")
    switch(False)
    shown(engine, chat, "My bank is called Hidden.")
    assert len(shown(engine, chat, "Hello.")[-1][0]) == 6
    switch(True)
    assert len(shown(engine, chat, "My cat is called Mog.")[-1][0]) == 8
    assert [turn.user for turn in engine.turns()] == ["My dog is called Biscuit.", "My cat is called Mog."]


def test_every_reply_of_a_chat_can_be_asked_about(engine, parrot):
    chat = app_chat.Chat()
    shown(engine, chat, "My dog is called Biscuit.")
    other = app_chat.Chat()
    shown(engine, other, "What is my dog called?")
    *_, why, which, _ = shown(engine, other, "Hello.")[-1]
    assert [label for label, _ in which["choices"]] == ["1. What is my dog called?", "2. Hello."]
    assert "no memory was quoted" in why
    assert "“My dog is called Biscuit.”" in app_chat.why(engine, other, 0)
    assert app_chat.why(engine, app_chat.Chat()) == ""


def test_a_taken_port_is_a_sentence(engine):
    with socket.socket() as taken:
        taken.bind((app.LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} is taken"):
            app.run_app(engine, port=port, open_browser=False)


def test_the_page_is_served_on_the_loopback_interface_alone_and_not_shared(engine, monkeypatch):
    wanted = {}
    monkeypatch.setattr(gr.Blocks, "launch", lambda self, **how: wanted.update(how))
    blocks, _ = blocks_of(lambda: app.build_app(engine))
    app.launch(blocks, port=7865, open_browser=False)
    assert (wanted["server_name"], wanted["share"]) == ("127.0.0.1", False)


def test_the_command_line_does_not_load_gradio():
    code = "import sys, cocolora.cli, cocolora.cli.commands; sys.exit('gradio' in sys.modules)"
    path = str(ROOT / "extensions" / "cocolora")
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, check=False).returncode == 0


def test_a_command_is_answered_in_the_chat_and_neither_recorded_nor_shown_to_the_model(engine, parrot):
    chat = app_chat.Chat()
    for said in ("My dog is called Rex.", "/memory dog", "Hello."):
        *_, last = app_chat.tell(engine, chat, said, Page())
        assert last[0][-2]["content"] == said
    assert "Rex" in chat.rows[1].reply
    assert [turn.user for turn in engine.turns()] == ["My dog is called Rex.", "Hello."]
    assert "/memory" not in str(parrot.messages)
    assert [row.user for row in chat.rows] == ["My dog is called Rex.", "/memory dog", "Hello."]
