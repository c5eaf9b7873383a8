"""Chatting in the terminal."""

from __future__ import annotations

import uuid
from dataclasses import replace

from rich.console import Console
from rich.markdown import Markdown

from cocolora.core.conversations import Conversation
from cocolora.core.reconcile import Row
from cocolora.engine import Engine
from cocolora.engine.rooms import utc_now

NOT_RECORDED = "Recording is switched off: nothing of this chat is remembered or learned."

console = Console()


def run_chat(engine: Engine, *, profile: str) -> int:
    """Read messages until an empty line or end of input; every turn is recorded, unless recording is off."""
    conversation = Conversation(uuid.uuid4().hex, profile, "Terminal chat", "terminal", utc_now())
    rows: list[Row] = []
    console.print("An empty line ends the chat; /memory says what else can be asked.", style="dim")
    if not engine.settings.recording.enabled:
        console.print(NOT_RECORDED, style="dim")
    while message := _read():
        if (answer := engine.asides.answer(message, chat=conversation.id, profile=profile)) is not None:
            console.print(Markdown(answer))
            continue
        told = [text for row in rows for text in (row.user, row.reply)]
        profile = engine.asides.profile_of(conversation.id, profile)
        conversation = replace(conversation, profile=profile)
        context = engine.contextualise(message, profile=profile, visible=told)
        engine.asides.note(conversation.id, context.parts)
        before = [one for row in rows for one in row.messages]
        reply = engine.reply([*before, {"role": "user", "content": message}], context)
        console.print(reply, markup=False, highlight=False)
        rows.append(Row(message, reply, utc_now()))
        if engine.settings.recording.enabled:
            engine.record(conversation, rows, parts=context.parts)
        else:
            engine.pass_over(conversation, rows)
    if engine.jobs.current:
        console.print("Learning goes on; Ctrl-C stops it.", style="dim")
        try:
            engine.jobs.wait()
        except KeyboardInterrupt:
            engine.jobs.stop()
            raise
    return 0


def _read() -> str:
    try:
        return console.input("> ").strip()
    except EOFError:
        return ""
