"""``cocolora bench learning``: what is learned, what is kept, and whether the unknown stays unknown.

A simulated life on the real engine: facts are told in conversations, recorded, learned when a day ends, rolled up,
sometimes told anew, and asked back in wordings that were never trained on, with an empty context and no quoted memory.
In the same run, on the same facts: what a user would otherwise do.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cocolora.bench.baselines import BASELINES, Baseline, baselines_of
from cocolora.bench.exam import Exam, examine, set_exam
from cocolora.bench.life import Day, Life, write_script
from cocolora.bench.side_by_side import each_seed
from cocolora.core.events import Progress, ProgressCallback
from cocolora.demo.asking import bare, mark, weights_only
from cocolora.engine.open_model import model_in


def run_learning(
    base: Path,
    *,
    facts: int,
    facts_per_stretch: int,
    rollup_every: int,
    seeds: int,
    scratch: Path | None,
    on_progress: ProgressCallback,
) -> dict[str, Any]:
    """Live ``seeds`` lives of ``facts`` facts and return checkpoints and baselines, means over the seeds.

    A rival that is trained is measured in one life alone.
    With ``scratch``, a run that was interrupted goes on where it was.
    """
    common = {
        "base": str(base),
        "facts": facts,
        "per_stretch": facts_per_stretch,
        "fan_in": rollup_every // facts_per_stretch,
        "seeds": seeds,
    }
    lives = each_seed(live, seeds, common, scratch=scratch, on_progress=on_progress)
    return {
        "base": str(model_in(base)().identity),
        "facts_per_stretch": facts_per_stretch,
        "rollup_every": rollup_every,
        "seeds": seeds,
        "checkpoints": [_mean(list(point)) for point in zip(*(life["checkpoints"] for life in lives), strict=True)],
        "baselines": {
            name: _average([life["baselines"][name] for life in lives if name in life["baselines"]])
            for name in BASELINES
        },
    }


def live(folder: Path, seed: int, common: dict[str, Any], on_progress: ProgressCallback) -> dict[str, Any]:
    """Live one life, with an exam at each doubling of the facts from 8 on and at the end; go on where it was."""
    script = write_script(seed, facts=common["facts"], per_stretch=common["per_stretch"])
    rivals = baselines_of(seed, common["seeds"])
    life = Life(folder, script, model_in(Path(common["base"])), common["fan_in"])
    life.open()
    try:
        for day in life.days_left():
            on_progress(Progress("living", life.notes["days"], len(script.days) + len(rivals)))
            life.live(day)
            if day.told == len(script.facts) or _is_checkpoint(day.told):
                life.notes["checkpoints"].append(_checkpoint(life, day))
            life.note(days=life.notes["days"] + 1)
        return {"checkpoints": life.notes["checkpoints"], "baselines": _baselines(life, rivals, on_progress)}
    finally:
        life.close()


def _exam(life: Life, day: Day) -> Exam:
    script = life.script
    return set_exam(script.facts_at(day), updated=script.updates[: day.updated], seed=script.seed)


def _checkpoint(life: Life, day: Day) -> dict[str, Any]:
    exam, adapters = _exam(life, day), life.in_use()
    return {
        "facts": day.told,
        **examine(life.engine, exam, weights_only),
        "retention_base": mark(life.engine, exam.retention, bare).share,
        "adapters": len(adapters),
        "levels": max((adapter.level for adapter in adapters), default=0),
        "bytes": sum(adapter.size_bytes for adapter in adapters),
        "seconds_per_fact": life.notes["seconds"] / day.told,
    }


def _baselines(life: Life, rivals: Mapping[str, Baseline], on_progress: ProgressCallback) -> dict[str, Any]:
    found: dict[str, Any] = life.notes.setdefault("baselines", {})
    exam = _exam(life, life.script.days[-1])
    for number, (name, baseline) in enumerate(rivals.items()):
        total = len(life.script.days) + len(rivals)
        on_progress(Progress("living", len(life.script.days) + number, total))
        if name not in found:
            found[name] = baseline(life.engine, exam)
            life.note(baselines=found)
    return found


def _is_checkpoint(told: int) -> bool:
    return told >= 8 and told & (told - 1) == 0


def _mean(points: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {**_average(points), "facts": points[0]["facts"], "per_seed": list(points)}


def _average(points: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        key: statistics.fmean(point[key] for point in points) if points[0][key] is not None else None
        for key in points[0]
    }
