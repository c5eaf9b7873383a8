"""The app's page as plain functions, on a real engine without a model."""

import socket
import subprocess
import sys
from pathlib import Path

import gradio as gr
import pytest

from cocolora.core.memories import Memory
from cocolora.core.reconcile import Row
from cocolora.core.routing import Route
from cocolora.engine import Engine
from cocolora.engine.answer import Context
from cocolora.engine.rooms import utc_now
from cocolora.errors import PortTaken
from cocolora.hosts import app
from tests.ui.conftest import blocks_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engine(tmp_path):
    opened = Engine(tmp_path / "home", lambda: None)
    yield opened
    opened.close()


def shown(engine, chat, text):
    """Return everything the page shows, one after the other, while a message is answered."""
    return list(app._tell(engine, chat, text, profile="default"))


def test_the_page_has_a_chat_and_the_tab(engine):
    blocks, _ = blocks_of(lambda: app.build_app(engine))
    labels = {block.label for block in blocks.blocks.values() if getattr(block, "label", None)}
    assert {"Chat", "Message", "Conversation", "Overview", "Settings"} <= labels


def test_a_message_that_cannot_be_answered_is_given_back_with_the_reason(engine):
    chat = app.Chat()
    waiting, (messages, kept, why) = shown(engine, chat, "My dog is called Biscuit.")
    assert [message["content"] for message in waiting[0]] == ["My dog is called Biscuit.", "…"]
    assert messages == []
    assert kept == "My dog is called Biscuit."
    assert "No model is loaded" in why
    assert engine.turns() == []


def test_an_empty_message_changes_nothing(engine):
    (only,) = shown(engine, app.Chat(), "  ")
    assert all(update == gr.skip() for update in only)


def test_a_chat_is_called_by_what_was_said_first():
    chat = app.Chat(rows=[Row("My dog is\ncalled Biscuit.", "Ok.", utc_now()), Row("Hello.", "Hello.")])
    conversation = chat.conversation("work")
    assert (conversation.id, conversation.profile, conversation.title) == (chat.id, "work", "My dog is called Biscuit.")
    assert [message["role"] for message in chat.messages] == ["user", "assistant"] * 2
    assert app.Chat().id != app.Chat().id


def test_the_line_below_the_chat_says_what_took_part(engine):
    assert app.took_part(engine, Context()) == "No adapter took part; no memory was quoted."
    memory = Memory("t1", utc_now(), "My dog is called Biscuit.", "Ok.")
    told = app.took_part(engine, Context("…", Route(), (memory, memory)))
    assert told.startswith('No adapter took part; 2 memories were quoted: "My dog is called Biscuit."')


def test_a_taken_port_is_a_sentence(engine):
    with socket.socket() as taken:
        taken.bind((app.LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} is taken"):
            app.run_app(engine, port=port, open_browser=False)


def test_the_command_line_does_not_load_gradio():
    code = "import sys, cocolora.cli, cocolora.cli.commands; sys.exit('gradio' in sys.modules)"
    path = str(ROOT / "extensions" / "cocolora")
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, check=False).returncode == 0
