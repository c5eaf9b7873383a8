"""Asides: what cocolora answers in a chat by itself, from ``/memory`` to ``/undo``, and the yes that it waits for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cocolora.core.adapters import Activation, Adapter, AdapterState
from cocolora.core.asides import LAST_TURN, MARK, THIS_CHAT, Command, CommandKind, agrees, read_command
from cocolora.core.conversations import DEFAULT_PROFILE, Turn
from cocolora.core.memories import absolute_date, relative_date
from cocolora.core.parts import Answerer, Parts
from cocolora.core.phrases import count, shorten
from cocolora.engine.forget import ForgetPlan
from cocolora.errors import CocoloraError, UnknownId

if TYPE_CHECKING:
    from cocolora.engine.engine import Engine

LISTED = 5
QUOTE_CHARACTERS = 120
KEPT_CHATS = 256
_HELP = (
    "`/memory` what is remembered · `/memory SOMETHING` about something · `/learn` learn now · `/forget last`, "
    "`/forget chat` or `/forget WORDS` · `/profile NAME` where this chat belongs · `/why` what shaped the last reply · "
    "`/undo` switch off what was learned last"
)
NOTHING_WAITS = f"{MARK}Nothing waits for an answer any more."
PRIVATE = "This chat is private: nothing of it is recorded, so there is nothing to do."


@dataclass(slots=True)
class _Chat:
    """One chat: what took part in its last reply, the profile chosen before its first turn, what waits for a yes."""

    parts: Parts | None = None
    profile: str | None = None
    waiting: Callable[[], str] | None = None


@dataclass(slots=True)
class Asides:
    """Answers the commands of every chat of a host. A chat's id is that of its conversation; None for a private one."""

    engine: Engine
    _chats: OrderedDict[str | None, _Chat] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, chat: str | None, parts: Parts) -> None:
        """Note what takes part in the newest reply of a chat."""
        self._chat(chat).parts = parts

    def profile_of(self, chat: str | None, otherwise: str = DEFAULT_PROFILE) -> str:
        """Return the profile that a chat belongs to: its conversation's, or the one chosen before its first turn."""
        if chat is None:
            return otherwise
        try:
            return self.engine.journal.conversation(chat).profile
        except UnknownId:
            with self._lock:
                known = self._chats.get(chat)
            return known.profile if known and known.profile is not None else otherwise

    def answer(self, message: str, *, chat: str | None, profile: str = DEFAULT_PROFILE) -> str | None:
        """Answer a command, or a yes or no to what was asked; None for a message to the model. What fails is said."""
        if not self.engine.settings.asides.commands:
            return None
        state = self._chat(chat)
        waiting, state.waiting = state.waiting, None
        command = read_command(message)
        try:
            if command is not None:
                return MARK + self._obey(command, chat, state, self.profile_of(chat, profile))
            if waiting is not None and (agreed := agrees(message)) is not None:
                return MARK + (waiting() if agreed else "Nothing was changed.")
        except CocoloraError as error:
            return f"{MARK}{error}"
        return None

    def _chat(self, chat: str | None) -> _Chat:
        with self._lock:
            state = self._chats.setdefault(chat, _Chat())
            self._chats.move_to_end(chat)
            while len(self._chats) > KEPT_CHATS:
                self._chats.popitem(last=False)
            return state

    def _obey(self, command: Command, chat: str | None, state: _Chat, profile: str) -> str:
        match command.kind:
            case CommandKind.MEMORY:
                return self._memory(command.rest, profile)
            case CommandKind.LEARN:
                return self._learn(profile)
            case CommandKind.FORGET:
                return self._forget(command.rest, chat, state, profile)
            case CommandKind.PROFILE:
                return self._profile(command.rest, chat, state, profile)
            case CommandKind.WHY:
                return self.why(chat)
            case CommandKind.UNDO:
                return self.undo(profile)

    def _memory(self, about: str, profile: str) -> str:
        if not about:
            return f"{self.engine.status(profile=profile).sentence}\n\n{_HELP}"
        hits = self.engine.search(about, profile=profile, limit=LISTED)
        told = self.engine.journal.turns(profile=profile, ids=[hit.turn_id for hit in hits])
        found = {turn.id: turn for turn in told}
        turns = [found[hit.turn_id] for hit in hits if hit.turn_id in found]
        if not turns:
            return f'Nothing that was said fits "{about}".'
        learned = {
            turn_id: adapter for adapter in _ready(self.engine.adapters(profile)) for turn_id in adapter.turn_ids
        }
        return _list(f'What fits "{about}" best:', (self._told(turn, learned.get(turn.id)) for turn in turns))

    def _told(self, turn: Turn, adapter: Adapter | None) -> str:
        now = self.engine.now()
        said_at = turn.said_at.astimezone(now.tzinfo)
        when = f"{relative_date(said_at, now=now)} ({absolute_date(said_at)})"
        held = f'learned in "{adapter.name}"' if adapter else "remembered, not learned"
        return f"{when} you said: {_quote(turn.user)} – {held}"

    def _learn(self, profile: str) -> str:
        status = self.engine.status(profile=profile)
        if status.trouble:
            return status.trouble
        if not status.unread and not status.rebuilds:
            return "There is nothing new to learn."
        self.engine.start_learning(profile=profile)
        waiting = [f"Learning {count(status.unread, 'turn')}"] if status.unread else []
        waiting += [f"Making {count(status.rebuilds, 'adapter')} again"] if status.rebuilds else []
        what = " and ".join(waiting).capitalize()
        return f"{what} in the background. You can go on chatting; the tab shows how far it is."

    def _forget(self, what: str, chat: str | None, state: _Chat, profile: str) -> str:
        if what in ("", THIS_CHAT, LAST_TURN):
            if chat is None:
                return PRIVATE
            turns = self.engine.turns(conversation_id=chat)
            if not turns:
                return "Nothing of this chat is recorded."
            chosen = [turn.id for turn in (turns[-1:] if what == LAST_TURN else turns)]
        else:
            found = self.engine.journal.matching(what, profile=profile)
            if not found:
                return f'No turn holds the words "{what}".'
            chosen = [turn.id for turn in found]
        plan = self.engine.forgetting.plan(turn_ids=chosen)

        def go_ahead() -> str:
            self.engine.forgetting.start(plan)
            return "Forgetting has begun. What the chat program itself shows and saves is not touched: delete it there."

        state.waiting = go_ahead
        return _describe(plan)

    def _profile(self, name: str, chat: str | None, state: _Chat, profile: str) -> str:
        profiles = self.engine.profiles.all()
        if not name:
            held = [
                f"{one.name}: {count(one.conversations, 'conversation')}, {count(one.adapters, 'adapter')}"
                for one in profiles
            ]
            return _list(f'This chat belongs to "{profile}". The profiles:', held)
        if chat is None:
            return PRIVATE
        name = self.engine.profiles.called(name)
        known = [one.name for one in profiles]
        if name not in known:
            return f'There is no profile "{name}". There are: {", ".join(known)}. The settings can add one.'
        if name == profile:
            return f'This chat belongs to "{name}" already.'
        if not self.engine.turns(conversation_id=chat):
            state.profile = name
            return f'This chat belongs to "{name}" from now on.'

        def go_ahead() -> str:
            moved = self.engine.profiles.move(chat, profile=name)
            return f'This chat, {count(len(moved), "turn")}, belongs to "{name}" now, and is to be learned there.'

        state.waiting = go_ahead
        return (
            f'Move this chat from "{profile}" to "{name}"? What "{profile}" learned from it is made again without it. '
            "Say yes to move it; anything else leaves it."
        )

    def why(self, chat: str | None) -> str:
        """Say which memories and adapters shaped a chat's last reply."""
        parts = self._chat(chat).parts
        if parts is None and chat is not None:  # the program was started anew since
            parts = self.engine.conversations.last_parts(chat)
        if parts is None:
            return "What shaped the last reply of this chat is not known here."
        why = self.engine.conversations.why(parts)
        lines = [*map(self._told_memory, why.memories), *map(_told_answerer, why.answerers)]
        if not lines:
            return "The last reply was the model's alone: nothing that you told it matched."
        return _list("The last reply was shaped by:", lines)

    def _told_memory(self, turn: Turn | None) -> str:
        if turn is None:
            return "quoted: something that is gone since"
        return f"quoted: {_quote(turn.user)} ({absolute_date(turn.said_at.astimezone(self.engine.now().tzinfo))})"

    def undo(self, profile: str) -> str:
        """Take the newest thing that was learned out of use; nothing is deleted."""
        active = [
            adapter for adapter in _ready(self.engine.adapters(profile)) if adapter.activation is not Activation.OFF
        ]
        if not active:
            return "Nothing that was learned is switched on."
        newest = max(active, key=lambda adapter: adapter.made_at)
        if newest.sources:
            restored = self.engine.rollups.undo(newest.id)
            return f'"{newest.name}" is taken apart: {count(len(restored), "adapter")} answer in its place again.'
        self.engine.catalogue.set_activation(newest.id, Activation.OFF)
        said = f'Switched off "{newest.name}", what was learned last.'
        return f"{said} The tab can switch it on again; `/undo` once more takes the one before."


