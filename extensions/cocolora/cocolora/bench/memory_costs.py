"""What remembering costs: milliseconds and bytes, on synthetic chats of a given number of turns."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from cocolora.bench.life import Clock
from cocolora.bench.plain_bm25 import PlainBm25
from cocolora.bench.timing import percentiles_ms
from cocolora.core.conversations import DEFAULT_PROFILE, Change, Conversation
from cocolora.core.events import Progress, ProgressCallback
from cocolora.core.reconcile import Row
from cocolora.demo.world import personal_facts, small_talk
from cocolora.engine import Engine
from cocolora.engine.open_model import model_in
from cocolora.settings import Settings, save_settings

_QUESTIONS = 100
_RECORDED = 100
_TURNS_PER_CHAT = 40
_FACTS_PER_CHAT = _TURNS_PER_CHAT // 2
Costs = dict[str, dict[str, Any]]


def measure_costs(sizes: Sequence[int], *, base: Path, on_progress: ProgressCallback) -> dict[str, Costs]:
    """Return query, recording and indexing costs for journals of each size; one journal grows from size to size."""
    costs: dict[str, Costs] = {"query_ms": {}, "plain_bm25_ms": {}, "record_ms": {}, "remember": {}}
    with tempfile.TemporaryDirectory(prefix="cocolora-bench-") as folder:
        save_settings(Settings().changed("retrieval", embedder="none"), Path(folder) / "settings.json")
        life = _Life(Path(folder), base)
        try:
            for size in sorted(sizes):
                for name, cost in life.grow_to(size, on_progress).items():
                    costs[name][str(size)] = cost
        finally:
            life.engine.close()
    return costs


class _Life:
    """A journal that grows, and questions about what it holds."""

    def __init__(self, folder: Path, base: Path) -> None:
        self.clock = Clock()
        self.engine = Engine(folder, model_in(base), clock=self.clock)
        self.engine.change_settings("learning", automatic=False)
        self.folder = folder
        self.rng = random.Random(0)
        self.plain = PlainBm25()
        self.questions: list[str] = []
        self.turns = 0

    def grow_to(self, turns: int, on_progress: ProgressCallback) -> dict[str, Any]:
        before, spent_s = self.turns, 0.0
        while self.turns < turns:
            on_progress(Progress("remembering", self.turns, turns))
            rows = self._chat(min(_TURNS_PER_CHAT, turns - self.turns))
            conversation = self._conversation()
            start = time.perf_counter()
            self.engine.record(conversation, rows, change=Change.IMPORTED)
            spent_s += time.perf_counter() - start
            self.plain.add(DEFAULT_PROFILE, [(f"{self.turns}", f"{row.user}\n{row.reply}") for row in rows])
            self.turns += len(rows)
        asked = self.rng.sample(self.questions, min(_QUESTIONS, len(self.questions)))
        return {
            "query_ms": percentiles_ms(asked, lambda text: self.engine.search(text, limit=10)),
            "plain_bm25_ms": percentiles_ms(
                asked, lambda text: self.plain.search(text, profile=DEFAULT_PROFILE, limit=10)
            ),
            "record_ms": self._record_one_by_one(),
            "remember": {
                "ms_per_turn": round(1000 * spent_s / max(1, turns - before), 3),
                "journal_bytes_per_turn": round(_size_bytes(self.folder, "journal.db*") / self.turns),
                "index_bytes_per_turn": round(_size_bytes(self.folder, "index/**/*") / self.turns),
            },
        }

    def _search_plainly(self, question: str) -> object:
        return self.plain.search(question, profile=DEFAULT_PROFILE, limit=10)

    def _chat(self, turns: int) -> list[Row]:
        facts = personal_facts(self.rng, _FACTS_PER_CHAT)
        told = [pair for fact in facts for pair in ((fact.statement, fact.reply), small_talk(self.rng, 1)[0])]
        self.questions += [self.rng.choice(fact.probes) for fact in facts[:3]]
        rows = []
        for user, reply in told[:turns]:
            self.clock.advance(minutes=7)
            rows.append(Row(user, reply, self.clock()))
        return rows

    def _conversation(self) -> Conversation:
        return Conversation(f"life-{self.turns}", DEFAULT_PROFILE, "A day", "bench", self.clock() - timedelta(hours=5))

    def _record_one_by_one(self) -> dict[str, float]:
        """Time the recording of single turns, as a host does it: each time with the whole chat so far."""
        conversation, told = self._conversation(), self._chat(_TURNS_PER_CHAT)
        histories = [told[: number + 1] for number in range(min(_RECORDED, len(told)))]
        cost = percentiles_ms(histories, lambda rows: self.engine.record(conversation, rows))
        self.turns += len(told)
        return cost


def _size_bytes(folder: Path, pattern: str) -> int:
    return sum(file.stat().st_size for file in folder.glob(pattern) if file.is_file())
