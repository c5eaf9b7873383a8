"""Conversations: the list with its search, and the files that are imported into it."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path

import gradio as gr

from cocolora.core.phrases import count
from cocolora.core.told import Shelved
from cocolora.engine import Engine
from cocolora.ui.board import Board
from cocolora.ui.page import Page, View
from cocolora.ui.reading import build_reading
from cocolora.ui.words import chat_title, day, escape

SHOWN = 12
NOTHING_SAID = "Nothing was said yet. Chat, or import a chat below: each conversation is listed here, to be read again."
NOTHING_FOUND = "No conversation holds this. Search for other words, or clear the search."
IMPORTS = "The webui's saved chats, OpenAI messages (JSON or JSONL) and ShareGPT. The same file twice adds nothing."


def choose_conversation(engine: Engine, page: Page, conversation_id: str | None) -> str:
    """Choose the conversation to read. A list that was sent anew may name the one that is read."""
    if conversation_id != page.conversation_id:
        page.choose_conversation(conversation_id)
    return ""


def search(engine: Engine, page: Page, text: str) -> str:
    """List the conversations that hold a text; all of them again for none."""
    page.shown = SHOWN
    page.found = engine.conversations.find(text, profile=page.profile) if text.strip() else None
    if page.found is None:
        return ""
    return f"{count(len(page.found), 'conversation')} found." if page.found else NOTHING_FOUND


def show_more(engine: Engine, page: Page) -> str:
    """List more conversations."""
    page.shown += SHOWN
    return ""


def import_chat(engine: Engine, page: Page, file: str | None) -> str:
    """Record the chats of an uploaded file in the background; the copy that was uploaded is deleted then."""
    if not file:
        return "Choose a file first, and wait until it is uploaded."
    engine.conversations.start_import([Path(file)], profile=page.profile, uploaded=True)
    engine.start_measuring(anew=False)  # much to learn is told with how long it takes
    return "The import has begun. The top of the page says what came of it."


def label(shelved: Shelved, zone: tzinfo | None) -> str:
    """Return a conversation's entry in the list: its title, and below it what there is of it."""
    chat = shelved.conversation
    learned = [f"{shelved.learned} learned"] if shelved.learned else []
    off = [*([] if shelved.recorded else ["not recorded"]), *([] if shelved.learnable else ["never learned"])]
    parts = [day(chat.started_at, zone), count(shelved.turns, "turn"), *learned, *off]
    return f"{chat_title(chat.title, chat.started_at, zone, longest=60)}\n{' · '.join(parts)}"


def build_conversations(board: Board) -> None:
    """Lay out the list beside the conversation that is read."""
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            _build_list(board)
            _build_import(board)
        with gr.Column(scale=3, min_width=300):
            build_reading(board)


def _build_list(board: Board) -> None:
    with gr.Row(elem_classes="cocolora-buttons"):
        words = gr.Textbox(label="Search", placeholder="What was said", max_lines=1, elem_id="cocolora-search")
        find = gr.Button("Search", size="sm", min_width=80, elem_id="cocolora-find")
    answer = gr.HTML()
    empty = gr.HTML(f"<p>{escape(NOTHING_SAID)}</p>")
    listed = gr.Radio(
        label="Conversations, newest first", elem_id="cocolora-conversation", elem_classes="cocolora-list"
    )
    more = gr.Button("Show more", size="sm", visible=False)
    board.follow(empty, see=_has_any, show=lambda view: gr.update(visible=not _has_any(view)))
    board.follow(listed, see=_listed_seen, show=_listed)
    board.follow(more, see=_has_more, show=lambda view: gr.update(visible=_has_more(view)))
    board.on(words.submit, search, [words], answer=answer)
    board.on(find.click, search, [words], answer=answer)
    board.on(more.click, show_more, answer=answer)
    board.on(listed.input, choose_conversation, [listed], answer=gr.HTML(visible=False))


def _build_import(board: Board) -> None:
    with gr.Accordion("Import a chat", open=False, elem_id="cocolora-import-chat"):
        file = gr.File(label="Chat file", file_types=[".json", ".jsonl"], type="filepath", elem_id="cocolora-chat-file")
        gr.HTML(f'<p class="cocolora-quiet">{escape(IMPORTS)}</p>')
        take = gr.Button("Import the chat", elem_id="cocolora-take-chat")
        answer = gr.HTML()
    board.follow(file, see=lambda view: None, show=lambda view: gr.update(value=None))
    board.on(take.click, import_chat, [file], answer=answer, resend=[file])


def _has_any(view: View) -> bool:
    return bool(view.shelf)


def _found(view: View) -> list[Shelved]:
    found = view.page.found
    return [shelved for shelved in view.shelf if found is None or shelved.conversation.id in found]


def _has_more(view: View) -> bool:
    return len(_found(view)) > view.page.shown


def _listed_seen(view: View) -> object:
    return view.shelf, view.page.found, view.page.shown, view.page.conversation_id, view.zone


def _listed(view: View) -> object:
    shown = _found(view)[: view.page.shown]
    choices = [(label(shelved, view.zone), shelved.conversation.id) for shelved in shown]
    chosen = view.page.conversation_id
    value = chosen if any(chosen == key for _, key in choices) else None
    return gr.update(choices=choices, value=value, visible=bool(choices))
