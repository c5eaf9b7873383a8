"""A program that trains with the webui's own ``do_train``, as its Training tab does, and says how long that took.

PYTHON webui_do_train.py WEBUI JOB.json: run by the webui's Python, in a process of its own, as ``do_train`` changes the
model that it is given. The last line of its output is JSON. It imports nothing of cocolora, which that Python may lack.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

NAME = "cocolora-bench"
SUCCESS = "Done!"


def main() -> None:
    """Train as often as the job says; the model is loaded anew before each run."""
    webui, job = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    _enter(webui, job)
    _write_dataset(Path(job["user_data"]), job["rows"])
    from modules import shared, training
    from modules.models import load_model

    runs = []
    for number in range(job["runs"]):
        begun, worked = time.perf_counter(), time.process_time()
        shared.model, shared.tokenizer = load_model(job["model"])
        shared.model_dirty_from_training = False
        loaded = time.perf_counter()
        said = list(training.do_train(**_parameters(job, f"{NAME}-{number}")))
        if not said[-1].startswith(SUCCESS):
            sys.exit(f"do_train: {said[-1]}")
        runs.append(
            {
                "folder": f"{NAME}-{number}",
                "seconds": time.perf_counter() - begun,
                "processor_seconds": time.process_time() - worked,
                "reload_s": loaded - begun,
            }
        )
    sys.stdout.write("\n" + json.dumps({"runs": runs}) + "\n")


def _enter(webui: Path, job: dict[str, Any]) -> None:
    """Become the webui: its folder, its flags, its modules."""
    os.chdir(webui)
    sys.path[0] = str(webui)
    folders = ("--model-dir", job["models"], "--user-data-dir", job["user_data"], "--lora-dir", job["loras"])
    sys.argv = ["server.py", "--loader", "Transformers", *folders, *(["--cpu"] if job["cpu"] else ["--bf16"])]


def _write_dataset(user_data: Path, rows: list[dict[str, Any]]) -> None:
    folder = user_data / "training" / "datasets"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.json").write_text(json.dumps(rows), encoding="utf-8")


def _parameters(job: dict[str, Any], name: str) -> dict[str, Any]:
    """Return all of ``do_train``'s parameters; those that the job does not name are as the Training tab has them."""
    return {**DEFAULTS, **job["parameters"], "lora_name": name, "dataset": NAME}


DEFAULTS: dict[str, Any] = {
    **{f"{projection}_proj_en": True for projection in ("q", "v", "k", "o", "gate", "down", "up")},
    "always_override": True,
    "all_linear": True,
    "save_steps": 0,
    "lora_dropout": 0.0,
    "cutoff_len": 512,
    "eval_dataset": "None",
    "format": "Chat Template",
    "eval_steps": 100,
    "text_dataset": "None",
    "optimizer": "adamw_torch",
    "stride_length": 256,
    "stop_at_loss": 0,
    "add_eos_token": False,
    "excess_length": "drop",
    "report_to": "None",
}
"""What the Training tab has, but for what a recipe says."""

if __name__ == "__main__":
    main()
