"""One webui process: its engine, its recorder, and what its replies are answered with."""

from __future__ import annotations

import atexit
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cocolora.core.asides import is_aside
from cocolora.core.conversations import DEFAULT_PROFILE, Change
from cocolora.core.routing import Route
from cocolora.engine import Engine
from cocolora.engine.answer import Context
from cocolora.engine.asides import NOTHING_WAITS
from cocolora.errors import CocoloraError, ModelError
from cocolora.hosts.webui_files import SavedChats
from cocolora.hosts.webui_history import chat_place, without_asides
from cocolora.hosts.webui_model import HostModel, wait_for_stray_generation
from cocolora.hosts.webui_prompt import build_prompt, has_room, visible_texts, with_memories
from cocolora.hosts.webui_recorder import Ticket, WebuiRecorder, ticket_of
from cocolora.hosts.webui_training import WebuiTraining

if TYPE_CHECKING:
    import gradio as gr

    from cocolora.ui.page import Page

logger = logging.getLogger(__name__)

WATCH_S = 0.5
STRAY_WAIT_IN_HOOK_S = 5.0
DRAWING_S = 0.5
"""The page draws the whole chat with the message first, then the last reply alone: an answer that comes at once
overtakes that, and is drawn over the reply before."""


class WebuiHost:
    """Everything cocolora does in one webui process; ``params`` are the host's settings of the extension."""

    def __init__(self, engine: Engine, model: HostModel, logs: Path) -> None:
        """Take the engine, the host's model and the folder of its saved chats."""
        self.engine = engine
        self.params: Mapping[str, Any] = {}
        self._model = model
        self._answering = threading.local()
        self.recorder = WebuiRecorder(
            engine,
            may_record=self._may_record,
            profile_of=self.profile_of,
            spoken=_without_thoughts,
            is_tool_call=_is_tool_call,
            on_copied=lambda: self.saved_chats.leave_renamed(),
        )
        self.saved_chats = SavedChats(logs, engine, self.recorder)

    def build_tab(self) -> None:
        """Build the tab inside the host's, and follow its opening."""
        from cocolora.ui.tab import build

        self._follow_opening(build(self.engine))

    def _follow_opening(self, page: gr.State) -> None:
        from gradio.context import Context

        if hasattr(Context.block, "select"):
            # a function without hints: Gradio resolves those, and the names in them are for the type checker alone
            Context.block.select(lambda opened: self.open_tab(opened), [page], None, show_progress="hidden")

    def open_tab(self, page: Page) -> None:
        """Bring the journal up to the saved chats, and the page to where the last words were said."""
        try:
            self.saved_chats.reconcile()
            page.follow_talk(self.engine.profiles.latest())
        except (CocoloraError, OSError):
            logger.exception("cocolora: the saved chats could not be read")

    def profile_of(self, chat: str) -> str:
        """Return the profile that a chat of the host belongs to."""
        return self.engine.asides.profile_of(chat, self.engine.settings.profiles.of_chat(chat, DEFAULT_PROFILE))

    def build_prompt(self, text: str, state: dict[str, Any], **kwargs: Any) -> str:
        """Choose memories and adapters for a question and build its prompt; the route waits for ``activate``.

        What cocolora answers itself needs no prompt: its answer waits for ``take_aside``.
        """
        ticket = ticket_of(state)
        history = kwargs.get("history") or state["history"]
        if ticket is not None:
            _note_kind(ticket, text, history, continued=bool(kwargs.get("_continue")))
            if self._may_answer(state):
                ticket.aside = self._aside(ticket, text, state)
                if ticket.aside is not None:
                    self._answering.ticket = weakref.ref(ticket)
                    return ""
                state = self._remember(ticket, text, state, without_asides(history))
        return build_prompt(text, state, after=self.params, **{**kwargs, "history": without_asides(history)})

    def _aside(self, ticket: Ticket, text: str, state: Mapping[str, Any]) -> str | None:
        """Return what cocolora answers in the model's place, or None. Its own answers are not continued."""
        if not self.engine.settings.asides.commands:
            return None
        is_again = ticket.said is None
        if is_again and not (ticket.before and is_aside(ticket.before[-1][1])):
            return None
        if ticket.change is Change.CONTINUED:
            return ""
        answer = self.engine.asides.answer(text, chat=ticket.chat, profile=self._profile_in(state, ticket))
        return NOTHING_WAITS if is_again and answer is None else answer

    def _profile_in(self, state: Mapping[str, Any], ticket: Ticket) -> str:
        """Return the profile of a reply; that of a private chat goes by its mode and character."""
        if ticket.chat is not None:
            return self.profile_of(ticket.chat)
        return self.engine.settings.profiles.of_chat(chat_place(state), DEFAULT_PROFILE)

    def take_aside(self) -> Callable[..., Iterator[str]] | None:
        """Return what makes the reply whose prompt this thread has just built, where that is not for the model."""
        held = getattr(self._answering, "ticket", None)
        ticket = held() if held is not None else None
        if ticket is None or ticket.aside is None:
            return None

        def generate(*args: Any, **kwargs: Any) -> Iterator[str]:
            answer, ticket.aside = ticket.aside, None
            time.sleep(DRAWING_S)
            yield answer or ""

        return generate

    def _remember(self, ticket: Ticket, text: str, state: dict[str, Any], history: Mapping[str, Any]) -> dict[str, Any]:
        visible = visible_texts(history, state)
        if ticket.said is None:  # this very turn is in the journal, with the reply that is being replaced
            visible.append(text)
        try:
            context = self.engine.contextualise(text, profile=self._profile_in(state, ticket), visible=visible)
        except CocoloraError:
            logger.exception("cocolora: nothing could be remembered for this prompt")
            return state
        if not has_room(state, context.memory_block):
            context = Context(route=context.route)
        ticket.context = context
        self.engine.asides.note(ticket.chat, context.parts)
        return with_memories(state, context.memory_block)

    def activate(self, state: Mapping[str, Any]) -> None:
        """Make the route of the state's reply active, or no adapter. The host holds the model for this thread."""
        ticket = ticket_of(state)
        try:
            model = self._model.find()
        except ModelError:  # the status says why
            return
        if model is not None:
            wait_for_stray_generation(STRAY_WAIT_IN_HOOK_S)
            with model.held_by_host():
                self._switch(ticket.context.route if ticket else Route())

    def _switch(self, route: Route) -> None:
        try:
            self.engine.activate(route)
        except Exception:  # such as no memory left: the last prompt's adapters may be another profile's
            logger.exception("cocolora: the adapters of this prompt could not be activated; answering without them")
            self.engine.activate(Route())

    def watch(self) -> None:
        """Let a model go when the host has unloaded or changed it; runs for ever.

        Its memory is then free, and adapters of ours answer no longer beneath LoRAs from the host's own menu.
        """
        while True:
            time.sleep(WATCH_S)
            try:
                self.look_after_model()
            except Exception:  # the thread is an edge: the next model is to be let go too
                logger.exception("cocolora: a model that was unloaded could not be let go")

    def look_after_model(self) -> None:
        """Let a model go that the host has unloaded or changed since the last look."""
        if self._model.is_gone():
            self.engine.let_go_of_model()

    def _may_record(self) -> bool:
        recording = self.engine.settings.recording
        return recording.enabled and (recording.multi_user or not _is_multi_user())

    def _may_answer(self, state: Mapping[str, Any]) -> bool:
        """Say whether memories may be told: not to other users, and to API clients only by the user's wish."""
        if "unique_id" not in state and not self.params.get("answer_api"):
            return False
        return self.engine.settings.recording.multi_user or not _is_multi_user()


