"""``cocolora bench stack``: what attached and active adapters cost, beside PEFT's own and the webui's switching."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from cocolora.bench.rivals import HostSwitching, Passes, PeftStack, load_plain
from cocolora.bench.timing import Seconds, in_turns, median_ms, ratio, seconds
from cocolora.core.adapters import Recipe
from cocolora.core.events import Progress, ProgressCallback, ignore_progress, never_cancelled
from cocolora.core.lessons import Exchange
from cocolora.core.ports import LanguageModel
from cocolora.engine.home import Home
from cocolora.engine.open_model import model_in
from cocolora.engine.workbench import Workbench

ATTACHED = (1, 4, 16, 64, 256)
ACTIVE = (0, 1, 4, 16)
_MEMORY_BYTES = 4_000_000_000
_DECODED_TOKENS = 4
_EXCHANGE = Exchange(({"role": "user", "content": "What is my dog called?"},), "Your dog is called Biscuit.")


def run_stack(
    base: Path, *, attached: Sequence[int] = ATTACHED, rounds: int = 15, on_progress: ProgressCallback
) -> dict[str, Any]:
    """Return rows of ratios to the bare base, and the times of switching and attaching in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="cocolora-bench-") as place:
        model = model_in(base)()
        bench = _workbench(model, Path(place))
        folders = _adapters(bench, Path(place), count=max(attached))
        rows = _Rows(base, bench, folders, rounds=rounds)
        measured: list[dict[str, Any]] = []
        for number, count in enumerate(attached):
            on_progress(Progress("attached adapters", number, len(attached)))
            measured += rows.measure(count)
        on_progress(Progress("attached adapters", len(attached), len(attached)))
        return {
            "base": str(model.identity),
            "kind": model.kind,
            "rank": _RECIPE.rank,
            "rounds": rounds,
            "rows": measured,
            "decode": _compared(measured),
            **_attaching(model, Path(place), folders),
            **_switching(base, bench, folders, rounds=rounds),
            "bytes": {"one_adapter": _size_bytes(folders[0]), "attached": bench.stack.size_bytes},
        }


_RECIPE = Recipe(rank=8, alpha=16.0, learning_rate=1e-3, steps=3, batch_samples=1, seed=0)


def _workbench(model: LanguageModel, place: Path, *, memory_bytes: int = _MEMORY_BYTES) -> Workbench:
    return Workbench(model, Home(place), slice_ms=1000, memory_bytes=memory_bytes)


def _adapters(bench: Workbench, place: Path, *, count: int) -> list[Path]:
    """Train one adapter for some steps and copy it: what it costs does not depend on what it knows."""
    first = place / "adapter-0000"
    bench.trainer.train(
        first.name,
        [bench.model.sample(_EXCHANGE)],
        recipe=_RECIPE,
        beneath=[],
        folder=first,
        on_progress=ignore_progress,
        cancelled=never_cancelled,
    )
    return [first, *(shutil.copytree(first, place / f"adapter-{number:04}") for number in range(1, count))]


