"""Descent: a map that grows by itself, of which chats went into which adapters."""

from __future__ import annotations

from collections.abc import Sequence

from cocolora.core.adapters import Activation, Adapter, AdapterKind
from cocolora.core.history import Descent
from cocolora.core.phrases import count
from cocolora.engine.history import History
from cocolora.ui.words import ACTIVATIONS, chat_title, day, escape

MOST_ADAPTERS = 12
NOTHING_TO_MAP = "Each adapter is drawn here with the chats that it learned from."


def show_descent(adapters: Sequence[Adapter], history: History) -> str:
    """Return the newest adapters with lines from the chats they descend from: chats left, adapters right."""
    shown = list(reversed(adapters))[:MOST_ADAPTERS]
    if not shown:
        return f'<p class="cocolora-quiet">{escape(NOTHING_TO_MAP)}</p>'
    ids = {adapter.id for adapter in shown}
    lines = [descent for descent in history.descents if descent.adapter_id in ids]
    chats = list({line.conversation_id: line for line in reversed(lines)}.values())
    rows = max(len(chats), len(shown))
    older = len(adapters) - len(shown)
    rest = f'<p class="cocolora-quiet">{count(older, "older adapter")} not shown.</p>' if older else ""
    return (
        f'<div class="cocolora-map" style="--rows:{rows}"><ol aria-label="Chats">'
        f"{''.join(_chat(chat) for chat in chats)}</ol>{_curves(shown, chats, lines)}"
        f'<ol aria-label="Adapters">{"".join(_adapter(adapter, history) for adapter in shown)}</ol></div>{rest}'
    )


def _chat(chat: Descent) -> str:
    title = chat_title(chat.title, chat.started_at, 60)
    return f"<li><span>{escape(title)}</span><small>{escape(day(chat.started_at))}</small></li>"


def _adapter(adapter: Adapter, history: History) -> str:
    descents = history.descent_of(adapter.id)
    chats = ", ".join(chat_title(d.title, d.started_at) for d in descents) or adapter.origin or "forgotten chats"
    turns = sum(descent.turns for descent in descents)
    activation = adapter.activation if adapter.usable else Activation.OFF
    told = f"{count(turns, 'turn')}, {ACTIVATIONS[activation].lower()}"
    return (
        f'<li class="{_look(adapter)}" title="From {escape(chats)}"><span>{escape(adapter.name)}</span>'
        f"<small>{escape(told)}</small></li>"
    )


def _look(adapter: Adapter) -> str:
    if not adapter.usable:
        return "cocolora-off"
    return "cocolora-wish" if adapter.kind is AdapterKind.BEHAVIOUR else "cocolora-fact"


def _curves(adapters: Sequence[Adapter], chats: Sequence[Descent], lines: Sequence[Descent]) -> str:
    left = {chat.conversation_id: (place + 0.5) / len(chats) * 100 for place, chat in enumerate(chats)}
    right = {adapter.id: (place + 0.5) / len(adapters) * 100 for place, adapter in enumerate(adapters)}
    looks = {adapter.id: _look(adapter) for adapter in adapters}
    drawn = "".join(
        f'<path class="{looks[line.adapter_id]}" style="stroke-width:{1.5 + min(line.turns, 10) / 2:.1f}px" d="M 0 '
        f"{left[line.conversation_id]:.2f} C 50 {left[line.conversation_id]:.2f} 50 {right[line.adapter_id]:.2f} 100 "
        f'{right[line.adapter_id]:.2f}"/>'
        for line in lines
    )
    return f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">{drawn}</svg>'
