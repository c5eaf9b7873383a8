"""``cocolora bench import``: a year of past chats taken in at once, and what it costs."""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cocolora.bench.timing import percentiles_ms
from cocolora.core.events import ProgressCallback
from cocolora.demo.world import personal_facts, small_talk
from cocolora.engine import Engine
from cocolora.engine.open_model import model_in
from cocolora.settings import Settings, save_settings

_CHATS_A_DAY, _FACTS_A_CHAT = 3, 10
_QUESTIONS = 200
_START = datetime(2025, 11, 1, 8, tzinfo=UTC)


def run_import(base: Path, *, words: int, on_progress: ProgressCallback) -> dict[str, Any]:
    """Import chats of so many words, by words alone; return turns, seconds, bytes, and how long a search takes then.

    ``grown_bytes`` is how much the process grew at most while it imported. ``plan`` is what learning it all would take.
    """
    with tempfile.TemporaryDirectory(prefix="cocolora-bench-") as folder:
        past, home = Path(folder) / "past", Path(folder) / "home"
        past.mkdir()
        home.mkdir()
        asked = _write(past, words)
        save_settings(Settings().changed("retrieval", embedder="none"), home / "settings.json")
        engine = Engine(home, model_in(base))
        engine.change_settings("learning", automatic=False)
        try:
            before = _peak_bytes()
            begun_s = time.perf_counter()
            imported = engine.conversations.import_chats([past], on_progress=on_progress)
            seconds = time.perf_counter() - begun_s
            grown = _peak_bytes() - before
            again = engine.conversations.import_chats([past], on_progress=on_progress)
            plan = engine.plan_learning(on_progress=on_progress)
            return {
                "words": words,
                "conversations": imported.conversations,
                "turns": imported.turns,
                "problems": len(imported.problems),
                "seconds": round(seconds, 1),
                "grown_bytes": grown,
                "journal_bytes": sum(file.stat().st_size for file in home.glob("journal.db*")),
                "again_turns": again.turns,
                "search_ms": percentiles_ms(asked, lambda question: engine.search(question, limit=10)),
                "plan": {"stretches": plan.stretches, "training_s": round(plan.training_s)},
            }
        finally:
            engine.close()


def _write(folder: Path, words: int) -> list[str]:
    """Write saved chats of the webui, dated over a year, until there are so many words; return questions about them."""
    rng = random.Random(0)
    asked: list[str] = []
    written = number = 0
    while written < words:
        day, place = divmod(number, _CHATS_A_DAY)
        began = _START + timedelta(days=day % 365, hours=4 * place, seconds=day // 365)
        told, questions = _tell(rng)
        written += sum(len(text.split()) for exchange in told for text in exchange)
        asked += questions
        (folder / f"{began:%Y%m%d-%H-%M-%S}.json").write_text(json.dumps(_saved(told, began)), encoding="utf-8")
        number += 1
    return rng.sample(asked, min(_QUESTIONS, len(asked)))


def _tell(rng: random.Random) -> tuple[list[tuple[str, str]], list[str]]:
    facts = personal_facts(rng, _FACTS_A_CHAT)
    told = [pair for fact in facts for pair in ((fact.statement, fact.reply), small_talk(rng, 1)[0])]
    return told, [rng.choice(fact.probes) for fact in facts[:2]]


def _saved(told: list[tuple[str, str]], began: datetime) -> dict[str, Any]:
    dates = {
        f"{who}_{place}": {"timestamp": f"{began + timedelta(minutes=3 * place):%b %d, %Y %H:%M}"}
        for place in range(len(told))
        for who in ("user", "assistant")
    }
    return {"internal": told, "visible": told, "metadata": dates}


def _peak_bytes() -> int:
    """Return the most memory that this process has ever had."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
