"""Descent: a map that grows by itself, of which chats went into which adapters, and which adapters into rollups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState
from cocolora.core.history import Descent
from cocolora.core.phrases import count
from cocolora.engine.history import History
from cocolora.ui.words import ACTIVATIONS, chat_title, day, escape

MOST_ADAPTERS = 12
NOTHING_TO_MAP = "Each adapter is drawn here with the chats that it learned from."
HOW_TO_READ = (
    "The newest adapter stands at the top. Lines at its right lead up to it from the adapters it was rolled up of."
)


def show_descent(adapters: Sequence[Adapter], history: History, *, zone: tzinfo | None) -> str:
    """Return the newest adapters as HTML, with lines from the chats and to the rollups that were made of them.

    Chats stand left and adapters right, each with its date in the user's time ``zone``. Of a rollup whose sources are
    shown, only these are drawn back to their chats.
    """
    shown = list(reversed(adapters))[:MOST_ADAPTERS]
    if not shown:
        return f'<p class="cocolora-quiet">{escape(NOTHING_TO_MAP)}</p>'
    drawn = _Map(shown, history, {adapter.id: adapter for adapter in adapters}, zone)
    older = len(adapters) - len(shown)
    notes = [HOW_TO_READ] if drawn.rollups else []
    notes += [f"{count(older, 'older adapter')} not shown."] if older else []
    rest = f'<p class="cocolora-quiet">{escape(" ".join(notes))}</p>' if notes else ""
    return f'<div class="cocolora-descent">{drawn.html}</div>{rest}'


@dataclass(frozen=True, slots=True)
class _Map:
    """The adapters that are shown, the newest first, among all that are ``known``."""

    shown: Sequence[Adapter]
    history: History
    known: Mapping[str, Adapter]
    zone: tzinfo | None

    @property
    def html(self) -> str:
        lines = self.lines
        chats = list({line.conversation_id: line for line in reversed(lines)}.values())
        rows = max(len(chats), len(self.shown))
        arcs = f'<svg class="cocolora-arcs" {_STRETCHED}>{"".join(self._arcs())}</svg>' if self.rollups else ""
        return (
            f'<div class="cocolora-map{" cocolora-rolled" if arcs else ""}" style="--rows:{rows}">'
            f'<ol class="cocolora-chats" aria-label="Chats">{"".join(map(self._chat, chats))}</ol>'
            f"<svg {_STRETCHED}>{''.join(self._curves(chats, lines))}</svg>"
            f'<ol class="cocolora-made" aria-label="Adapters and rollups, the newest first">'
            f"{''.join(map(self._adapter, self.shown))}</ol>{arcs}</div>"
        )

    @property
    def rollups(self) -> list[tuple[Adapter, Adapter]]:
        """The pairs of a source and its rollup that are both shown."""
        return [(source, rollup) for rollup in self.shown for source in self.shown if source.id in rollup.sources]

    @property
    def lines(self) -> list[Descent]:
        """What is drawn from a chat to an adapter: a rollup's source stands between, where it is shown."""
        between = {(rollup.id, line.conversation_id) for source, rollup in self.rollups for line in self._chats(source)}
        ids = {adapter.id for adapter in self.shown}
        lines = (line for line in self.history.descents if line.adapter_id in ids)
        return [line for line in lines if (line.adapter_id, line.conversation_id) not in between]

    def _chats(self, adapter: Adapter) -> tuple[Descent, ...]:
        return self.history.descent_of(adapter.id)

    def _chat(self, chat: Descent) -> str:
        title = chat_title(chat.title, chat.started_at, self.zone, longest=60)
        return f"<li><span>{escape(title)}</span><small>{escape(day(chat.started_at, self.zone))}</small></li>"

    def _adapter(self, adapter: Adapter) -> str:
        chats = ", ".join(chat_title(d.title, d.started_at, self.zone) for d in self._chats(adapter))
        sources = ", ".join(self.known[one].name for one in adapter.sources if one in self.known)
        made_of = f"Rolled up of {sources}. " if sources else ""
        unseen = f"{made_of}From {chats or adapter.origin or 'forgotten chats'}."
        return (
            f'<li class="{_look(adapter)}" title="{escape(unseen)}"><span>{escape(adapter.name)}</span>'
            f"<small>{escape(day(adapter.made_at, self.zone))} · {escape(self._told(adapter))}</small>"
            f'<small class="cocolora-hidden">{escape(unseen)}</small></li>'
        )

    def _told(self, adapter: Adapter) -> str:
        turns = count(sum(descent.turns for descent in self._chats(adapter)), "turn")
        what = f"level {adapter.level} of {count(len(adapter.sources), 'adapter')}" if adapter.sources else turns
        return f"{what}, {self._use(adapter)}"

    def _use(self, adapter: Adapter) -> str:
        if adapter.state is AdapterState.ROLLED_UP:
            kept = (one for one in self.known.values() if one.state is not AdapterState.REJECTED)
            return next((f'in "{one.name}"' for one in kept if adapter.id in one.sources), "in a rollup")
        return ACTIVATIONS[adapter.activation if adapter.usable else Activation.OFF].lower()

    def _curves(self, chats: Sequence[Descent], lines: Sequence[Descent]) -> Iterator[str]:
        left = {chat.conversation_id: _height(place, chats) for place, chat in enumerate(chats)}
        right = {adapter.id: (_height(place, self.shown), adapter) for place, adapter in enumerate(self.shown)}
        for line in lines:
            start, (end, adapter) = left[line.conversation_id], right[line.adapter_id]
            path = f"M 0 {start:.2f} C 50 {start:.2f} 50 {end:.2f} 100 {end:.2f}"
            yield f'<path class="{_look(adapter)}" style="stroke-width:{_width(line.turns):.1f}px" d="{path}"/>'

    def _arcs(self) -> Iterator[str]:
        height = {adapter.id: _height(place, self.shown) for place, adapter in enumerate(self.shown)}
        for source, rollup in self.rollups:
            start, end = height[source.id], height[rollup.id]
            out = 40 + 0.9 * abs(start - end)
            path = f"M 0 {start:.2f} C {out:.2f} {start:.2f} {out:.2f} {end:.2f} 0 {end:.2f}"
            yield f'<path class="{_look(rollup)}" style="stroke-width:2px" d="{path}"/>'


_STRETCHED = 'viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true"'


def _height(place: int, column: Sequence[object]) -> float:
    """Return where a column's entry stands, as a percentage of the height."""
    return (place + 0.5) / len(column) * 100


def _width(turns: int) -> float:
    return 1.5 + min(turns, 10) / 2


def _look(adapter: Adapter) -> str:
    if not adapter.usable:
        return "cocolora-off"
    return "cocolora-wish" if adapter.kind is AdapterKind.BEHAVIOUR else "cocolora-fact"
