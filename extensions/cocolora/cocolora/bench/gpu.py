"""``cocolora bench gpu``: speed and memory of a large model's shape on a GPU, with random weights."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from cocolora.bench.memory_peaks import forget_peak, peak_bytes
from cocolora.bench.rivals import Passes
from cocolora.bench.shapes import SHAPES, build, gpu_name
from cocolora.bench.timing import in_turns, median_ms, seconds
from cocolora.core.adapters import Recipe
from cocolora.core.events import Progress, ProgressCallback, ignore_progress, never_cancelled
from cocolora.core.lessons import Sample
from cocolora.engine.home import Home
from cocolora.engine.open_model import DEMO_BASE, adopt_model, model_in
from cocolora.engine.workbench import Workbench
from cocolora.errors import NoGPU

KINDS = ("bfloat16", "nf4")
ACTIVE = (0, 1, 4, 16)
RECIPE = Recipe(rank=8, alpha=16.0, learning_rate=1e-4, steps=60, batch_samples=8, seed=0)
_SAMPLES = 64
_SAMPLE_TOKENS = (32, 192)
_COUNTED_TOKENS = 24
_DECODED_TOKENS = 32
_MEMORY_BYTES = 4_000_000_000


def run_gpu(
    shapes: Sequence[str], *, attached: int = 256, rounds: int = 5, on_progress: ProgressCallback
) -> dict[str, Any]:
    """Measure each shape in bfloat16 and in NF4. Raises NoGPU."""
    gpu = gpu_name()
    if not gpu:
        raise NoGPU
    runs = [(name, kind) for name in shapes for kind in KINDS]
    found: dict[str, dict[str, Any]] = {name: {} for name in shapes}
    for number, (name, kind) in enumerate(runs):
        on_progress(Progress(f"{name} in {kind}", number, len(runs)))
        found[name][kind] = measure(SHAPES[name], kind=kind, attached=attached, rounds=rounds)
    on_progress(Progress("measured", len(runs), len(runs)))
    return {"gpu": gpu, "weights": "random: these figures are of speed and memory only", "shapes": found}


def measure(
    shape: dict[str, int], *, kind: str, attached: int, rounds: int, device: str = "cuda", recipe: Recipe = RECIPE
) -> dict[str, Any]:
    """Learn one stretch of random tokens, then decode with adapters of it; seconds, tokens a second, bytes."""
    network = build(shape, kind=kind, device=device)
    tokenizer = model_in(DEMO_BASE)().tokenizer
    model = adopt_model(network, tokenizer, name="random", folder=DEMO_BASE, lock=threading.Lock(), quiet=lambda: None)
    with tempfile.TemporaryDirectory(prefix="cocolora-bench-") as place:
        bench = Workbench(model, Home(Path(place)), slice_ms=250, memory_bytes=_MEMORY_BYTES)
        passes = Passes(network)
        forget_peak()
        passes.decoding(tokens=_DECODED_TOKENS)()
        inference_bytes = peak_bytes()
        samples = _samples(vocabulary=shape["vocab_size"])
        first = Path(place) / "adapter-0000"
        _train(bench, samples, recipe=recipe, folder=Path(place) / "warm")
        forget_peak()
        stretch_s = seconds(lambda: _train(bench, samples, recipe=recipe, folder=first))
        training_bytes = peak_bytes()
        folders = list(_copies(first, attached))
        return {
            "kind": model.kind,
            "stretch": {
                "seconds": stretch_s,
                "steps": recipe.steps,
                "samples": len(samples),
                "tokens": sum(len(sample.tokens) for sample in samples),
                "rank": recipe.rank,
            },
            "peak_bytes": {"inference": inference_bytes, "training": training_bytes},
            **_decoding(bench, passes, folders, rounds=rounds),
        }


def _train(bench: Workbench, samples: Sequence[Sample], *, recipe: Recipe, folder: Path) -> None:
    bench.trainer.train(
        folder.name,
        samples,
        recipe=recipe,
        beneath=[],
        folder=folder,
        on_progress=ignore_progress,
        cancelled=never_cancelled,
    )


def _samples(*, vocabulary: int) -> list[Sample]:
    """Return samples as long as lessons with and without memories beside them, of random tokens."""
    rng = random.Random(0)
    lengths = [rng.randint(*_SAMPLE_TOKENS) for _ in range(_SAMPLES)]
    return [
        Sample(
            tuple(rng.randrange(vocabulary) for _ in range(length)),
            tuple(place >= length - _COUNTED_TOKENS for place in range(length)),
        )
        for length in lengths
    ]


def _copies(first: Path, count: int) -> Iterator[Path]:
    """Yield ``count`` adapters: the first and links to it, as the adapters of a large model take gigabytes."""
    yield first
    for number in range(1, count):
        yield shutil.copytree(first, first.parent / f"adapter-{number:04}", copy_function=os.link)


def _decoding(bench: Workbench, passes: Passes, folders: Sequence[Path], *, rounds: int) -> dict[str, Any]:
    decode = passes.decoding(tokens=_DECODED_TOKENS)
    bare_ms = median_ms(in_turns({"bare": decode}, rounds=rounds)["bare"])
    attach_ms = median_ms([seconds(partial(bench.stack.attach, folder.name, folder)) for folder in folders])
    ids = [folder.name for folder in folders]
    speeds: dict[str, float] = {"bare": _tokens_per_s(bare_ms)}
    for active in ACTIVE:
        if active > len(ids):
            continue
        bench.stack.activate([(adapter_id, 1.0) for adapter_id in ids[-active:]] if active else [])
        speeds[str(active)] = _tokens_per_s(median_ms(in_turns({"": decode}, rounds=rounds)[""]))
    turns = iter(range(10**9))
    switching = in_turns({"": lambda: bench.stack.activate([(ids[-1 - next(turns) % 2], 1.0)])}, rounds=4 * rounds)
    bench.stack.activate([])
    return {
        "attached": len(ids),
        "tokens_per_s": speeds,
        "routed_over_bare": speeds["1"] / speeds["bare"],
        "attach_ms": attach_ms,
        "switch_ms": median_ms(switching[""]),
        "adapter_bytes": sum(path.stat().st_size for path in folders[0].iterdir()),
    }


def _tokens_per_s(decode_ms: float) -> float:
    return 1000 * _DECODED_TOKENS / decode_ms
