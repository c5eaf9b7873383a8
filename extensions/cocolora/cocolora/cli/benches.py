"""The benchmarks by name, each with the options that it takes."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import Any

from cocolora.core.events import ProgressCallback
from cocolora.engine.open_model import DEMO_BASE

Figures = dict[str, Any]
_FACTS = {"forgetting": 64}


def facts_of(arguments: Namespace) -> int:
    """Return how many facts are told in one life."""
    return int(arguments.facts or _FACTS.get(arguments.name, 8))


def run_bench(arguments: Namespace, on_progress: ProgressCallback) -> Figures:
    """Run the benchmark that is asked for and return its figures."""
    return BENCHES[arguments.name](arguments, on_progress)


def _learning(arguments: Namespace, on_progress: ProgressCallback) -> Figures:
    from cocolora.bench.learning import run_learning

    return run_learning(
        arguments.base or DEMO_BASE,
        facts=facts_of(arguments),
        facts_per_stretch=arguments.facts_per_stretch,
        rollup_every=arguments.rollup_every,
        seeds=arguments.seeds,
        scratch=arguments.scratch,
        on_progress=on_progress,
    )


def _stack(arguments: Namespace, on_progress: ProgressCallback) -> Figures:
    from cocolora.bench.stack import run_stack

    return run_stack(arguments.base or DEMO_BASE, on_progress=on_progress)


def _bases(arguments: Namespace, on_progress: ProgressCallback) -> Figures:
    from cocolora.bench.bases import run_bases

    return run_bases(
        arguments.base or DEMO_BASE,
        kinds=arguments.kind,
        facts=facts_of(arguments),
        facts_per_stretch=arguments.facts_per_stretch,
        seeds=arguments.seeds,
        scratch=arguments.scratch,
        on_progress=on_progress,
    )


def _gpu(arguments: Namespace, on_progress: ProgressCallback) -> Figures:
    from cocolora.bench.gpu import run_gpu

    return run_gpu(arguments.shapes, on_progress=on_progress)


def _training(arguments: Namespace, on_progress: ProgressCallback) -> Figures:
    from cocolora.bench.training import run_training

    return run_training(
        arguments.base or DEMO_BASE,
        steps=arguments.steps,
        chat=arguments.chat,
        webui=arguments.webui,
        webui_python=arguments.webui_python,
        on_progress=on_progress,
    )


def _crash(arguments: Namespace, on_progress: ProgressCallback) -> Figures:
    from cocolora.bench.crash import run_crash

    return run_crash(arguments.base or DEMO_BASE, points=arguments.points, seed=arguments.seed, on_progress=on_progress)


def _forgetting(arguments: Namespace, on_progress: ProgressCallback) -> Figures:
    from cocolora.bench.forgetting import run_forgetting

    return run_forgetting(
        arguments.base or DEMO_BASE,
        facts=facts_of(arguments),
        facts_per_stretch=arguments.facts_per_stretch,
        rollup_every=arguments.rollup_every or 8,
        scratch=arguments.scratch,
        on_progress=on_progress,
    )


def _memory(arguments: Namespace, on_progress: ProgressCallback) -> Figures:
    from cocolora.bench.memory import run_memory

    return run_memory(
        arguments.data,
        embedder=arguments.embedder_folder,
        turns=arguments.turns,
        base=arguments.base or DEMO_BASE,
        on_progress=on_progress,
    )


def _import(arguments: Namespace, on_progress: ProgressCallback) -> Figures:
    from cocolora.bench.past import run_import

    return run_import(arguments.base or DEMO_BASE, words=arguments.words, on_progress=on_progress)


BENCHES: dict[str, Callable[[Namespace, ProgressCallback], Figures]] = {
    "learning": _learning,
    "forgetting": _forgetting,
    "stack": _stack,
    "training": _training,
    "bases": _bases,
    "gpu": _gpu,
    "crash": _crash,
    "memory": _memory,
    "import": _import,
}
