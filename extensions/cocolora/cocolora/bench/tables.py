"""Tables of what a benchmark found, put into a Markdown file where it has a place for them.

A place is a pair of comments: ``<!-- table: learning, 64 facts -->`` and ``<!-- end of table -->``. What lies between
them is replaced; everything else in the file stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cocolora.errors import NoPlaceForTable

Figures = dict[str, Any]
_END = "<!-- end of table -->"
_BASELINES = {
    "cocolora_with_quotes": "cocolora, with memories quoted",
    "text_memory": "text memory alone",
    "all_active": "all adapters active at once, weight 1",
    "svd_merge": "the webui's merge (PEFT's svd)",
    "sequential": "one adapter after another, each on top of those before (one life)",
    "raw_turns": "trained on the raw turns, as many steps (one life)",
    "base": "the base alone",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the table of one benchmark belongs in a Markdown file."""

    file: Path
    name: str
    facts: int

    @property
    def begin(self) -> str:
        """The comment before the table."""
        return f"<!-- table: {self.name}, {self.facts} facts -->"

    def put(self, figures: Figures) -> None:
        """Write the table of these figures into the file, in place of the one before. Raises NoPlaceForTable."""
        before, after = self._around()
        table = TABLES[self.name](figures)
        aside = self.file.with_name(f"{self.file.name}.new")
        aside.write_text(f"{before}{self.begin}\n{table}\n{_END}{after}", encoding="utf-8")
        aside.replace(self.file)

    def check(self) -> None:
        """Raise NoPlaceForTable where nothing could be put: better before a benchmark than after it."""
        self._around()

    def _around(self) -> tuple[str, str]:
        try:
            text = self.file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            text = ""
        before, begin, rest = text.partition(self.begin)
        _, end, after = rest.partition(_END)
        if self.name not in TABLES or not (begin and end):
            raise NoPlaceForTable(self.file, self.begin, _END)
        return before, after


def _learning(figures: Figures) -> str:
    """Return what a life knows at each checkpoint, each life in brackets, and what else was measured at its end."""
    points = [
        [
            point["facts"],
            _means("recall", point),
            f"{_share(point['retention'])} ({_share(point['retention_base'])})",
            _means("abstention", point),
            _means("updates", point),
            f"{point['adapters']:.1f}, up to level {point['levels']:.0f}",
            f"{point['seconds_per_fact']:.0f}",
        ]
        for point in figures["checkpoints"]
    ]
    last = figures["checkpoints"][-1]
    names = {"**cocolora**, adapters alone": last, **{_BASELINES[n]: s for n, s in figures["baselines"].items()}}
    scores = ("recall", "updates", "retention", "abstention")
    return "\n\n".join(
        (
            _table(
                (
                    "facts",
                    "recall",
                    "retention (base)",
                    "abstention",
                    "updates",
                    "adapters",
                    "processor seconds a fact",
                ),
                points,
            ),
            _table(
                (f"at {last['facts']} facts", *scores),
                [[name, *(_share(found[score]) for score in scores)] for name, found in names.items()],
            ),
        )
    )


def _forgetting(figures: Figures) -> str:
    """Return what was found after forgetting."""
    return _table(
        ("", f"{figures['forgotten_facts']} facts forgotten"),
        [
            ["what was forgotten, recalled", _share(figures["forgotten_recall"])],
            ["recall of all others, changed by", _share(figures["others_change"])],
            ["rebuilt adapters bit for bit as if never told", "yes" if figures["bit_identical"] else "**no**"],
            ["files with a forgotten word", figures["bytes_found"]],
            ["faults that verify finds", figures["verify_faults"]],
            ["adapters that answer", figures["adapters"]],
            ["of these rebuilt", _share(figures["rebuilt_share"])],
            ["seconds", f"{figures['seconds']:.0f}"],
        ],
    )


TABLES: dict[str, Callable[[Figures], str]] = {"learning": _learning, "forgetting": _forgetting}


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _means(score: str, point: Figures) -> str:
    if point[score] is None:
        return "–"
    lives = ", ".join(_share(life[score]) for life in point["per_seed"])
    return f"{_share(point[score])} ({lives})"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".removeprefix("0")