def _ready(adapters: Iterable[Adapter]) -> list[Adapter]:
    return [adapter for adapter in adapters if adapter.state is AdapterState.READY]


def _told_answerer(one: Answerer) -> str:
    name = f'adapter "{one.adapter.name}"' if one.adapter else "an adapter that is gone since"
    always = "it is always on" if one.adapter else "it was always on"
    return f"{name}: {always if one.score is None else f'your message matches what it learned by {one.score:.0%}'}"


def _describe(plan: ForgetPlan) -> str:
    shown = [_quote(turn.user) for turn in plan.turns[:LISTED]]
    if len(plan.turns) > LISTED:
        shown.append(f"and {count(len(plan.turns) - LISTED, 'other turn')}")
    answer = _list(f"Forget {count(len(plan.turns), 'turn')} for good?", shown)
    if plan.adapters:
        answer += f"\n\n{count(len(plan.adapters), 'adapter')} learned from this and would go with it"
        answer += (
            f"; {count(len(plan.taught_again), 'other turn')} would be learned again." if plan.taught_again else "."
        )
    return f"{answer}\n\nSay yes to forget; anything else keeps it."


def _list(heading: str, items: Iterable[str]) -> str:
    return "\n".join([heading, "", *(f"- {item}" for item in items)])


def _quote(text: str) -> str:
    return f'"{shorten(text, QUOTE_CHARACTERS)}"'
