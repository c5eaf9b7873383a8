"""Reading a conversation: each turn with what became of it, and what can be done with some turns or with all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

import gradio as gr

from cocolora.core.conversations import Change, Turn
from cocolora.core.phrases import count, shorten
from cocolora.core.told import Standing, Told
from cocolora.engine import Engine
from cocolora.ui.board import Board
from cocolora.ui.forgetting import build_forgetting
from cocolora.ui.page import TURNS_SHOWN, Page, View
from cocolora.ui.why import show_kept_why
from cocolora.ui.words import chat_title, escape, minute

CHOOSE_ONE = "Choose a conversation to read it and to see what became of each turn."
STANDINGS = {
    Standing.WAITING: "Remembered",
    Standing.PRIVATE: "Remembered, never learned",
    Standing.READ: "Read, nothing to learn",
    Standing.LEARNED: "Learned",
    Standing.REJECTED: "Not learned",
    Standing.SECRET: "Holds a secret, never learned",
    Standing.DOCUMENT: "A document, not learned",
}
CHANGES = {
    Change.EDITED: "Edited",
    Change.REGENERATED: "Reply generated again",
    Change.CONTINUED: "Reply continued",
    Change.SWIPED: "Another reply chosen",
}


def show_conversation(told: Sequence[Told], *, zone: tzinfo | None, most: int = TURNS_SHOWN) -> str:
    """Return the turns of a conversation as HTML, the ``most`` newest of a longer one, dated in the time ``zone``."""
    left_out = max(0, len(told) - most)
    before = f'<p class="cocolora-quiet">{count(left_out, "earlier turn")} not shown.</p>' if left_out else ""
    turns = "".join(_turn(number, one, zone) for number, one in enumerate(told[left_out:], start=left_out + 1))
    return f'{before}<ol class="cocolora-turns" tabindex="0" aria-label="Turns">{turns}</ol>'


def _turn(number: int, told: Told, zone: tzinfo | None) -> str:
    turn = told.turn
    return (
        f'<li><p class="cocolora-who"><b>{number}</b> {escape(minute(turn.said_at, zone))}{_badges(told)}</p>'
        f'<p class="cocolora-user"><span class="cocolora-hidden">You: </span>{_text(turn.user)}</p>'
        f'<p class="cocolora-reply"><span class="cocolora-hidden">Reply: </span>{_text(turn.reply)}</p>'
        f"{show_kept_why(told.why, zone=zone)}</li>"
    )


def _badges(told: Told) -> str:
    words = STANDINGS[told.standing]
    if told.standing is Standing.LEARNED and told.adapter:
        words = f"{words} in {told.adapter}"
    if told.reason:
        words = f"{words}: {told.reason}"
    changed = CHANGES.get(told.change)
    edited = f' <span class="cocolora-badge">{escape(changed)}</span>' if changed else ""
    return f' <span class="cocolora-badge cocolora-{told.standing.name.lower()}">{escape(words)}</span>{edited}'


def _text(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def choose_turns(engine: Engine, page: Page, turn_ids: list[str]) -> str:
    """Choose turns; with none chosen, the whole conversation is meant."""
    page.choose_turns(turn_ids or [])
    return ""


def show_earlier(engine: Engine, page: Page) -> str:
    """Show earlier turns too."""
    page.shown_turns += TURNS_SHOWN
    return ""


def switch_learning(engine: Engine, page: Page, learnable: bool) -> str:
    """Say whether the conversation may be learned."""
    engine.conversations.set_learnable(_chosen(page), learnable)
    if learnable:
        return "This conversation will be learned."
    return "Nothing more of this conversation will be learned. What was learned already stays until you forget it."


def switch_recording(engine: Engine, page: Page, recorded: bool) -> str:
    """Say whether what is said in the conversation is recorded."""
    engine.conversations.set_recorded(_chosen(page), recorded)
    if not recorded:
        return "Nothing more of this conversation is recorded or learned. What was recorded stays until you forget it."
    if not engine.settings.recording.enabled:
        return "This conversation is recorded again once recording is switched on under Privacy."
    return "What is said in this conversation is recorded from now on; what was said meanwhile is not."


def except_turns(engine: Engine, page: Page) -> str:
    """Keep the chosen turns from being learned."""
    return _switch_turns(engine, page, False)


def admit_turns(engine: Engine, page: Page) -> str:
    """Let the chosen turns be learned."""
    return _switch_turns(engine, page, True)


def _switch_turns(engine: Engine, page: Page, learnable: bool) -> str:
    if not page.turn_ids:
        return "Choose the turns first."
    retired = engine.conversations.set_turns_learnable(page.turn_ids, learnable)
    chosen = count(len(page.turn_ids), "chosen turn")
    if learnable:
        return f"{chosen} may be learned."
    again = " What was learned from them is made again without them." if retired else ""
    return f"{chosen} will never be learned, and will still be remembered.{again}"


def move(engine: Engine, page: Page, profile: str | None) -> str:
    """Move the conversation to another profile."""
    conversation = engine.journal.conversation(_chosen(page))
    wanted = (profile or "").strip()
    if wanted == conversation.profile:
        return f'It is under "{wanted}" already.'
    engine.profiles.move(conversation.id, profile=wanted)
    page.choose_conversation(None)
    return f'Moved to "{wanted}", to be learned there; what "{page.profile}" learned is made again without it.'


def ask_edit(engine: Engine, page: Page) -> str:
    """Open the chosen turn for editing, unless its chat is edited elsewhere."""
    if len(page.turn_ids) != 1:
        return "Choose exactly one turn to edit."
    engine.conversations.check_editable(_chosen(page))
    page.editing = page.turn_ids[0]
    return ""


def save_edit(engine: Engine, page: Page, user: str, reply: str) -> str:
    """Keep the edited texts."""
    turn = engine.journal.turn(page.editing or "")
    if (user, reply) != (turn.user, turn.reply):
        engine.conversations.edit_turn(turn.id, conversation_id=_chosen(page), user=user, reply=reply)
    page.editing = None
    return (
        "Saved. What was learned from the old text goes with the next Learn now, and the new text is learned instead."
    )


def cancel_edit(engine: Engine, page: Page) -> str:
    """Leave the turn as it is."""
    page.editing = None
    return "Nothing was changed."


def _chosen(page: Page) -> str:
    return page.conversation_id or ""


def build_reading(board: Board) -> None:
    """Lay out the conversation and the actions."""
    heading = gr.HTML()
    earlier = gr.Button("Show earlier turns", size="sm", visible=False, elem_id="cocolora-earlier-turns")
    text = gr.HTML()
    answer = gr.HTML()  # outside the actions, which hide when the conversation is moved or forgotten
    with gr.Column(visible=False, elem_classes="cocolora-actions") as actions:
        turns = gr.Dropdown(
            label="Turns",
            info="With none chosen, Forget means the whole conversation.",
            multiselect=True,
            elem_id="cocolora-turns",
        )
        with gr.Row(elem_classes="cocolora-buttons"):
            edit = gr.Button("Edit the turn", size="sm", min_width=90, elem_id="cocolora-edit")
            forget = gr.Button("Forget …", size="sm", min_width=90, elem_id="cocolora-preview")
            leave_out = gr.Button("Don't learn", size="sm", min_width=90, elem_id="cocolora-leave-out")
            let_in = gr.Button("Do learn", size="sm", min_width=90, elem_id="cocolora-let-in")
        board.on(leave_out.click, except_turns, answer=answer)
        board.on(let_in.click, admit_turns, answer=answer)
        _build_editing(board, edit, answer)
        build_forgetting(board, forget, answer)
        _build_conversation_settings(board, answer)
    board.follow(heading, see=_heading, show=_heading)
    board.follow(earlier, see=_has_earlier, show=lambda view: gr.update(visible=_has_earlier(view)))
    board.follow(text, see=lambda view: (view.told, view.page.shown_turns, view.zone), show=_text_of)
    board.follow(actions, see=_is_chosen, show=lambda view: gr.update(visible=_is_chosen(view)))
    board.follow(turns, see=lambda view: (view.told, view.page.turn_ids), show=_turns)
    board.on(earlier.click, show_earlier, answer=answer)
    board.on(turns.input, choose_turns, [turns], answer=answer)


def _build_editing(board: Board, edit: gr.Button, answer: gr.HTML) -> None:
    with gr.Column(visible=False) as form:
        user = gr.Textbox(label="What you said", lines=2, elem_id="cocolora-edit-user")
        reply = gr.Textbox(label="The reply", lines=2, elem_id="cocolora-edit-reply")
        with gr.Row():
            keep = gr.Button("Save the turn", variant="primary", size="sm", elem_id="cocolora-save-turn")
            leave = gr.Button("Leave it as it is", size="sm")
    board.follow(form, see=_edited, show=lambda view: gr.update(visible=_edits(view) is not None))
    board.follow(user, see=_edited, show=lambda view: gr.update(value=told.turn.user if (told := _edits(view)) else ""))
    board.follow(
        reply, see=_edited, show=lambda view: gr.update(value=told.turn.reply if (told := _edits(view)) else "")
    )
    board.on(edit.click, ask_edit, answer=answer)
    board.on(keep.click, save_edit, [user, reply], answer=answer)
    board.on(leave.click, cancel_edit, answer=answer)


def _build_conversation_settings(board: Board, answer: gr.HTML) -> None:
    recorded = gr.Checkbox(
        True,
        label="Record this conversation",
        info="Off: what is said meanwhile is never recorded or learned; what there is stays.",
        elem_id="cocolora-recorded",
    )
    learnable = gr.Checkbox(True, label="Learn from this conversation", elem_id="cocolora-learnable")
    with gr.Row(elem_classes="cocolora-buttons"):
        profile = gr.Dropdown(
            label="Move to profile",
            info="A new name makes a new profile.",
            allow_custom_value=True,
            elem_id="cocolora-move-to",
        )
        go = gr.Button("Move", size="sm", min_width=80, elem_id="cocolora-move")
    board.follow(recorded, see=_recorded, show=lambda view: gr.update(value=_recorded(view)))
    board.follow(learnable, see=_learnable, show=lambda view: gr.update(value=_learnable(view)))
    board.follow(profile, see=lambda view: (view.page.profile, view.profiles), show=_move_choices)
    board.on(recorded.input, switch_recording, [recorded], answer=answer, resend=[recorded])
    board.on(learnable.input, switch_learning, [learnable], answer=answer, resend=[learnable])
    board.on(go.click, move, [profile], answer=answer)


def _heading(view: View) -> str:
    shelved = view.shelved
    if shelved is None:
        return f"<p>{escape(CHOOSE_ONE)}</p>" if view.shelf else ""
    chat = shelved.conversation
    title = chat_title(chat.title, chat.started_at, view.zone, longest=80)
    where = f"from {chat.source}, begun {minute(chat.started_at, view.zone)}"
    return f'<h2 class="cocolora-heading">{escape(title)}<br><small>{escape(where)}</small></h2>'


def _text_of(view: View) -> str:
    return show_conversation(view.told, zone=view.zone, most=view.page.shown_turns) if view.told else ""


def _has_earlier(view: View) -> bool:
    return len(view.told) > view.page.shown_turns


def _is_chosen(view: View) -> bool:
    return view.shelved is not None


def _recorded(view: View) -> bool:
    return view.shelved is None or view.shelved.recorded


def _learnable(view: View) -> bool:
    return view.shelved is None or view.shelved.learnable


def _edits(view: View) -> Told | None:
    return next((told for told in view.told if told.turn.id == view.page.editing), None)


def _edited(view: View) -> tuple[str, int] | None:
    """Return what the edit boxes depend on: what else becomes of the turn leaves in them what was typed."""
    told = _edits(view)
    return (told.turn.id, told.turn.version) if told else None


def _turns(view: View) -> object:
    choices = [(_turn_choice(number, told.turn), told.turn.id) for number, told in enumerate(view.told, 1)]
    known = {turn_id for _, turn_id in choices}
    return gr.update(choices=choices, value=[turn_id for turn_id in view.page.turn_ids if turn_id in known])


def _turn_choice(number: int, turn: Turn) -> str:
    return f"{number}. {shorten(turn.user, 60)}{'' if turn.learnable else ' · never learned'}"


def _move_choices(view: View) -> object:
    return gr.update(choices=list(view.profiles), value=view.page.profile)
