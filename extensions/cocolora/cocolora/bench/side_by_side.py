"""Lives side by side: one process a life, two at a time for each core, each on one thread.

Two for each core, so that no core is idle while the last of three lives is lived. What a life measures is therefore
the processor's time.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cocolora.core.events import Progress, ProgressCallback

Live = Callable[[Path, int, dict[str, Any], ProgressCallback], dict[str, Any]]
_POLL_S = 2.0


def each_seed(
    live: Live, seeds: int, common: dict[str, Any], *, scratch: Path | None, on_progress: ProgressCallback
) -> list[dict[str, Any]]:
    """Return what each of ``seeds`` lives came to; in ``scratch``, what was lived before is not lived again."""
    lives = {f"life-{seed}": (seed, common) for seed in range(seeds)}
    return list(each_life(live, lives, scratch=scratch, on_progress=on_progress).values())


def each_life(
    live: Live,
    lives: Mapping[str, tuple[int, dict[str, Any]]],
    *,
    scratch: Path | None,
    on_progress: ProgressCallback,
) -> dict[str, dict[str, Any]]:
    """Return what each named life came to, given its seed and what it is told; each has a process of its own."""
    with _folder(scratch) as folder, _one_thread_each():
        context = multiprocessing.get_context("spawn")
        workers = min(len(lives), 2 * (os.cpu_count() or 1))
        with ProcessPoolExecutor(
            workers, mp_context=context, initializer=_end_with_parent, max_tasks_per_child=1
        ) as pool:
            futures = {name: pool.submit(_run, live, folder / name, *told) for name, told in lives.items()}
            try:
                _watch(list(futures.values()), folder, on_progress)
            except BaseException:
                for process in list((pool._processes or {}).values()):
                    process.terminate()
                raise
        return {name: future.result() for name, future in futures.items()}


@contextmanager
def _folder(scratch: Path | None) -> Iterator[Path]:
    if scratch is not None:
        scratch.mkdir(parents=True, exist_ok=True)
        yield scratch
        return
    with tempfile.TemporaryDirectory(prefix="cocolora-bench-") as folder:
        yield Path(folder)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Give every new process one thread for its arithmetic: a small model gains nothing by a second."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        os.environ.pop("OMP_NUM_THREADS") if before is None else os.environ.update(OMP_NUM_THREADS=before)


def _end_with_parent() -> None:
    """Let this process end when its parent does, in whatever way: nobody waits for the life any more."""
    threading.Thread(target=_follow, args=(multiprocessing.parent_process(),), daemon=True).start()


def _follow(parent: Any) -> None:
    parent.join()
    os._exit(1)


def _run(live: Live, folder: Path, seed: int, common: dict[str, Any]) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)

    def note(progress: Progress) -> None:
        (folder / "progress.json").write_text(json.dumps([progress.done, progress.total]))

    return live(folder, seed, common, note)


def _watch(futures: list[Future[dict[str, Any]]], folder: Path, on_progress: ProgressCallback) -> None:
    left = set(futures)
    while left:
        done, left = wait(left, timeout=_POLL_S, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
        parts = [_progress(file) for file in folder.glob("*/progress.json")]
        total = sum(total for _, total in parts) * len(futures) // max(1, len(parts))
        on_progress(Progress("living", sum(done for done, _ in parts), max(1, total)))


def _progress(file: Path) -> tuple[int, int]:
    try:
        done, total = json.loads(file.read_text())
    except ValueError:  # just being written
        return 0, 0
    return int(done), int(total)
