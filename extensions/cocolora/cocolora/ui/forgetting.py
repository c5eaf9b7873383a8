"""Forgetting: see what goes with the chosen turns or the whole conversation, and confirm."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from functools import partial

import gradio as gr

from cocolora.core.phrases import count
from cocolora.engine import Engine
from cocolora.engine.forget import ForgetPlan
from cocolora.ui.board import Board
from cocolora.ui.page import Page, View
from cocolora.ui.words import duration, escape, turn_label

FOR_GOOD = (
    "This cannot be undone. What the chat program itself has saved is not touched: delete the chat there too if "
    "you want it gone."
)
UNMEASURED = "not known yet (it is told when the loaded model was measured)"


def show_plan(plan: ForgetPlan, *, seconds: float | None, zone: tzinfo | None) -> str:
    """Return what would go, what is taught again, and in about how many seconds, as HTML; None: not known."""
    label = partial(turn_label, zone=zone)
    chosen = [turn for turn in plan.turns if turn not in plan.echoes]
    parts = [_list(f"{count(len(chosen), 'turn')} would be forgotten:", map(label, chosen))]
    if plan.echoes:
        later = f"{count(len(plan.echoes), 'later turn')} with a reply that repeats them would go along:"
        parts.append(_list(later, map(label, plan.echoes)))
    if plan.adapters:
        names = [adapter.name for adapter in plan.adapters]
        parts.append(_list("Adapters that learned from them, and go with them:", names))
    if plan.taught_again:
        again = f"{count(len(plan.taught_again), 'other turn')} of these adapters would be learned again:"
        parts.append(_list(again, map(label, plan.taught_again)))
        how_long = f"about {duration(seconds)} of training" if seconds is not None else UNMEASURED
        parts.append(f"<p>How long that takes: {escape(how_long)}. The chat goes on meanwhile.</p>")
    return f'<div class="cocolora-preview">{"".join(parts)}<p><strong>{escape(FOR_GOOD)}</strong></p></div>'


def _list(heading: str, items: Iterable[str]) -> str:
    entries = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<p>{escape(heading)}</p><ul>{entries}</ul>"


def preview(engine: Engine, page: Page) -> str:
    """Show what would go with the chosen turns, or with the conversation when none is chosen."""
    if not page.conversation_id:
        return "Choose a conversation first."
    if page.turn_ids:
        page.plan = engine.forgetting.plan(turn_ids=page.turn_ids)
    else:
        page.plan = engine.forgetting.plan(conversation=page.conversation_id)
    if page.plan.taught_again:
        engine.start_measuring(anew=False)
    return ""


def forget(engine: Engine, page: Page) -> str:
    """Forget what the preview shows, in the background."""
    plan, page.plan = page.plan, None
    if plan is None:
        return "Look at what would go first."
    page.choose_turns([])
    engine.forgetting.start(plan)
    return "Forgetting has begun. The top of the page says when it is done."


def keep(engine: Engine, page: Page) -> str:
    """Do not forget after all."""
    page.plan = None
    return "Nothing was forgotten."


def build_forgetting(board: Board, look: gr.Button, answer: gr.HTML) -> None:
    """Lay out the preview that ``look`` asks for, and the confirmation."""
    plan = gr.HTML()
    with gr.Row(visible=False) as confirm:
        really = gr.Button("Forget it for good", variant="stop", size="sm", elem_id="cocolora-forget")
        no = gr.Button("Keep it", size="sm")
    board.follow(plan, see=_plan_and_speed, show=_show_plan)
    board.follow(confirm, see=_plan, show=lambda view: gr.update(visible=view.page.plan is not None))
    board.on(look.click, preview, answer=answer)
    board.on(really.click, forget, answer=answer)
    board.on(no.click, keep, answer=answer)


def _plan(view: View) -> object:
    return view.page.plan


def _plan_and_speed(view: View) -> object:
    return view.page.plan, view.speed, view.zone


def _show_plan(view: View) -> str:
    plan, speed = view.page.plan, view.speed
    if plan is None:
        return ""
    batch_samples = view.own_settings.learning.batch_samples
    seconds = speed.steps_s(plan.steps, batch_samples=batch_samples) if speed else None
    return show_plan(plan, seconds=seconds, zone=view.zone)