def _note_kind(ticket: Ticket, text: str, history: Mapping[str, Any], *, continued: bool) -> None:
    if continued:
        ticket.change = Change.CONTINUED
    elif ticket.said is None:
        ticket.change = Change.REGENERATED
    else:
        ticket.said = text  # other extensions may have changed it after it was noted


def _is_multi_user() -> bool:
    from modules import shared

    return bool(shared.args.multi_user)


def _without_thoughts(reply: str) -> str:
    from modules.reasoning import extract_reasoning

    return str(extract_reasoning(reply)[1] or "")


def _is_tool_call(reply: str, state: Mapping[str, Any]) -> bool:
    names = [tool.get("function", {}).get("name") for tool in state.get("tools") or ()]
    if not names:
        return False
    from modules.tool_parsing import parse_tool_call

    return bool(parse_tool_call(reply, names))


def open_host() -> WebuiHost:
    """Open the engine at ``<user_data>/cocolora`` and watch the model. Raises what the engine raises."""
    from modules import shared

    user_data = Path(shared.user_data_dir).resolve()
    model = HostModel()
    training = WebuiTraining(model)
    training.tidy()
    engine = Engine(user_data / "cocolora", model.find, training_host=training, resident=True)
    host = WebuiHost(engine, model, user_data / "logs")
    threading.Thread(target=host.watch, name="cocolora-watch", daemon=True).start()
    atexit.register(engine.jobs.close)
    return host
