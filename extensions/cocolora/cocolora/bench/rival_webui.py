"""Training with the webui's own ``do_train``, in a process of the webui's Python, its reload included."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cocolora.bench.rival_trainers import mean_loss
from cocolora.bench.rivals import PeftStack, load_plain
from cocolora.bench.shapes import gpu_name
from cocolora.bench.stretches import Stretch
from cocolora.errors import RivalFailed

_PROGRAM = Path(__file__).parents[1] / "hosts" / "webui_do_train.py"
_MODEL = "base"
_PYTHONS = (
    "installer_files/env/bin/python",
    "installer_files/env/python.exe",
    "venv/bin/python",
    "venv/Scripts/python.exe",
)


@dataclass(frozen=True, slots=True)
class WebuiTraining:
    """What the runs took after the first one, which imports; the model's loading is part of each."""

    seconds: tuple[float, ...]
    processor_seconds: tuple[float, ...]
    reload_s: tuple[float, ...]
    first_seconds: float
    final_loss: float


def train_in_webui(
    webui: Path, base: Path, stretch: Stretch, *, runs: int, place: Path, python: Path | None = None
) -> WebuiTraining:
    """Train on the stretch ``runs`` times and once more before; raises RivalFailed with the webui's last words."""
    loras = place / "loras"
    shutil.copytree(base, place / "models" / _MODEL)
    loras.mkdir()
    job = place / "job.json"
    job.write_text(json.dumps(_job(stretch, place, loras, runs=runs + 1)), encoding="utf-8")
    command = [str(python or _python(webui)), str(_PROGRAM), str(webui), str(job)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode:
        raise RivalFailed("The webui's do_train", done.stderr.strip().splitlines()[-1:])
    first, *warm = json.loads(done.stdout.strip().splitlines()[-1])["runs"]
    trained = PeftStack(load_plain(base), (_MODEL, loras / warm[-1]["folder"]))
    return WebuiTraining(
        tuple(run["seconds"] for run in warm),
        tuple(run["processor_seconds"] for run in warm),
        tuple(run["reload_s"] for run in warm),
        first["seconds"],
        mean_loss(trained.model, stretch.samples),
    )


def _job(stretch: Stretch, place: Path, loras: Path, *, runs: int) -> dict[str, Any]:
    recipe = stretch.recipe
    steps_per_epoch = -(-len(stretch.exchanges) // recipe.batch_samples)
    return {
        "runs": runs,
        "model": _MODEL,
        "models": str(place / "models"),
        "user_data": str(place / "user_data"),
        "loras": str(loras),
        "cpu": not gpu_name(),
        "rows": _rows(stretch),
        "parameters": {
            "micro_batch_size": recipe.batch_samples,
            "batch_size": recipe.batch_samples,
            "epochs": max(1, round(recipe.steps / steps_per_epoch)),
            "learning_rate": str(recipe.learning_rate),
            "lora_rank": recipe.rank,
            "lora_alpha": recipe.alpha,
            "lr_scheduler_type": "linear",
            "warmup_steps": 0,
            "gradient_checkpointing": False,
        },
    }


def _rows(stretch: Stretch) -> Sequence[dict[str, Any]]:
    return [
        {"messages": [*exchange.prompt, {"role": "assistant", "content": exchange.reply}]}
        for exchange in stretch.exchanges
    ]


def _python(webui: Path) -> str:
    found = (webui / name for name in _PYTHONS)
    return str(next((path for path in found if path.exists()), sys.executable))
