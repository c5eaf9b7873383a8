"""The standalone app: one page on this machine alone, with a chat and the tab."""

from __future__ import annotations

import logging
import os
import socket
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cocolora.core.conversations import DEFAULT_PROFILE, ChatMessage, Conversation
from cocolora.core.reconcile import Row
from cocolora.engine import Engine
from cocolora.engine.answer import Context
from cocolora.engine.rooms import utc_now
from cocolora.errors import PortTaken

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

import gradio as gr

from cocolora.core.counting import count
from cocolora.ui.board import explanation
from cocolora.ui.tab import build
from cocolora.ui.words import day, said, shorten

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
REPLY_TOKENS = 256
FONTS = {"font": ["system-ui", "sans-serif"], "font_mono": ["ui-monospace", "monospace"]}
WELCOME = "Tell me something about yourself. Later, in a new chat, ask me about it."


@dataclass(slots=True)
class Chat:
    """The conversation that one browser page shows; it gets its title from what is said first."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    rows: list[Row] = field(default_factory=list)

    @property
    def messages(self) -> list[ChatMessage]:
        """What was said, as chat messages."""
        told: list[ChatMessage] = []
        for row in self.rows:
            told += [{"role": "user", "content": row.user}, {"role": "assistant", "content": row.reply}]
        return told

    def conversation(self, profile: str) -> Conversation:
        """The conversation as it is recorded."""
        first = self.rows[0]
        return Conversation(self.id, profile, shorten(first.user, 60), "app", first.said_at or utc_now())


def answer(engine: Engine, chat: Chat, message: str, *, profile: str) -> Context:
    """Reply to a message with what is remembered and learned, and record the turn."""
    told = [text for row in chat.rows for text in (row.user, row.reply)]
    context = engine.contextualise(message, profile=profile, visible=told)
    reply = engine.reply([*chat.messages, {"role": "user", "content": message}], context, max_new_tokens=REPLY_TOKENS)
    chat.rows.append(Row(message, reply, utc_now()))
    engine.record(chat.conversation(profile), chat.rows, drawn_on=context.sources)
    return context


def took_part(engine: Engine, context: Context) -> str:
    """Say which adapters and memories took part in a reply."""
    names = [f'"{engine.journal.adapter(adapter_id).name}"' for adapter_id in context.route.adapter_ids]
    adapters = f"{count(len(names), 'adapter')} took part: {', '.join(names)}" if names else "No adapter took part"
    quoted = [f'"{shorten(memory.user, 40)}" ({day(memory.said_at)})' for memory in context.memories]
    memories = f"{_memories(len(quoted))} quoted: {', '.join(quoted)}" if quoted else "no memory was quoted"
    return f"{adapters}; {memories}."


def _memories(number: int) -> str:
    return "1 memory was" if number == 1 else f"{number} memories were"


def build_app(engine: Engine, *, profile: str = DEFAULT_PROFILE) -> gr.Blocks:
    """Return the page: the chat beside the tab."""
    with gr.Blocks(title="cocolora", analytics_enabled=False, fill_width=True) as blocks, gr.Row():
        with gr.Column(min_width=320, scale=3, elem_classes="cocolora-beside"):
            _build_chat(engine, profile)
        with gr.Column(min_width=320, scale=5):
            build(engine, profile=profile)
    return blocks


def _build_chat(engine: Engine, profile: str) -> None:
    chat = gr.State(lambda: Chat())
    shown = gr.Chatbot(
        label="Chat",
        height="60vh",
        placeholder=f"<center>{WELCOME}</center>",
        buttons=["copy"],
        elem_id="cocolora-chat",
    )
    why = gr.HTML(elem_id="cocolora-why")
    with gr.Row():
        message = gr.Textbox(
            label="Message",
            placeholder="Say something",
            max_lines=6,
            scale=5,
            autofocus=True,
            elem_id="cocolora-message",
        )
        send = gr.Button("Send", variant="primary", scale=1, min_width=80, elem_id="cocolora-send")
    new = gr.Button("New chat", elem_id="cocolora-new")

    def tell(chat: Chat, text: str) -> Iterator[tuple[Any, ...]]:
        yield from _tell(engine, chat, text, profile=profile)

    widgets: dict[str, Any] = {"inputs": [chat, message], "outputs": [shown, message, why]}
    gr.on([send.click, message.submit], tell, **widgets, show_progress="hidden", concurrency_limit=None)
    gr.on([new.click, shown.clear], lambda: (Chat(), [], ""), None, [chat, shown, why], show_progress="hidden")


def _tell(engine: Engine, chat: Chat, text: str, *, profile: str) -> Iterator[tuple[Any, ...]]:
    """Yield what the page shows while a message is answered and afterwards; nothing said is ever lost."""
    if not text.strip():
        yield gr.skip(), gr.skip(), gr.skip()
        return
    waiting = [{"role": "user", "content": text}, {"role": "assistant", "content": "…"}]
    yield [*chat.messages, *waiting], "", ""
    told = len(chat.rows)
    try:
        context = answer(engine, chat, text, profile=profile)
        yield chat.messages, gr.skip(), said(took_part(engine, context))
    except Exception as error:  # noqa: BLE001 - a page is an edge: the chat goes on
        kept = gr.skip() if len(chat.rows) > told else text
        yield chat.messages, kept, explanation(error, doing="Answering")


def run_app(engine: Engine, *, port: int, open_browser: bool, profile: str = DEFAULT_PROFILE) -> None:
    """Serve the page on this machine until interrupted. Raises PortTaken."""
    _check_free(port)
    blocks = build_app(engine, profile=profile)
    blocks.queue()
    print(f"cocolora runs at http://{LOOPBACK}:{port}. Press Ctrl-C to end it.", flush=True)  # noqa: T201
    launch(blocks, port=port, open_browser=open_browser)


def launch(blocks: gr.Blocks, *, port: int, open_browser: bool, wait: bool = True) -> None:
    """Serve a page on the loopback interface alone, with nothing fetched from elsewhere."""
    blocks.launch(
        server_name=LOOPBACK,
        server_port=port,
        inbrowser=open_browser,
        share=False,
        quiet=True,
        prevent_thread_lock=not wait,
        footer_links=[],
        ssr_mode=False,
        theme=gr.themes.Default(**FONTS),
    )


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            raise PortTaken(port) from None
