"""Showing the story's outcome to a newcomer: answers side by side, then the figures in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cocolora.demo import script
from cocolora.demo.exam import Sheet

_COLUMNS = {"base": "base alone", "text_memory": "with text memory", "cocolora": "with cocolora"}
_SHOWN = (
    script.CAPITAL,
    *(probe.question for probe in (*script.KEPT[::2], *script.FORGOTTEN[::2])),
)


def print_result(console: Console, result: dict[str, Any], sheets: dict[str, Sheet], out: Path) -> None:
    """Print the table of answers, the figures, and where everything was kept."""
    between = result["tokens_between"]
    console.print(f"\nAsked in an empty chat, {between} tokens of other talk later:\n")
    console.print(_answers(sheets))
    console.print(_figures(result))
    forgot, handed = result["after_forget"], result["after_import"]
    console.print(
        f"After forgetting Sunday's conversation: {forgot['forgotten_recalled']} of its facts are recalled, "
        f"{forgot['others_changed']} other answers changed."
    )
    same = "the same answers" if handed["answers_equal"] else "other answers"
    console.print(f"Exported, and imported into an empty home without the conversations: {same}.")
    console.print(f"{result['seconds']} s. Transcript, adapters and the exported stack are in {out}/.")


def _answers(sheets: dict[str, Sheet]) -> Table:
    table = Table("question", *_COLUMNS.values(), "after forgetting Sunday")
    for question in _SHOWN:
        table.add_row(question, *(sheets[name].answers[question] for name in (*_COLUMNS, "after_forget")))
    return table


def _figures(result: dict[str, Any]) -> Table:
    table = Table("", *_COLUMNS.values())
    columns = [result[name] for name in _COLUMNS]
    table.add_row("personal facts recalled", *(f"{c['facts_recalled']} of {c['facts_total']}" for c in columns))
    table.add_row("one-word wish followed", *(f"{c['style_kept']:.0%}" for c in columns))
    table.add_row("world knowledge kept", *(f"{c['known_kept']:.0%}" for c in columns))
    table.add_row("unknown things left unknown", *(f"{c['abstention']:.0%}" for c in columns))
    return table
