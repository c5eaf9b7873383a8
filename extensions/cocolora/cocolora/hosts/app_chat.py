"""The app's chat: one conversation that the page shows, answered in pieces, recorded, and explained."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import gradio as gr

from cocolora.core.asides import is_aside
from cocolora.core.conversations import DEFAULT_PROFILE, ChatMessage, Conversation
from cocolora.core.parts import Parts
from cocolora.core.phrases import shorten
from cocolora.core.reconcile import Row
from cocolora.engine import Engine
from cocolora.engine.answer import Context
from cocolora.engine.rooms import utc_now
from cocolora.ui.board import explanation
from cocolora.ui.page import Page
from cocolora.ui.why import show_why

REPLY_TOKENS = 256
PIECE_S = 0.05
"""The page is sent what was said so far this often at the most."""
WELCOME = "Tell me something about yourself. Later, in a new chat, ask me about it."
STOPPED = "…"

Shown = tuple[Any, ...]


@dataclass(slots=True)
class Chat:
    """The conversation that one browser page shows; it gets its title from what is said first, and keeps its profile.

    ``parts`` holds, for the moment of each turn, what took part in its reply, also where nothing is recorded. What was
    said then is ``unrecorded``: the page alone knows it. A chat that was ``left`` for a new one shows nothing more.
    """

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    profile: str = DEFAULT_PROFILE
    rows: list[Row] = field(default_factory=list)
    parts: dict[datetime, Parts] = field(default_factory=dict)
    unrecorded: list[Row] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    left: bool = False

    @property
    def messages(self) -> list[ChatMessage]:
        """What was said, as chat messages, asides too."""
        return [message for row in self.rows for message in row.messages]

    @property
    def turns(self) -> list[Row]:
        """What was said between the user and the model."""
        return [row for row in self.rows if not is_aside(row.reply)]

    def conversation(self) -> Conversation:
        """The conversation as it is recorded."""
        first = self.turns[0]
        return Conversation(self.id, self.profile, shorten(first.user, 60), "app", first.said_at or utc_now())

    def catch_up(self, engine: Engine) -> None:
        """Take over what was edited or forgotten elsewhere meanwhile."""
        own = [row for row in self.rows if is_aside(row.reply) or row in self.unrecorded]
        turns = [Row(turn.user, turn.reply, turn.said_at) for turn in engine.turns(conversation_id=self.id)]
        self.rows = sorted([*turns, *own], key=lambda row: row.said_at or utc_now())


def answer(engine: Engine, chat: Chat, message: str) -> Iterator[str]:
    """Yield the reply to a message, as far as it has come, with what is remembered and learned; record the turn.

    A stopped reply is recorded as far as it came. What cocolora answers itself is not.
    """
    said = engine.asides.answer(message, chat=chat.id, profile=chat.profile)
    chat.profile = engine.asides.profile_of(chat.id, chat.profile)
    if said is not None:
        chat.rows.append(Row(message, said, utc_now()))
        yield said
        return
    told = [text for row in chat.turns for text in (row.user, row.reply)]
    context = engine.contextualise(message, profile=chat.profile, visible=told)
    engine.asides.note(chat.id, context.parts)
    before = [one for row in chat.turns for one in row.messages]
    prompt: list[ChatMessage] = [*before, {"role": "user", "content": message}]
    pieces = engine.stream(prompt, context, max_new_tokens=REPLY_TOKENS)
    reply = ""
    for piece in pieces:
        reply += piece
        if chat.stopping.is_set():
            pieces.close()
            break
        yield reply
    _keep(engine, chat, Row(message, reply.strip() or STOPPED, utc_now()), context)


def _keep(engine: Engine, chat: Chat, row: Row, context: Context) -> None:
    chat.rows.append(row)
    assert row.said_at is not None
    chat.parts[row.said_at] = context.parts
    chat.unrecorded.append(row)
    if not engine.settings.recording.enabled:
        engine.pass_over(chat.conversation(), chat.rows)
    elif engine.record(chat.conversation(), chat.rows, parts=context.parts).changed:
        chat.unrecorded.remove(row)


def tell(engine: Engine, chat: Chat, text: str, page: Page) -> Iterator[Shown]:
    """Yield what the page shows while a message is answered and afterwards; nothing said is ever lost.

    What is shown: the messages, the message box, why the reply is as it is, the choice of replies, the stop button.
    """
    for shown in _tell(engine, chat, text, page):
        if not chat.left:
            yield shown


def _tell(engine: Engine, chat: Chat, text: str, page: Page) -> Iterator[Shown]:
    if not text.strip():
        yield (gr.skip(),) * 5
        return
    chat.stopping.clear()
    chat.catch_up(engine)
    if not chat.rows:
        chat.profile = page.profile
    before, told = chat.messages, len(chat.rows)
    asked: ChatMessage = {"role": "user", "content": text}
    yield [*before, asked, {"role": "assistant", "content": "…"}], "", "", gr.skip(), gr.update(visible=True)
    try:
        for reply in _at_times(answer(engine, chat, text)):
            yield [*before, asked, {"role": "assistant", "content": reply}], *(gr.skip(),) * 4
        yield chat.messages, gr.skip(), why(engine, chat), choices(chat), gr.update(visible=False)
    except Exception as error:  # noqa: BLE001 - a page is an edge: the chat goes on
        kept = gr.skip() if len(chat.rows) > told else text
        yield chat.messages, kept, explanation(error, doing="Answering"), gr.skip(), gr.update(visible=False)


def _at_times(replies: Iterator[str]) -> Iterator[str]:
    last_s = 0.0
    for reply in replies:
        if (now_s := time.monotonic()) - last_s >= PIECE_S:
            last_s = now_s
            yield reply


def why(engine: Engine, chat: Chat, place: int = -1) -> str:
    """Return why a reply of the chat is as it is, the last one unless another place is given."""
    if not chat.rows:
        return ""
    said_at = chat.rows[place].said_at
    why = engine.conversations.why((chat.parts.get(said_at) if said_at else None) or Parts())
    settings = engine.settings.of(chat.profile)
    return show_why(why, needed=settings.routing.threshold, zone=settings.retrieval.zone)


def choices(chat: Chat) -> Any:
    """Return the replies that can be asked about, the newest chosen."""
    replies = [(f"{place + 1}. {shorten(row.user, 50)}", place) for place, row in enumerate(chat.rows)]
    return gr.update(choices=replies, value=len(replies) - 1 if replies else None, visible=len(replies) > 1)


def stop(chat: Chat) -> None:
    """Let the reply that is being made end with what there is of it."""
    chat.stopping.set()


def leave(chat: Chat) -> Chat:
    """Leave a chat, whose reply is stopped, and return a new one."""
    chat.left = True
    stop(chat)
    return Chat()


@dataclass(frozen=True, slots=True)
class ChatWidgets:
    """The chat's widgets, laid out and yet to be bound."""

    shown: gr.Chatbot
    why: gr.HTML
    which: gr.Dropdown
    message: gr.Textbox
    send: gr.Button
    halt: gr.Button
    new: gr.Button


