"""Timing on a busy machine: what is compared is timed in turns, and the medians of each turn's ratios count."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Seconds = dict[str, list[float]]


def in_turns(things: Mapping[str, Callable[[], object]], *, rounds: int) -> Seconds:
    """Time each thing once a round, after one round to warm up; the order turns with every round."""
    for thing in things.values():
        thing()
    names = list(things)
    taken: Seconds = {name: [] for name in names}
    for number in range(rounds):
        start = number % len(names)
        for name in [*names[start:], *names[:start]]:
            taken[name].append(seconds(things[name]))
    return taken


def seconds(thing: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    thing()
    return time.perf_counter() - start


def ratio(taken: Seconds, one: str, other: str) -> float:
    """Return the median of ``one``'s time over ``other``'s in the same round."""
    return statistics.median(a / b for a, b in zip(taken[one], taken[other], strict=True))


def median_ms(times_s: list[float]) -> float:
    """Return the median in milliseconds."""
    return 1000 * statistics.median(times_s)


def percentiles_ms(items: Sequence[Any], work: Callable[[Any], object]) -> dict[str, float]:
    """Return the median and the 95th percentile of the milliseconds that each item took."""
    spent_ms = []
    for item in items:
        start = time.perf_counter()
        work(item)
        spent_ms.append(1000 * (time.perf_counter() - start))
    cuts = statistics.quantiles(spent_ms, n=20) if len(spent_ms) > 1 else spent_ms * 19
    return {"p50": round(cuts[9], 2), "p95": round(cuts[18], 2)}
