"""The webui's own training, driven as its Training tab does; nothing of what was trained on stays in its folders."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cocolora.core.adapters import Recipe
from cocolora.core.events import CancelCheck, Progress, ProgressCallback
from cocolora.core.lessons import Exchange
from cocolora.errors import Cancelled, CannotTrain
from cocolora.hosts.webui_do_train import DEFAULTS, SUCCESS
from cocolora.hosts.webui_model import HostModel

DOING = "Training in the webui"
PREFIX = "cocolora-"
_STEP = re.compile(r"\*\*(\d+)\*\* / \*\*(\d+)\*\*")
_SAMPLE_LOG = Path("logs") / "train_dataset_sample.json"


class WebuiTraining:
    """Drives ``modules.training.do_train``; implements ``core.ports.TrainingHost``.

    It counts in epochs: a recipe's steps are rounded to whole passes over the exchanges. Its seed is its own.
    """

    def __init__(self, model: HostModel) -> None:
        """Take the host's model, which is not to be taken for unloaded while it is loaded again."""
        self._model = model
        self._name = ""

    def tidy(self) -> None:
        """Delete what a training that was killed left in the webui's folders."""
        for folder in (_datasets(), _loras()):
            for place in folder.glob(f"{PREFIX}*"):
                _delete(place)

    @contextmanager
    def train(
        self,
        name: str,
        exchanges: Sequence[Exchange],
        *,
        recipe: Recipe,
        sample_tokens: int,
        on_progress: ProgressCallback,
        cancelled: CancelCheck,
    ) -> Iterator[Path]:
        """Train the loaded network on exchanges; give the folder of the LoRA.

        Dataset and parameters lie where the Training tab lists them until the end. The caller holds the model. Raises
        Cancelled, and CannotTrain with the webui's own words.
        """
        from modules import shared

        name, self._name = f"{PREFIX}{name}", str(shared.model_name)
        dataset, lora = _datasets() / f"{name}.json", _loras() / name
        try:
            with self._model.in_training(), _datasets_cached_aside():
                _write_rows(dataset, exchanges)
                parameters = _parameters(name, recipe=recipe, rows=len(exchanges), sample_tokens=sample_tokens)
                _drive(parameters, on_progress=on_progress, cancelled=cancelled)
            yield lora
        finally:
            for left in (dataset, lora, Path(shared.user_data_dir) / _SAMPLE_LOG):
                _delete(left)

    def load_again(self) -> None:
        """Load the model again by its name, which unloading alone would forget. Raises CannotTrain."""
        from modules import shared
        from modules.models import load_model, unload_model

        with self._model.in_training():
            unload_model(keep_model_name=True)
            shared.model, shared.tokenizer = load_model(self._name)
            self._model.forget()
        if shared.model is None:
            raise CannotTrain("it could not be loaded again after training", "Load it on the Model tab.")


def _drive(parameters: dict[str, Any], *, on_progress: ProgressCallback, cancelled: CancelCheck) -> None:
    """Run ``do_train`` to its end. Its failures are sentences like its progress: the last one says what came of it."""
    from modules import training

    last, stopping = "", False
    for last in training.do_train(**parameters):
        if found := _STEP.search(last):
            on_progress(Progress(DOING, int(found[1]), int(found[2])))
        if cancelled() and not stopping:
            training.do_interrupt()
            stopping = True
    if stopping:
        raise Cancelled(DOING)
    if not last.startswith(SUCCESS):
        said = last.strip().splitlines()[-1] if last.strip() else "nothing"
        raise CannotTrain(f'the webui\'s training ended with "{said}"', 'Set learning.trainer to "live", or try again.')


def _parameters(name: str, *, recipe: Recipe, rows: int, sample_tokens: int) -> dict[str, Any]:
    steps_per_epoch = -(-rows // recipe.batch_samples)
    return {
        **DEFAULTS,
        "lora_name": name,
        "dataset": name,
        "micro_batch_size": recipe.batch_samples,
        "batch_size": recipe.batch_samples,
        "epochs": max(1, round(recipe.steps / steps_per_epoch)),
        "learning_rate": str(recipe.learning_rate),
        "lr_scheduler_type": "linear",
        "warmup_steps": 0,
        "lora_rank": recipe.rank,
        "lora_alpha": recipe.alpha,
        "cutoff_len": sample_tokens,
        "gradient_checkpointing": False,
    }


def _write_rows(file: Path, exchanges: Sequence[Exchange]) -> None:
    rows = [
        {"messages": [*exchange.prompt, {"role": "assistant", "content": exchange.reply}]} for exchange in exchanges
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as written:
        json.dump(rows, written, ensure_ascii=False, indent=1)


@contextmanager
def _datasets_cached_aside() -> Iterator[None]:
    """Let the ``datasets`` library keep its copies of the rows in a folder that is deleted, not in its cache."""
    import datasets

    kept = datasets.config.HF_DATASETS_CACHE
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as aside:
        datasets.config.HF_DATASETS_CACHE = aside
        try:
            yield
        finally:
            datasets.config.HF_DATASETS_CACHE = kept


def _datasets() -> Path:
    from modules import shared

    return Path(shared.user_data_dir) / "training" / "datasets"


def _loras() -> Path:
    from modules import shared

    return Path(shared.args.lora_dir)


def _delete(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)
