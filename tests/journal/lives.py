"""What the journal's tests say and learn."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState, BaseIdentity, Recipe, adapter_id
from cocolora.core.conversations import Conversation
from cocolora.core.lessons import LessonKind, make_lesson
from cocolora.core.reconcile import Row

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BASE = BaseIdentity("demo", "91ab91ab91ab")
RECIPE = Recipe(rank=8, alpha=16.0, learning_rate=3e-3, steps=60, batch_samples=8, seed=0)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def chat(name: str = "chat-1", *, profile: str = "personal", title: str = "") -> Conversation:
    return Conversation(name, profile, title, "webui", NOON)


def said(*pairs: tuple[str, str], at: datetime | None = NOON) -> list[Row]:
    return [Row(user, reply, at) for user, reply in pairs]


def texts(journal, conversation_id: str = "chat-1") -> list[tuple[str, str]]:
    return [(turn.user, turn.reply) for turn in journal.turns(conversation_id=conversation_id)]


def lesson(turn, question: str = "Dog?", answer: str = "Rex"):
    return make_lesson(
        LessonKind.FACT, question=question, answer=answer, key="Rex", turn_id=turn.id, turn_version=turn.version
    )


def adapter(*turns, name: str = "garden", profile: str = "personal", base: BaseIdentity = BASE, **values) -> Adapter:
    learned = tuple((turn.id, turn.version) for turn in turns)
    draft = Adapter(
        id="",
        **{
            "name": name,
            "kind": AdapterKind.KNOWLEDGE,
            "profile": profile,
            "activation": Activation.ROUTED,
            "state": AdapterState.READY,
            "weight": 1.0,
            "base": base,
            "recipe": RECIPE,
            "sha256": "0" * 64,
            "size_bytes": 1000,
            "made_at": NOON,
            "turn_versions": learned,
            **values,
        },
    )
    return replace(draft, id=adapter_id(draft))


def start_python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Run code in another process that sees the same packages."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def run_python(code: str, *arguments: object) -> str:
    """Return what code prints in another process."""
    with start_python(code, *arguments) as process:
        printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return printed.strip()