class _Rows:
    """The bare base, cocolora's stack and PEFT's, side by side on three copies of the same network."""

    def __init__(self, base: Path, bench: Workbench, folders: Sequence[Path], *, rounds: int) -> None:
        self._bench = bench
        self._folders = folders
        self._rounds = rounds
        self._peft = PeftStack(load_plain(base), (folders[0].name, folders[0]))
        self._bare = Passes(load_plain(base))
        self._ours = Passes(bench.model.network)
        self._theirs = Passes(self._peft.model.base_model.model)

    def measure(self, attached: int) -> list[dict[str, Any]]:
        """Attach up to ``attached`` adapters and return a row for each number of active ones.

        PEFT gets no more than can be active: it takes minutes to attach hundreds, each one longer than the last.
        """
        for folder in self._folders[:attached]:
            self._bench.stack.attach(folder.name, folder)
        for folder in self._folders[: min(attached, max(ACTIVE))]:
            if folder.name not in self._peft.attached:
                self._peft.attach(folder.name, folder)
        return [self._row(attached, count) for count in ACTIVE if count <= attached]

    def _row(self, attached: int, active: int) -> dict[str, Any]:
        names = [folder.name for folder in self._folders[:active]]
        self._bench.stack.activate([(name, 1.0) for name in names])
        self._peft.activate(names)
        row: dict[str, Any] = {"attached": attached, "active": active}
        for doing, times in (("decode", self._times(_decoding)), ("prefill", self._times(_prefilling))):
            row[f"{doing}_ratio"] = ratio(times, "cocolora", "bare")
            row[f"peft_{doing}_ratio"] = ratio(times, "peft", "bare")
        self._bench.stack.activate([])
        return row

    def _times(self, kind: Callable[[Passes], Callable[[], object]]) -> Seconds:
        things = {"bare": self._bare, "cocolora": self._ours, "peft": self._theirs}
        return in_turns({name: kind(passes) for name, passes in things.items()}, rounds=self._rounds)


def _decoding(passes: Passes) -> Callable[[], object]:
    return passes.decoding(tokens=_DECODED_TOKENS)


def _prefilling(passes: Passes) -> Callable[[], object]:
    return passes.prefill


def _attaching(model: LanguageModel, place: Path, folders: Sequence[Path]) -> dict[str, float]:
    bench = _workbench(model, place)
    few = folders[:32]
    times = [seconds(lambda folder=folder: bench.stack.attach(folder.name, folder)) for folder in few]  # type: ignore[misc]
    return {"attach_ms": median_ms(times)}


def _switching(base: Path, bench: Workbench, folders: Sequence[Path], *, rounds: int) -> dict[str, float]:
    """Return the times of a change from one route to another, each with one active adapter or with four."""
    host = HostSwitching(load_plain(base))
    several = min(4, len(folders) // 2)
    on_disk = _workbench(bench.model, folders[0].parent, memory_bytes=0)
    for folder in folders[: 2 * several]:
        on_disk.stack.attach(folder.name, folder)

    def routes(count: int) -> Iterator[Sequence[Path]]:
        return cycle((folders[:count], folders[count : 2 * count]))  # of each thing its own: each call is a change

    def switching(stack: Any, chosen: Iterator[Sequence[Path]]) -> Callable[[], object]:
        return lambda: stack.activate([(folder.name, 1.0) for folder in next(chosen)])

    def reloading(chosen: Iterator[Sequence[Path]]) -> Callable[[], object]:
        return lambda: host.switch(next(chosen))

    things: dict[str, Callable[[], object]] = {
        "switch_ms": switching(bench.stack, routes(1)),
        "switch_from_disk_ms": switching(on_disk.stack, routes(1)),
        "host_switch_ms": reloading(routes(1)),
    }
    if several > 1:
        things["switch_several_ms"] = switching(bench.stack, routes(several))
        things["host_switch_several_ms"] = reloading(routes(several))
    taken = in_turns(things, rounds=rounds)
    bench.stack.activate([])
    on_disk.stack.activate([])
    return {name: median_ms(times) for name, times in taken.items()}


def _size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _compared(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return what more attached or active adapters cost, in decoding, over one attached and active."""
    found = {(row["attached"], row["active"]): row for row in rows}
    most = max(attached for attached, _ in found)
    one, peft_one = (
        statistics.median(row[key] for (_, active), row in found.items() if active == 1) for key in _DECODE
    )
    busiest = max(active for _, active in found)
    return {
        "all_attached_over_one": found[most, 1]["decode_ratio"] / found[min(a for a, _ in found), 1]["decode_ratio"],
        "most_active_over_one": found[most, busiest]["decode_ratio"] / one,
        "peft_most_active_over_one": found[most, busiest]["peft_decode_ratio"] / peft_one,
    }


_DECODE = ("decode_ratio", "peft_decode_ratio")
