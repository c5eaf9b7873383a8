"""The stack as a whole: what the gate found it to do, and the gate's questions put again on demand."""

from __future__ import annotations

import gradio as gr

from cocolora.core.records import KeptVerdict
from cocolora.engine import Engine
from cocolora.ui.board import Board
from cocolora.ui.charts import show_stack
from cocolora.ui.page import Page, View
from cocolora.ui.words import escape, minute

NEVER_ASKED = "The stack as a whole was not tested yet: that is done after each learning, or now."
ASKING = "The tests have begun. The top of the page says what came of them."


def evaluate(engine: Engine, page: Page) -> str:
    """Test the chosen adapter again, in the background."""
    engine.catalogue.start_evaluation([engine.journal.adapter(page.adapter_id or "").id], profile=page.profile)
    return ASKING


def evaluate_stack(engine: Engine, page: Page) -> str:
    """Test the whole stack, in the background."""
    engine.catalogue.start_evaluation(profile=page.profile)
    return ASKING


def show_verdict(verdict: KeptVerdict, view: View) -> str:
    """Return what the newest test of the whole stack found as HTML."""
    found = "It passes its tests" if verdict.passed else f"It is weak: {verdict.reason}"
    when = f"{escape(found)} ({escape(verdict.occasion)}, {escape(minute(verdict.made_at, view.zone))})."
    return f"{show_stack(verdict.scores, view.own_settings.gate)}<p>{when}</p>"


def build_evaluating(board: Board) -> None:
    """Lay out the whole stack's scores and the button that asks again."""
    shown = gr.HTML()
    ask = gr.Button("Evaluate the stack now", size="sm", elem_id="cocolora-evaluate-stack")
    answer = gr.HTML()
    board.follow(shown, see=_seen, show=_shown)
    board.on(ask.click, evaluate_stack, answer=answer)


def _seen(view: View) -> object:
    return view.stack_verdict, view.own_settings.gate, view.zone


def _shown(view: View) -> str:
    heading = '<h2 class="cocolora-heading">The stack as a whole</h2>'
    verdict = view.stack_verdict
    return heading + (show_verdict(verdict, view) if verdict else f'<p class="cocolora-quiet">{NEVER_ASKED}</p>')
