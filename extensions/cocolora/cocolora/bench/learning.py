"""``cocolora bench learning``: what is learned, what is kept, and whether the unknown stays unknown.

A simulated life on the real engine: facts are told in conversations, recorded, learned when a conversation ends,
and asked back in wordings that were never trained on, with an empty context and no quoted memory. In the same
run, on the same facts: what a user would otherwise do.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cocolora.bench.baselines import all_active, raw_turns
from cocolora.bench.exam import Scores, examine, set_exam
from cocolora.bench.life import Clock, draw_facts, tell
from cocolora.core.events import Progress, ProgressCallback
from cocolora.core.ports import LanguageModel
from cocolora.demo.asking import bare, everything, mark, text_only, weights_only
from cocolora.engine import Engine
from cocolora.engine.open_model import model_in


def run_learning(
    base: Path, *, facts: int, facts_per_stretch: int, seeds: int, on_progress: ProgressCallback
) -> dict[str, Any]:
    """Live ``seeds`` lives of ``facts`` facts and return checkpoints and baselines, means over the seeds."""
    find_model = model_in(base)
    lives = []
    for seed in range(seeds):
        on_progress(Progress("lives", seed, seeds))
        with tempfile.TemporaryDirectory(prefix="cocolora-bench-") as folder:
            life = _Life(Path(folder), find_model, seed=seed, facts=facts, facts_per_stretch=facts_per_stretch)
            lives.append(life.run())
    on_progress(Progress("lives", seeds, seeds))
    return {
        "base": str(find_model().identity),
        "facts_per_stretch": facts_per_stretch,
        "seeds": seeds,
        "checkpoints": [_mean(list(point)) for point in zip(*(life["checkpoints"] for life in lives), strict=True)],
        "baselines": {name: _average([life["baselines"][name] for life in lives]) for name in lives[0]["baselines"]},
    }


class _Life:
    """One life in one home folder."""

    def __init__(
        self,
        folder: Path,
        find_model: Callable[[], LanguageModel | None],
        *,
        seed: int,
        facts: int,
        facts_per_stretch: int,
    ) -> None:
        self.seed = seed
        self.facts = draw_facts(seed, facts)
        self.per_stretch = facts_per_stretch
        self.clock = Clock()
        self.folder = folder
        self.find_model = find_model

    def run(self) -> dict[str, Any]:
        """Live, with an exam at each doubling of the facts from 8 on and at the end."""
        engine = Engine(self.folder / "home", self.find_model, clock=self.clock)
        engine.change_settings("learning", automatic=False)
        checkpoints, spent_s = [], 0.0
        try:
            for start in range(0, len(self.facts), self.per_stretch):
                tell(engine, self.clock, self.facts[start : start + self.per_stretch], number=start)
                before = time.perf_counter()
                engine.learn()
                spent_s += time.perf_counter() - before
                told = min(start + self.per_stretch, len(self.facts))
                if told == len(self.facts) or _is_checkpoint(told):
                    checkpoints.append(self._checkpoint(engine, told, spent_s))
            return {"checkpoints": checkpoints, "baselines": self._baselines(engine)}
        finally:
            engine.close()

    def _checkpoint(self, engine: Engine, told: int, spent_s: float) -> dict[str, Any]:
        exam = set_exam(self.facts[:told], seed=self.seed)
        adapters = [adapter for adapter in engine.adapters() if adapter.usable]
        return {
            "facts": told,
            **examine(engine, exam, weights_only),
            "retention_base": mark(engine, exam.retention, bare).share,
            "updates": None,
            "adapters": len(adapters),
            "bytes": sum(adapter.size_bytes for adapter in adapters),
            "seconds_per_fact": spent_s / told,
        }

    def _baselines(self, engine: Engine) -> dict[str, Scores]:
        exam = set_exam(self.facts, seed=self.seed)
        return {
            "base": examine(engine, exam, bare),
            "text_memory": examine(engine, exam, text_only),
            "cocolora_with_quotes": examine(engine, exam, everything),
            "all_active": examine(engine, exam, all_active(engine)),
            "raw_turns": raw_turns(engine, exam),
        }


def _is_checkpoint(told: int) -> bool:
    return told >= 8 and told & (told - 1) == 0


def _mean(points: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {**_average(points), "facts": points[0]["facts"], "per_seed": list(points)}


def _average(points: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        key: statistics.fmean(point[key] for point in points) if points[0][key] is not None else None
        for key in points[0]
    }
