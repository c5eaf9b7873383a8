"""Charts as plain HTML and SVG: they take the page's colours, fit any width, and say in words what they show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from cocolora.core.adapters import Adapter
from cocolora.core.gate import Scores
from cocolora.core.history import Growth
from cocolora.core.phrases import count
from cocolora.settings import Gate
from cocolora.ui.words import day, escape, share

NOTHING_TO_DRAW = "This is drawn when the first turns are remembered."
NO_SCORES = "Scores appear here when the first adapter was tested."
WHOLE_STACK = "The whole stack"
MOST_ROWS = 12


def show_growth(growth: Sequence[Growth], *, zone: tzinfo | None) -> str:
    """Return how many turns were remembered and learned over time: two stepped lines over one scale.

    Dates are those of the user's time ``zone``.
    """
    if not growth:
        return f'<p class="cocolora-quiet">{escape(NOTHING_TO_DRAW)}</p>'
    last, top = growth[-1], max(growth[-1].remembered, 1)
    summary = (
        f"{count(last.remembered, 'turn')} remembered and {last.learned} of them learned, "
        f"from {day(growth[0].at, zone)} to {day(last.at, zone)}"
    )
    remembered = _steps(growth, [point.remembered for point in growth], top=top)
    learned = _steps(growth, [point.learned for point in growth], top=top)
    return (
        f'<figure class="cocolora-growth" role="img" aria-label="{escape(summary)}">'
        f'<div class="cocolora-plot"><span class="cocolora-top">{top}</span><span class="cocolora-zero">0</span>'
        f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="cocolora-area" d="{learned} L 100 100 L 0 100 Z"/>'
        f'<path class="cocolora-line cocolora-all" d="{remembered}"/>'
        f'<path class="cocolora-line cocolora-known" d="{learned}"/></svg></div>'
        f"<figcaption><span>{escape(_when(growth[0].at, last.at, zone))}</span>"
        f"<span>{escape(_when(last.at, growth[0].at, zone))}</span></figcaption>"
        f'<p class="cocolora-legend"><span class="cocolora-all">{last.remembered} remembered</span>'
        f'<span class="cocolora-known">{last.learned} learned</span></p></figure>'
    )


def _when(moment: datetime, other: datetime, zone: tzinfo | None) -> str:
    local = moment.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == other.astimezone(zone).date() else day(moment, zone)


def _steps(growth: Sequence[Growth], values: Sequence[int], *, top: int) -> str:
    """Return a path of steps in a square of 100, from the lower left, with time to the right."""
    first, last = growth[0].at, growth[-1].at
    span_s = (last - first).total_seconds()
    path = "M 0 100"
    for point, value in zip(growth, values, strict=True):
        x = 4 + 92 * ((point.at - first).total_seconds() / span_s if span_s else 0.5)
        path += f" H {x:.2f} V {100 - 96 * value / top:.2f}"
    return f"{path} H 100"


def show_scores(adapters: Sequence[Adapter], gate: Gate, *, stack: Scores | None = None) -> str:
    """Return the newest adapters' scores as a table of bars, each with the mark that the gate asks for.

    Above them stand those of the whole ``stack``, where there are any.
    """
    scored = [(adapter.name, adapter.scores) for adapter in reversed(adapters) if adapter.scores]
    whole = [(WHOLE_STACK, stack)] if stack else []
    if not scored and not whole:
        return f'<p class="cocolora-quiet">{escape(NO_SCORES)}</p>'
    rest = f"{count(len(scored) - MOST_ROWS, 'older adapter')} not shown. " if len(scored) > MOST_ROWS else ""
    return _score_table([*whole, *scored[:MOST_ROWS]], gate, rest=rest)


def show_stack(scores: Scores, gate: Gate) -> str:
    """Return the scores of the whole stack, asked as a chat would, as a table of bars."""
    return _score_table([(WHOLE_STACK, scores)], gate, label="Scores of the stack")


def _score_table(
    scored: Sequence[tuple[str, Scores]], gate: Gate, *, label: str = "Scores of adapters", rest: str = ""
) -> str:
    rows = "".join(_score_row(name, scores, gate) for name, scores in scored)
    heads = {
        "Recall": "answers new wordings of what it learned",
        "Retention": "still knows what the base knew",
        "Abstention": "admits what it cannot know",
    }
    head = "".join(f'<th scope="col">{name}<small>{escape(why)}</small></th>' for name, why in heads.items())
    return (
        f'<div class="cocolora-scroll" tabindex="0" role="region" aria-label="{label}"><table class="cocolora-scores">'
        f'<thead><tr><th scope="col">Adapter</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        f'<p class="cocolora-quiet">{rest}The mark in a bar is what the gate asks for.</p>'
    )


def _score_row(name: str, scores: Scores, gate: Gate) -> str:
    cells = [
        _bar("recall", scores.recall, needed=gate.recall),
        _bar("retention", scores.retention, needed=max(0.0, scores.retention_base - gate.retention_loss)),
        _bar("abstention", scores.abstention, needed=gate.abstention),
    ]
    return f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _bar(kind: str, value: float, *, needed: float) -> str:
    short = " cocolora-short" if value < needed else ""
    return (
        f'<span class="cocolora-bar cocolora-bar-{kind}{short}" title="{share(needed)} is needed">'
        f'<span style="width:{value:.1%}"></span><i style="left:{needed:.1%}"></i></span>'
        f'<b class="cocolora-number">{share(value)}</b>'
    )
