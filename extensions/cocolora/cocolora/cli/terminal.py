"""What every command shares: the engine that the options name, a bar while it works, and what is printed."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import Progress as Bar

from cocolora.core.events import Progress, ProgressCallback
from cocolora.engine import Engine
from cocolora.engine.home import default_home
from cocolora.engine.open_model import DEMO_BASE, model_in

console = Console()


@contextmanager
def opened(arguments: Namespace, *, resident: bool = False) -> Iterator[Engine]:
    """Open the engine that the common options name; a ``resident`` one goes on with jobs that were interrupted."""
    find_model = model_in(arguments.base or DEMO_BASE, quantise=arguments.quantise)
    engine = Engine(arguments.home or default_home(), find_model, resident=resident)
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def progress_bar(arguments: Namespace) -> Iterator[ProgressCallback]:
    """Show a bar on stderr while the command works."""
    with Bar(console=Console(stderr=True), transient=True, disable=arguments.json) as bar:
        tasks: dict[str, Any] = {}

        def show(progress: Progress) -> None:
            task = tasks.setdefault(progress.doing, None)
            if task is None:
                task = tasks[progress.doing] = bar.add_task(progress.doing, total=progress.total)
            bar.update(task, completed=progress.done, total=progress.total)

        yield show


def show(arguments: Namespace, values: dict[str, Any], *lines: str) -> None:
    """Print one JSON object, or the lines."""
    if arguments.json:
        print(json.dumps(values, ensure_ascii=False, default=str))
    else:
        for line in lines:
            console.print(line, markup=False, highlight=False)
