"""Why a reply was what it was: the memories that were quoted to the model and the adapters that took part."""

from __future__ import annotations

from collections.abc import Sequence

from cocolora.core.adapters import Activation, Adapter
from cocolora.core.memories import Memory
from cocolora.core.phrases import count, shorten
from cocolora.core.routing import Hit
from cocolora.engine import Engine
from cocolora.engine.answer import Context
from cocolora.ui.words import day, escape, said, share

NOTHING_TOOK_PART = "The model answered by itself: nothing that you told it matched."


def show_why(engine: Engine, context: Context) -> str:
    """Return what took part in a reply as HTML: a sentence, and behind it each memory and adapter with its reason."""
    known = {adapter.id: adapter for adapter in engine.adapters()}
    adapters = [known[adapter_id] for adapter_id in context.route.adapter_ids if adapter_id in known]
    sentence = took_part(adapters, context.memories)
    if not adapters and not context.memories:
        return f"{said(sentence)}<p class='cocolora-quiet'>{escape(NOTHING_TOOK_PART)}</p>"
    reasons = dict(context.route.reasons)
    entries = [
        *(_memory(memory) for memory in context.memories),
        *(_reason(engine, adapter, reasons.get(adapter.id)) for adapter in adapters),
    ]
    listed = "".join(f"<li>{entry}</li>" for entry in entries)
    return (
        f'{said(sentence)}<details class="cocolora-why"><summary>Why this reply?</summary><ul>{listed}</ul></details>'
    )


def took_part(adapters: Sequence[Adapter], memories: Sequence[Memory]) -> str:
    """Say which adapters and memories took part in a reply."""
    names = [f'"{adapter.name}"' for adapter in adapters]
    who = f"{count(len(names), 'adapter')} took part: {', '.join(names)}" if names else "No adapter took part"
    quoted = [f'"{shorten(memory.user, 40)}" ({day(memory.said_at)})' for memory in memories]
    if not quoted:
        return f"{who}; no memory was quoted."
    number = "1 memory was" if len(quoted) == 1 else f"{len(quoted)} memories were"
    return f"{who}; {number} quoted: {', '.join(quoted)}."


def _memory(memory: Memory) -> str:
    exchange = f"“{shorten(memory.user)}” – “{shorten(memory.reply)}”"
    return f"<b>Quoted</b> {escape(exchange)} <small>{escape(day(memory.said_at))}</small>"


def _reason(engine: Engine, adapter: Adapter, hit: Hit | None) -> str:
    if hit is None:
        always = "it is always on" if adapter.activation is Activation.ALWAYS else "it was on"
        return f"<b>{escape(adapter.name)}</b> {escape(always)}."
    matched = {turn.id: turn for turn in engine.journal.turns(ids=[hit.turn_id])}.get(hit.turn_id)
    what = f"what it learned from “{shorten(matched.user)}”" if matched else "one of the questions that came with it"
    needed = share(engine.settings.routing.threshold)
    why = f"your message matches {what} by {share(hit.score)} ({needed} is needed)"
    return f"<b>{escape(adapter.name)}</b> {escape(why)}."
