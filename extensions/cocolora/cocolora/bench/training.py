"""``cocolora bench training``: one stretch learned by the live trainer and by what users run instead."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cocolora.bench.beside_chat import measure_beside_chat
from cocolora.bench.rival_trainers import TransformersTrainer, mean_loss
from cocolora.bench.rival_webui import WebuiTraining, train_in_webui
from cocolora.bench.stretches import Stretch, take_stretch
from cocolora.core.events import Progress, ProgressCallback, ignore_progress, never_cancelled
from cocolora.core.ports import LanguageModel
from cocolora.engine.home import Home
from cocolora.engine.open_model import model_in
from cocolora.engine.workbench import Workbench
from cocolora.settings import Learning

FACTS = 4
_ADAPTER = "bench-training"
_WARMING_STEPS = 2


@dataclass(frozen=True, slots=True)
class Training:
    """What one training took, on the clock and of the processor, and the mean loss of the stretch afterwards."""

    seconds: float
    processor_seconds: float
    final_loss: float


def run_training(
    base: Path,
    *,
    steps: int | None = None,
    repeats: int = 3,
    chat: bool = False,
    webui: Path | None = None,
    webui_python: Path | None = None,
    on_progress: ProgressCallback,
) -> dict[str, Any]:
    """Train both ways in turns; return the medians of times and losses, and of each turn's ratio.

    With ``webui``, a checkout, its own ``do_train`` too. With ``chat``, measure instead what a training and a chat cost
    each other. Raises RivalFailed.
    """
    model = model_in(base)()
    with tempfile.TemporaryDirectory(prefix="cocolora-bench-") as place:
        on_progress(Progress("reading the stretch", 0, 1))
        stretch = take_stretch(Path(place) / "life", model, facts=FACTS)
        if steps is not None:
            stretch = replace(stretch, recipe=replace(stretch.recipe, steps=steps))
        bench = Workbench(model, Home(Path(place)), slice_ms=Learning().slice_ms, memory_bytes=10**9)
        about = _about(model, stretch)
        if chat:
            return about | measure_beside_chat(bench, stretch, folder=Path(place) / "chat", on_progress=on_progress)
        about |= _compare(base, bench, stretch, place=Path(place), repeats=repeats, on_progress=on_progress)
        if webui is not None:
            on_progress(Progress("the webui's training", 0, 1))
            beside = train_in_webui(
                webui, base, stretch, runs=repeats, place=Path(place) / "webui", python=webui_python
            )
            about |= {"webui_do_train": asdict(beside), **_over_ours(beside, about["live"])}
        return about


def _about(model: LanguageModel, stretch: Stretch) -> dict[str, Any]:
    return {
        "base": str(model.identity),
        "kind": model.kind,
        "facts": FACTS,
        "samples": len(stretch.samples),
        "tokens": sum(len(sample.tokens) for sample in stretch.samples),
        "steps": stretch.recipe.steps,
        "rank": stretch.recipe.rank,
    }


def _over_ours(beside: WebuiTraining, ours: dict[str, Any]) -> dict[str, float]:
    """Return the webui's medians over ours; they were not taken in turns, so that the processor's count for more."""
    return {
        "times_faster_than_webui": statistics.median(beside.seconds) / ours["seconds"],
        "times_less_work_than_webui": statistics.median(beside.processor_seconds) / ours["processor_seconds"],
    }


def _compare(
    base: Path, bench: Workbench, stretch: Stretch, *, place: Path, repeats: int, on_progress: ProgressCallback
) -> dict[str, Any]:
    warming = replace(stretch, recipe=replace(stretch.recipe, steps=_WARMING_STEPS))
    _by_us(bench, warming, place)
    _by_transformers(base, warming, place)
    ours: list[Training] = []
    theirs: list[Training] = []
    for number in range(repeats):
        on_progress(Progress("trainings", number, repeats))
        seeded = replace(stretch, recipe=replace(stretch.recipe, seed=stretch.recipe.seed + number))
        ours.append(_by_us(bench, seeded, place))
        theirs.append(_by_transformers(base, seeded, place))
    on_progress(Progress("trainings", repeats, repeats))
    return {
        "repeats": repeats,
        "live": _medians(ours),
        "transformers_trainer": _medians(theirs),
        "times_faster": _ratio(theirs, ours, lambda training: training.seconds),
        "times_less_work": _ratio(theirs, ours, lambda training: training.processor_seconds),
    }


def _by_us(bench: Workbench, stretch: Stretch, place: Path) -> Training:
    folder = Home(place).adapter_folder(_ADAPTER)

    def train() -> None:
        bench.trainer.train(
            _ADAPTER,
            stretch.samples,
            recipe=stretch.recipe,
            beneath=[],
            folder=folder,
            on_progress=ignore_progress,
            cancelled=never_cancelled,
        )

    seconds, processor_seconds = _times(train)
    with bench.using([(_ADAPTER, 1.0)]) as model:
        loss = mean_loss(model.network, stretch.samples)
    bench.drop(_ADAPTER)
    shutil.rmtree(folder)
    return Training(seconds, processor_seconds, loss)


def _by_transformers(base: Path, stretch: Stretch, place: Path) -> Training:
    trainer = TransformersTrainer(base, place / "theirs")
    seconds, processor_seconds = _times(lambda: trainer.train(stretch.samples, recipe=stretch.recipe))
    return Training(seconds, processor_seconds, trainer.final_loss(stretch.samples))


def _times(thing: Callable[[], object]) -> tuple[float, float]:
    """Return how long one call takes on the clock and of the processor, in seconds."""
    clock, processor = time.perf_counter(), time.process_time()
    thing()
    return time.perf_counter() - clock, time.process_time() - processor


def _medians(trainings: Sequence[Training]) -> dict[str, Any]:
    return {
        "seconds": statistics.median(training.seconds for training in trainings),
        "processor_seconds": statistics.median(training.processor_seconds for training in trainings),
        "final_loss": statistics.median(training.final_loss for training in trainings),
        "final_losses": [training.final_loss for training in trainings],
    }


def _ratio(ones: Sequence[Training], others: Sequence[Training], of: Callable[[Training], float]) -> float:
    return statistics.median(of(one) / of(other) for one, other in zip(ones, others, strict=True))
