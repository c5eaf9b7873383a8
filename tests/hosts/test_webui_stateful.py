"""Random lives in the webui: after each, the journal's current turns equal the visible history of every chat."""

import logging
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cocolora.hosts import webui
from tests.hosts.conftest import open_world, recorded_turns, visible_turns
from tests.hosts.fake_modules import fake_modules

TEXTS = st.sampled_from(["Hi", "Hi ", "Who am I?", "A <b> & 'c'", "مرحبا 🙂", "Hi\nthere", "&lt;not a tag&gt;", " "])


class Lives(RuleBasedStateMachine):
    """One browser window; what was last done decides when the journal must agree."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        user_data = Path(self.folder.name)
        sys.modules.update(fake_modules(user_data))
        self.world = open_world(user_data)
        self.window = self.world.webui
        self.failures = []
        self.handler = logging.Handler()
        self.handler.emit = lambda record: self.failures.append(record.getMessage())
        logging.getLogger("cocolora.hosts").addHandler(self.handler)
        self.fresh = True
        self.secrets = set()

    def teardown(self):
        self.window_agrees(everywhere=True)
        logging.getLogger("cocolora.hosts").removeHandler(self.handler)
        self.world.engine.close()
        webui._host = None
        for name in fake_modules(Path()):
            sys.modules.pop(name, None)
        self.folder.cleanup()

    def has_rows(self):
        return bool(self.window.history["internal"])

    @rule(text=TEXTS)
    def chat(self, text):
        self.window.chat(text)
        self.fresh = True

    @rule(text=TEXTS, after=st.integers(0, 9))
    def stop(self, text, after):
        self.window.stop(text, after=after)
        self.fresh = True

    @rule(kind=st.sampled_from(["regenerate", "continue_"]), stopped=st.booleans())
    def redo(self, kind, stopped):
        if self.window.can_redo():
            getattr(self.window, kind)(**({"stopped_after": 3} if stopped else {}))
            self.fresh = True

    @precondition(has_rows)
    @rule(role=st.sampled_from(["user", "assistant"]), text=TEXTS, data=st.data())
    def edit(self, role, text, data):
        row = data.draw(st.integers(0, len(self.window.history["internal"]) - 1))
        self.window.edit(role, row, text)
        self.fresh = False

    @precondition(has_rows)
    @rule(step=st.sampled_from([-1, 1]), role=st.sampled_from(["user", "assistant"]), data=st.data())
    def swipe(self, step, role, data):
        self.window.swipe(data.draw(st.integers(0, len(self.window.history["internal"]) - 1)), step, role)
        self.fresh = False

    @rule()
    def remove_last(self):
        self.window.remove_last()
        self.fresh = False

    @rule(text=TEXTS, kind=st.sampled_from(["dummy_message", "dummy_reply"]))
    def dummy(self, text, kind):
        getattr(self.window, kind)(text)
        self.fresh = False

    @precondition(lambda self: self.has_rows() and self.window.unique_id)
    @rule(data=st.data())
    def branch(self, data):
        self.window.branch(data.draw(st.integers(0, len(self.window.history["internal"]) - 1)))
        self.fresh = False

    @rule(mode=st.sampled_from(["instruct", "chat", "chat-instruct"]), greeting=st.sampled_from(["", "Hello!"]))
    def new_chat(self, mode, greeting):
        self.window.mode, self.window.greeting = mode, greeting
        self.window.new_chat()
        self.fresh = False

    @rule()
    def incognito(self):
        self.window.incognito()

    @rule(start=st.sampled_from(["", "Sure: "]))
    def start_reply_with(self, start):
        self.window.start_with = start

    @rule(text=TEXTS)
    def something_else(self, text):
        self.window.impersonate()
        self.window.notebook(text)
        self.window.api_completion(text)
        self.window.api_chat((text, "Reply."), user=text)

    @rule()
    def open_the_tab(self):
        self.world.host.saved_chats.reconcile()
        self.fresh = True

    @invariant()
    def the_journal_agrees(self):
        self.window_agrees()

    def window_agrees(self, *, everywhere=False):
        assert self.failures == []
        if everywhere:
            self.world.host.saved_chats.reconcile()
            for chat, path in self.world.host.saved_chats._chats():
                from cocolora.hosts.webui_files import _read

                assert recorded_turns(self.world.engine, chat) == visible_turns(_read(path)), chat
            assert self.world.engine.verify() == []
        elif self.fresh and self.window.unique_id:
            folder = "instruct" if self.window.mode == "instruct" else f"chat/{self.window.character}"
            chat = f"{folder}/{self.window.unique_id}"
            assert recorded_turns(self.world.engine, chat) == visible_turns(self.window.history)
        assert not any(turn.conversation_id.endswith("/None") for turn in self.world.engine.turns())


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLives = pytest.mark.slow(TestLives)
