import sys
from types import SimpleNamespace

import pytest

from cocolora.engine import Engine
from cocolora.hosts import webui
from cocolora.hosts.webui_host import WebuiHost
from cocolora.hosts.webui_model import HostModel
from tests.hosts.fake_modules import fake_modules
from tests.hosts.fake_webui import HOOKS, FakeWebui


def open_world(folder, *, engine=None, model=None):
    """Return a fake webui with cocolora in it, on a real engine; ``modules`` must be in ``sys.modules``."""
    import modules.shared as shared

    model = model or HostModel()
    engine = engine or Engine(folder / "cocolora", model.find)
    host = WebuiHost(engine, model, folder / "logs")
    host.params = {"display_name": "cocolora", "answer_api": False}
    webui._host = host
    hooks = {name: getattr(webui, name) for name in HOOKS.values() if hasattr(webui, name)}
    host_window = FakeWebui(Script(params=host.params, **hooks), shared)
    return SimpleNamespace(webui=host_window, host=host, engine=engine, shared=shared)


class Script(SimpleNamespace):
    """The hooks as the host finds them; that for replies is there when cocolora itself replies."""

    def __getattr__(self, name):
        reply = webui.custom_generate_reply() if name == "custom_generate_reply" else None
        if reply is None:
            raise AttributeError(name)
        return reply


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """The host's modules, in ``sys.modules`` for one test."""
    made = fake_modules(tmp_path)
    for name, one in made.items():
        monkeypatch.setitem(sys.modules, name, one)
    return made


@pytest.fixture
def world(modules, tmp_path, monkeypatch, caplog):
    """A fake webui with cocolora in it, on a real engine without a model. No hook may have failed at the end."""
    monkeypatch.setattr(webui, "_host", None)
    opened = open_world(tmp_path)
    yield opened
    opened.engine.close()
    failed = [record.message for record in caplog.records if record.name.startswith("cocolora.hosts")]
    assert not failed


def visible_turns(history):
    """Return what a user sees as turns: rows with something said and something replied."""
    rows = [tuple(row[:2]) for row in history["internal"] if row[0] != "<|BEGIN-VISIBLE-CHAT|>"]
    return [row for row in rows if row[0].strip() and row[1].strip()]


def recorded_turns(engine, chat):
    """Return the journal's current turns of a chat."""
    return [(turn.user, turn.reply) for turn in engine.turns(conversation_id=chat)]
