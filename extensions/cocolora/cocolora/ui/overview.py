"""The overview: what is due, what was learned lately, how memory grew, how well adapters do, where they come from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

import gradio as gr

from cocolora.core.adapters import Adapter, AdapterKind, AdapterState
from cocolora.core.phrases import count
from cocolora.engine.history import History
from cocolora.ui.board import Board
from cocolora.ui.charts import show_growth, show_scores
from cocolora.ui.descent import show_descent
from cocolora.ui.page import View
from cocolora.ui.words import chat_title, escape, minute

LATELY = 6
UNMEASURED = "How long that takes is told when the loaded model was measured: press How long? under Settings."
NOTHING_LEARNED = (
    "Nothing was learned yet. Tell the bot something about yourself, then press Learn now: what it learns is told here."
)

LEARNING_FIRST = "Nothing was learned yet: the first learning is under way. What comes of it is told here."


def show_due(view: View) -> str:
    """Return what is due, or when it will be, and why, as HTML; empty before anything was said."""
    if not view.status.turns:
        return ""
    how = "It is made with the next learning." if view.own_settings.rollup.automatic else "Plan it under Stack."
    lines = [] if view.status.trouble else [_learning_due(view)]
    lines += [_by_hand(view)] if view.status.due.imported and not view.status.trouble else []
    lines += [f"A rollup is due: {plan.reason}. {how}" for plan in view.due_rollups]
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _learning_due(view: View) -> str:
    if view.is_learning:
        return "Learning is under way."
    due = view.status.due
    return f"Learning is due: {due.reason}." if due.now else f"Learning is not due: {due.reason}."


def _by_hand(view: View) -> str:
    how_long = view.learning_plan.sentence if view.learning_plan else UNMEASURED
    return f"Learn now begins with what was imported, and with all else there is. {how_long}"


def show_lately(view: View) -> str:
    """Return what was learned lately, newest first, as HTML."""
    newest = view.status.adapters[::-1][:LATELY]
    if not newest:
        return f"<p>{escape(LEARNING_FIRST if view.is_learning else NOTHING_LEARNED)}</p>"
    items = "".join(
        f'<li class="cocolora-{_mark(adapter)}"><span>{escape(what_happened(adapter, view.history, view.zone))}</span> '
        f"<small>{escape(minute(adapter.made_at, view.zone))}</small></li>"
        for adapter in newest
    )
    return f'<ul class="cocolora-lately">{items}</ul>'


def _mark(adapter: Adapter) -> str:
    return "bad" if adapter.state is AdapterState.REJECTED else "good"


def what_happened(adapter: Adapter, history: History, zone: tzinfo | None) -> str:
    """Return in a sentence what came of teaching an adapter."""
    if adapter.origin:
        return f'Took in "{adapter.name}" from {adapter.origin}.'
    if adapter.sources:
        return _rolled_up(adapter)
    descents = history.descent_of(adapter.id)
    told = _listed([f'"{chat_title(d.title, d.started_at, zone).removesuffix(".")}"' for d in descents])
    if adapter.state is AdapterState.REJECTED:
        return f"Did not learn from {told}: {adapter.reason}. It stays remembered as text."
    if adapter.kind is AdapterKind.BEHAVIOUR:
        return f"Learned how you want to be answered, from {told}."
    return f"Learned {count(sum(d.facts for d in descents), 'fact')} from {told}."


def _rolled_up(adapter: Adapter) -> str:
    sources = count(len(adapter.sources), "adapter")
    if adapter.state is AdapterState.REJECTED:
        return f"Did not roll up {sources}: {adapter.reason}. They answer as before."
    now = " It answers in their place." if adapter.usable else ""
    return f'Rolled up {sources} into "{adapter.name}".{now}'


def _listed(names: list[str]) -> str:
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} more chats"
    return " and ".join(names) or "turns that were forgotten since"


def show_tested(view: View) -> str:
    """Return the scores of the whole stack, once it was tested, and of the newest adapters as HTML."""
    verdict = view.stack_verdict
    return show_scores(view.status.adapters, view.own_settings.gate, stack=verdict.scores if verdict else None)


def build_overview(board: Board) -> None:
    """Lay out the overview."""
    board.follow(gr.HTML(elem_classes="cocolora-paragraphs"), see=show_due, show=show_due)
    with gr.Row(elem_classes="cocolora-cards"):
        _card(board, "Learned lately", show_lately)
        _card(board, "Remembered and learned", lambda view: show_growth(view.history.growth, zone=view.zone))
    _card(board, "How well adapters do", show_tested)
    _card(board, "Where adapters come from", _show_descent)


def _show_descent(view: View) -> str:
    return show_descent(view.status.adapters, view.history, zone=view.zone)


def _card(board: Board, heading: str, show: Callable[[View], str]) -> None:
    """Lay out a card that is drawn anew when what it is drawn from changed."""

    def titled(view: View) -> str:
        return f'<h2 class="cocolora-heading">{escape(heading)}</h2>{show(view)}'

    with gr.Column(elem_classes="cocolora-card", min_width=280):
        board.follow(gr.HTML(), see=_drawn_from, show=titled)


def _drawn_from(view: View) -> object:
    return view.is_learning, view.status.adapters, view.history, view.own_settings.gate, view.stack_verdict, view.zone
