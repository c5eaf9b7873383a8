"""Recording from the webui: the journal follows the history that the host shows, whatever made it so.

Every reply has a ticket. It begins when the host hands over the history (the very object it then fills in) and the
state, and ends when the reply is shown; edits, swipes, removals and branches are seen at the next beginning, or when
the tab opens.
"""

from __future__ import annotations

import html
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cocolora.core.conversations import DEFAULT_PROFILE, Change
from cocolora.core.parts import Parts
from cocolora.engine import Engine
from cocolora.engine.answer import Context
from cocolora.hosts.webui_history import Speech, as_written, chat_id, conversation_of, rows_of, with_reply, with_turn

TICKET = "_cocolora"


@dataclass(eq=False)
class Ticket:
    """One reply under way. ``said`` is the user's new text; None for a reply that is regenerated or continued.

    ``aside`` is what cocolora answers in the model's place.
    """

    chat: str | None
    history: Mapping[str, Any]
    before: tuple[tuple[str, str], ...]
    said: str | None = None
    change: Change = Change.RECORDED
    context: Context = field(default_factory=Context)
    aside: str | None = None

    def __deepcopy__(self, memo: object) -> Ticket:
        """Stay one ticket: for some loaders the host copies its state."""
        return self

    def history_after(self, shown: str) -> Mapping[str, Any]:
        """Return the history with the reply that is shown as ``shown``, escaped as HTML.

        The host's own object is raw and exact. Where another extension put a different object in its place, that one
        stays as it was, and what is shown has to do.
        """
        pairs = _pairs(self.history)
        if self.said is not None:
            return self.history if len(pairs) > len(self.before) else with_turn(self.history, self.said, _raw(shown))
        return self.history if pairs != self.before or not pairs else with_reply(self.history, _raw(shown))


def _pairs(history: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(entry[0]), str(entry[1])) for entry in history["internal"])


def _raw(shown: str) -> str:
    return html.unescape(shown)


class WebuiRecorder:
    """Keeps the journal equal to the histories that the host shows."""

    def __init__(
        self,
        engine: Engine,
        *,
        may_record: Callable[[], bool],
        profile_of: Callable[[str], str] = lambda chat: DEFAULT_PROFILE,
        spoken: Speech = as_written,
        is_tool_call: Callable[[str, Mapping[str, Any]], bool] = lambda reply, state: False,
        on_copied: Callable[[], None] = lambda: None,
    ) -> None:
        """Take what depends on the host: whether to record and as whose, what was said aloud, and what calls a tool.

        ``on_copied`` is called when a chat turns out to hold turns of another: it was branched or renamed.
        """
        self._engine = engine
        self._may_record = may_record
        self._profile_of = profile_of
        self._spoken = spoken
        self._is_tool_call = is_tool_call
        self._on_copied = on_copied
        self._heard = threading.local()
        self._under_way: weakref.WeakValueDictionary[str, Ticket] = weakref.WeakValueDictionary()
        self._tool_tickets: dict[str, Ticket] = {}
        self._synced: dict[str, int] = {}

    def hear(self, history: Mapping[str, Any]) -> None:
        """Note the history of a reply that begins; the host calls ``begin`` next, on the same thread."""
        self._heard.history = history

    def begin(self, state: dict[str, Any]) -> dict[str, Any]:
        """Bring the journal up to the chat as it is; return a copy of the state with the reply's ticket.

        Without a history just heard this is no chat (the notebook, a completion), and the state is returned as it is.
        """
        history = self._heard.__dict__.pop("history", None)
        if history is None:
            return state
        ticket = Ticket(chat_id(state), history, _pairs(history))
        if ticket.chat is not None:
            self._under_way[ticket.chat] = ticket
            if state.get("_tool_turn"):
                self._tool_tickets[ticket.chat] = ticket
            else:
                self._tool_tickets.pop(ticket.chat, None)
                self.sync(ticket.chat, state["history"])
        return {**state, TICKET: ticket}

    def listen(self, text: str, state: Mapping[str, Any]) -> None:
        """Note what the user said. Edited and dummy messages have no ticket: they are seen in the history."""
        if (ticket := ticket_of(state)) is not None:
            ticket.said = text

    def finish(self, shown: str, state: Mapping[str, Any]) -> None:
        """Record the reply that is shown. A greeting has no ticket; the answer after tool calls has an older one."""
        ticket = ticket_of(state) or self._tool_tickets.pop(chat_id(state) or "", None)
        if ticket is None or ticket.chat is None or ticket.chat in self._tool_tickets:
            return
        history = ticket.history_after(shown)
        if not (history["internal"] and self._is_tool_call(str(history["internal"][-1][1]), state)):
            self.sync(ticket.chat, history, change=ticket.change, parts=ticket.context.parts)
        self._under_way.pop(ticket.chat, None)

    def is_under_way(self, chat: str) -> bool:
        """Say whether a reply in this chat has begun and not ended."""
        return chat in self._under_way

    def sync(
        self, chat: str, history: Mapping[str, Any], *, change: Change = Change.RECORDED, parts: Parts | None = None
    ) -> None:
        """Make the journal's turns of a chat equal its history, unless they are.

        What is said while nothing may be recorded is passed over then and for ever.
        """
        rows = rows_of(history, spoken=self._spoken)
        if self._synced.get(chat) == hash(tuple(rows)):
            return
        conversation = conversation_of(chat, rows, profile=self._profile_of(chat), now=datetime.now(UTC))
        if self._may_record():
            synced = self._engine.record(conversation, rows, change=change, parts=parts)
            if synced.joined:
                self._on_copied()
        else:
            self._engine.pass_over(conversation, rows)
        self._synced[chat] = hash(tuple(rows))


def ticket_of(state: Mapping[str, Any]) -> Ticket | None:
    """Return the ticket that a state carries."""
    ticket = state.get(TICKET)
    return ticket if isinstance(ticket, Ticket) else None