def lay_out_chat() -> ChatWidgets:
    """Lay out the chat."""
    shown = gr.Chatbot(
        label="Chat",
        height="60vh",
        placeholder=f"<center>{WELCOME}</center>",
        buttons=["copy"],
        elem_id="cocolora-chat",
    )
    with gr.Row():
        message = gr.Textbox(
            label="Message",
            placeholder="Say something",
            max_lines=6,
            scale=5,
            autofocus=True,
            elem_id="cocolora-message",
        )
        with gr.Column(scale=1, min_width=90):
            send = gr.Button("Send", variant="primary", elem_id="cocolora-send")
            halt = gr.Button("Stop the reply", variant="stop", visible=False, elem_id="cocolora-halt")
    explained = gr.HTML(elem_id="cocolora-why", elem_classes="cocolora")
    which = gr.Dropdown(label="Ask why of", info="Any reply of this chat.", visible=False, elem_id="cocolora-which")
    new = gr.Button("New chat", size="sm", elem_id="cocolora-new")
    return ChatWidgets(shown, explained, which, message, send, halt, new)


def bind_chat(engine: Engine, widgets: ChatWidgets, page: gr.State) -> None:
    """Bind the chat's widgets; ``page`` is the tab's, whose profile a new chat belongs to."""
    chat = gr.State(lambda: Chat())
    outputs = [widgets.shown, widgets.message, widgets.why, widgets.which, widgets.halt]

    def on_tell(chat: Chat, text: str, page: Page) -> Iterator[Shown]:
        yield from tell(engine, chat, text, page)

    def on_choose(chat: Chat, place: int) -> str:
        return why(engine, chat, place) if 0 <= place < len(chat.rows) else ""

    def on_select(chat: Chat, event: gr.SelectData) -> tuple[str, int]:
        place = int(event.index if isinstance(event.index, int) else event.index[0]) // 2
        return on_choose(chat, place), place

    def on_new(chat: Chat) -> Shown:
        fresh = leave(chat)
        return fresh, [], "", choices(fresh), gr.update(visible=False)

    said = [widgets.send.click, widgets.message.submit]
    quietly: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": None}
    gr.on(said, on_tell, [chat, widgets.message, page], outputs, **quietly)
    widgets.halt.click(stop, [chat], None, **quietly)
    widgets.which.input(on_choose, [chat, widgets.which], [widgets.why], **quietly)
    widgets.shown.select(on_select, [chat], [widgets.why, widgets.which], **quietly)
    gr.on(
        [widgets.new.click, widgets.shown.clear],
        on_new,
        [chat],
        [chat, widgets.shown, widgets.why, widgets.which, widgets.halt],
        **quietly,
    )
