"""Forgetting: pick a conversation or one of its turns, see what goes, and confirm."""

from __future__ import annotations

from collections.abc import Iterable

import gradio as gr

from cocolora.core.adapters import Adapter
from cocolora.core.counting import count
from cocolora.engine import Engine
from cocolora.engine.forget import ForgetPlan
from cocolora.ui.board import Board
from cocolora.ui.page import Page, View
from cocolora.ui.words import conversation_label, escape, turn_label

WHOLE = "*"
NOTHING_SAID = "There is nothing to forget: nothing was said yet."
FOR_GOOD = (
    "This cannot be undone. What the chat program itself has saved is not touched: delete the chat there too if "
    "you want it gone."
)


def show_plan(plan: ForgetPlan) -> str:
    """Return what would go, and what is taught again, as HTML."""
    parts = [_list(f"{count(len(plan.turns), 'turn')} would be forgotten:", map(turn_label, plan.turns))]
    if plan.adapters:
        parts.append(_list("Adapters that learned from them, and go with them:", map(_name, plan.adapters)))
    if plan.taught_again:
        again = f"{count(len(plan.taught_again), 'other turn')} of these adapters would be learned again:"
        parts.append(_list(again, map(turn_label, plan.taught_again)))
    return f'<div class="cocolora-preview">{"".join(parts)}<p><strong>{escape(FOR_GOOD)}</strong></p></div>'


def _list(heading: str, items: Iterable[str]) -> str:
    entries = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<p>{escape(heading)}</p><ul>{entries}</ul>"


def _name(adapter: Adapter) -> str:
    return adapter.name


def choose_conversation(engine: Engine, page: Page, conversation_id: str | None) -> str:
    """Choose the conversation to forget, or to pick a turn from."""
    page.conversation_id, page.turn_id, page.plan = conversation_id, None, None
    return ""


def choose_turn(engine: Engine, page: Page, turn_id: str) -> str:
    """Choose a turn, or the whole conversation; the preview of another choice goes."""
    page.turn_id, page.plan = (None if turn_id == WHOLE else turn_id), None
    return ""


def preview(engine: Engine, page: Page) -> str:
    """Show what would go."""
    if not page.conversation_id:
        return "Choose a conversation first."
    if page.turn_id:
        page.plan = engine.plan_forget(turn_ids=[page.turn_id])
    else:
        page.plan = engine.plan_forget(conversation=page.conversation_id)
    return ""


def forget(engine: Engine, page: Page) -> str:
    """Forget what the preview shows, in the background."""
    plan, page.plan = page.plan, None
    if plan is None:
        return "Look at what would go first."
    page.conversation_id = page.turn_id = None
    engine.start_forgetting(plan)
    return "Forgetting started. The top of the page says when it is done."


def keep(engine: Engine, page: Page) -> str:
    """Do not forget after all."""
    page.plan = None
    return "Nothing was forgotten."


def build_forgetting(board: Board) -> None:
    """Lay out the choice, the preview and the confirmation."""
    empty = gr.HTML(f"<p>{NOTHING_SAID}</p>")
    conversation = gr.Dropdown(label="Conversation", info="What should be forgotten?", elem_id="cocolora-conversation")
    turn = gr.Dropdown(label="Turn", info="All of it, or one thing that was said.", visible=False)
    look = gr.Button("Show what would go", elem_id="cocolora-preview")
    plan = gr.HTML()
    with gr.Row(visible=False) as confirm:
        really = gr.Button("Forget it for good", variant="stop", elem_id="cocolora-forget")
        no = gr.Button("Keep it")
    answer = gr.HTML()
    board.follow(empty, see=_has_any, show=lambda view: gr.update(visible=not _has_any(view)))
    board.follow(conversation, see=_conversations_seen, show=_conversations)
    board.follow(turn, see=lambda view: (view.turns, view.page.turn_id), show=_turns)
    board.follow(plan, see=_plan, show=_show_plan)
    board.follow(confirm, see=_plan, show=lambda view: gr.update(visible=view.page.plan is not None))
    board.on(conversation.input, choose_conversation, [conversation], answer=answer)
    board.on(turn.input, choose_turn, [turn], answer=answer)
    board.on(look.click, preview, answer=answer)
    board.on(really.click, forget, answer=answer)
    board.on(no.click, keep, answer=answer)


def _has_any(view: View) -> bool:
    return bool(view.conversations)


def _conversations_seen(view: View) -> object:
    return view.conversations, view.page.conversation_id


def _conversations(view: View) -> object:
    choices = [(conversation_label(conversation), conversation.id) for conversation in view.conversations]
    known = {conversation.id for conversation in view.conversations}
    value = view.page.conversation_id if view.page.conversation_id in known else None
    return gr.update(choices=choices, value=value, visible=bool(choices))


def _turns(view: View) -> object:
    turns = [(turn_label(turn), turn.id) for turn in view.turns]
    whole = (f"The whole conversation ({count(len(turns), 'turn')})", WHOLE)
    value = view.page.turn_id if any(turn.id == view.page.turn_id for turn in view.turns) else WHOLE
    return gr.update(choices=[whole, *turns], value=value, visible=bool(turns))


def _plan(view: View) -> object:
    return view.page.plan


def _show_plan(view: View) -> str:
    return show_plan(view.page.plan) if view.page.plan else ""
