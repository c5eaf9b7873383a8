"""``cocolora bench bases``: the same lives learned on every kind of base; which kind to learn on."""

from __future__ import annotations

import importlib.util
import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cocolora.bench.exam import examine, set_exam
from cocolora.bench.life import Life, write_script
from cocolora.bench.memory_peaks import forget_peak, peak_bytes
from cocolora.bench.side_by_side import each_life
from cocolora.core.adapters import Recipe
from cocolora.core.events import CancelCheck, Progress, ProgressCallback
from cocolora.core.lessons import Sample
from cocolora.core.ports import LanguageModel, Trainer
from cocolora.demo.asking import bare, weights_only
from cocolora.engine.open_model import model_in, quantised_copy

PLAIN = ("fp32", "bf16")
ON_LOAD = {"nf4": "nf4", "nf4-double": "nf4-double", "int8": "int8"}
GPTQ = {"gptq4": 4, "gptq8": 8}
_PACKAGES = {**dict.fromkeys(ON_LOAD, "bitsandbytes"), **dict.fromkeys(GPTQ, "gptqmodel")}


def kinds_here() -> tuple[str, ...]:
    """Return the kinds of base for which the packages are installed."""
    every = (*PLAIN, *ON_LOAD, *GPTQ)
    return tuple(kind for kind in every if kind not in _PACKAGES or importlib.util.find_spec(_PACKAGES[kind]))


def run_bases(
    base: Path,
    *,
    kinds: Sequence[str] | None = None,
    facts: int,
    facts_per_stretch: int,
    seeds: int,
    scratch: Path | None,
    on_progress: ProgressCallback,
) -> dict[str, Any]:
    """Live ``seeds`` lives of ``facts`` facts on each kind, each in a process of its own; return the means."""
    chosen = kinds_here() if kinds is None else tuple(kinds)
    common = {"base": str(base), "facts": facts, "per_stretch": facts_per_stretch}
    lives = {f"{kind}-{seed}": (seed, {**common, "kind": kind}) for kind in chosen for seed in range(seeds)}
    found = each_life(live, lives, scratch=scratch, on_progress=on_progress)
    return {
        "base": str(model_in(base)().identity),
        "facts": facts,
        "facts_per_stretch": facts_per_stretch,
        "seeds": seeds,
        "bases": {kind: _mean([found[f"{kind}-{seed}"] for seed in range(seeds)]) for kind in chosen},
        "left_out": sorted(_PACKAGES.keys() - set(chosen)) if kinds is None else [],
    }


def live(folder: Path, seed: int, common: dict[str, Any], on_progress: ProgressCallback) -> dict[str, Any]:
    """Live one life on one kind of base and hold the exam at its end; an interrupted one goes on where it was."""
    model = _load(Path(common["base"]), common["kind"], folder)
    script = write_script(seed, facts=common["facts"], per_stretch=common["per_stretch"])
    life = Life(folder, script, lambda: model, fan_in=0)
    life.open()
    watched = _Watched(life.engine.workbench().trainer)
    life.engine.workbench().trainer = watched
    forget_peak()
    try:
        for day in life.days_left():
            on_progress(Progress("living", life.notes["days"], len(script.days) + 1))
            life.live(day)
            life.note(days=life.notes["days"] + 1, peak=watched.above_bytes or life.notes.get("peak"))
        on_progress(Progress("living", len(script.days), len(script.days) + 1))
        return _figures(life, model)
    finally:
        life.close()


def _load(base: Path, kind: str, folder: Path) -> LanguageModel:
    if kind in GPTQ:
        target = folder / "base"
        if not (target / "config.json").exists():
            shutil.rmtree(target, ignore_errors=True)
            quantised_copy(base, target, bits=GPTQ[kind])
        return model_in(target)()
    model = model_in(base, quantise=ON_LOAD.get(kind, ""))()
    if kind == "bf16":
        model.network.bfloat16()
    elif kind == "fp32":
        model.network.float()
    return model


class _Watched:
    """A trainer that notes how much more memory it takes than what came before it: reading, and replying."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._before: int | None = None
        self.above_bytes: int | None = None

    def train(
        self,
        adapter_id: str,
        samples: Sequence[Sample],
        *,
        recipe: Recipe,
        beneath: Sequence[tuple[str, float]],
        folder: Path,
        on_progress: ProgressCallback,
        cancelled: CancelCheck,
    ) -> tuple[float, ...]:
        """Train as the other trainer does."""
        self._before = self._before or peak_bytes()
        forget_peak()
        losses = self._trainer.train(
            adapter_id,
            samples,
            recipe=recipe,
            beneath=beneath,
            folder=folder,
            on_progress=on_progress,
            cancelled=cancelled,
        )
        peak = peak_bytes()
        if peak is not None and self._before is not None:
            self.above_bytes = max(self.above_bytes or 0, peak - self._before)
        return losses


def _figures(life: Life, model: LanguageModel) -> dict[str, Any]:
    exam = set_exam(life.script.facts, seed=life.script.seed)
    learned, alone = examine(life.engine, exam, weights_only), examine(life.engine, exam, bare)
    return {
        "kind": model.kind,
        "recall": learned["recall"],
        "retention": learned["retention"],
        "retention_base": alone["retention"],
        "abstention": learned["abstention"],
        "abstention_base": alone["abstention"],
        "train_peak_bytes": life.notes.get("peak"),
        "seconds_per_fact": life.notes["seconds"] / len(life.script.facts),
        "adapter_bytes": sum(adapter.size_bytes for adapter in life.in_use()),
        "adapters": len(life.in_use()),
    }


def _mean(lives: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the means over the lives; the most of the peaks."""
    found: dict[str, Any] = {"kind": lives[0]["kind"]}
    for key in lives[0].keys() - found.keys():
        values = [life[key] for life in lives]
        found[key] = None if None in values else statistics.fmean(values)
    peaks = [life["train_peak_bytes"] for life in lives if life["train_peak_bytes"] is not None]
    return {**found, "train_peak_bytes": max(peaks, default=None), "recalls": [life["recall"] for life in lives]}
