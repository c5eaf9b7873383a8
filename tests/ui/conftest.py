"""Engines on real homes without a model: a real journal, real adapters in the catalogue, nothing that trains."""

import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState, BaseIdentity, Recipe
from cocolora.core.conversations import Conversation
from cocolora.core.gate import Scores
from cocolora.core.ids import derive_id
from cocolora.core.reconcile import Row
from cocolora.engine import Engine
from cocolora.ui.page import Page

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
STARTED = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path):
    """An engine on an empty home; no model is loaded."""
    opened = Engine(tmp_path / "home", lambda: None)
    opened.change_settings("learning", automatic=False)
    yield opened
    opened.close()


@pytest.fixture
def page():
    """A browser page that was just opened."""
    return Page()


@pytest.fixture
def tell(engine):
    """Return a function that records a conversation of what the user says; each reply is "Ok."."""

    def tell(name, *texts, profile="personal", parts=None):
        rows = [Row(text, "Ok.", STARTED + timedelta(minutes=minute)) for minute, text in enumerate(texts)]
        engine.record(Conversation(name, profile, f"About {name}", "test", STARTED), rows, parts=parts)
        return engine.turns(conversation_id=name)

    return tell


@pytest.fixture
def learned(engine):
    """Return a function that puts an adapter into the catalogue, as if it had learned these turns."""

    def learned(name, turns=(), **changes):
        values = {
            "kind": AdapterKind.KNOWLEDGE,
            "profile": "personal",
            "activation": Activation.ROUTED,
            "state": AdapterState.READY,
            "made_at": STARTED + timedelta(days=1),
            "scores": Scores(recall=0.95, retention=0.98, retention_base=0.99, abstention=0.9),
        }
        adapter = Adapter(
            id=derive_id("adapter", name),
            name=name,
            weight=1.0,
            base=BaseIdentity("tiny", "f" * 64),
            recipe=Recipe(rank=8, alpha=16.0, learning_rate=1e-3, steps=10, batch_samples=8, seed=0),
            sha256="0" * 64,
            size_bytes=1000,
            turn_versions=tuple((turn.id, turn.version) for turn in turns),
            **{**values, **changes},
        )
        return engine.journal.add_adapters([adapter])[0]

    return learned


def blocks_of(lay_out):
    """Return a page with what ``lay_out`` puts in it, and what it returns.

    It is built inside a running event loop: outside one, Gradio makes loops of its own and never closes them.
    """
    import gradio as gr

    async def made():
        with gr.Blocks(analytics_enabled=False) as blocks:
            returned = lay_out()
        return blocks, returned

    return asyncio.run(made())
