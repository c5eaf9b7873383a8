"""Words: how adapters, turns, jobs and failures are told on the page; all text from outside is escaped here."""

from __future__ import annotations

import html
from datetime import datetime, tzinfo

from cocolora.core.adapters import Activation, Adapter, AdapterState
from cocolora.core.conversations import Turn
from cocolora.core.memories import absolute_date, absolute_minute
from cocolora.core.phrases import count, shorten

ACTIVATIONS = {
    Activation.ALWAYS: "Always",
    Activation.ROUTED: "When it fits the prompt",
    Activation.OFF: "Off",
}


def escape(text: str) -> str:
    """Return text that shows as it is inside HTML; braces too, which some pages read as a template."""
    return html.escape(text).replace("{", "&#123;").replace("}", "&#125;").replace("$", "&#36;")


def day(moment: datetime, zone: tzinfo | None) -> str:
    """Return the date in the user's time zone; None: this machine's."""
    return absolute_date(moment.astimezone(zone))


def minute(moment: datetime, zone: tzinfo | None) -> str:
    """Return the date and time in the user's time zone."""
    return absolute_minute(moment, zone)


def duration(seconds: float) -> str:
    """Return a length of time in the one or two units that matter."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def size(size_bytes: int) -> str:
    """Return a size on the disk in the unit that fits."""
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 100_000 else f"{size_bytes / 1e3:.1f} kB"


def said(sentence: str) -> str:
    """Return a line that tells what was done; screen readers read it out."""
    return f'<p class="cocolora-said" role="status">{escape(sentence)}</p>' if sentence else ""


def refused(sentence: str) -> str:
    """Return a line that tells why something was not done."""
    return f'<p class="cocolora-refused" role="alert">{escape(sentence)}</p>'


def chat_title(title: str, started_at: datetime, zone: tzinfo | None, *, longest: int = 40) -> str:
    """Return what a conversation is called: its title, or the day it was held in the user's time zone."""
    return shorten(title, longest) or f"{started_at.astimezone(zone):%A}'s chat"


def turn_label(turn: Turn, zone: tzinfo | None) -> str:
    """Return what a turn is called in a list."""
    return f"{shorten(turn.user)} · {minute(turn.said_at, zone)}"


def adapter_label(adapter: Adapter, zone: tzinfo | None) -> str:
    """Return what an adapter is called in a menu: its name alone may say no more than the day it was made."""
    holds = "imported" if adapter.origin else count(len(adapter.turn_versions), "turn")
    level = f" · rollup of level {adapter.level}" if adapter.level else ""
    return f"{adapter.name} · {holds}{level} · {minute(adapter.made_at, zone)}"


def adapter_state(adapter: Adapter, *, model: str) -> str:
    """Return where an adapter stands; ``model`` is the loaded base with its mark, empty when none is."""
    if adapter.state is AdapterState.REJECTED:
        return f"Kept off: {adapter.reason}"
    if model and not model.endswith(f"({adapter.base.fingerprint[:8]})"):
        return f"Made for another model, {adapter.base}"
    if adapter.state is AdapterState.ROLLED_UP:
        return "Part of a rollup, which answers in its place; undo the rollup to restore it"
    if adapter.state is AdapterState.IMPORTED:
        return "Imported, not tested here" + ("; off until you switch it on" if not adapter.usable else "")
    return "Passed its tests" if adapter.usable else "Passed its tests; switched off"


def share(value: float) -> str:
    """Return a share in [0, 1] as a percentage."""
    return f"{value:.0%}"
