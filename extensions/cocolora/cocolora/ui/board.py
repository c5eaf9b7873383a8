"""The board: binds widgets to the engine, so that every widget shows what the engine holds, on every open page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from cocolora.core.phrases import shorten
from cocolora.engine import Engine
from cocolora.errors import CocoloraError
from cocolora.ui.page import Lookout, Page, View
from cocolora.ui.polling import poll
from cocolora.ui.words import refused, said

logger = logging.getLogger(__name__)

Handler = Callable[..., str]
POLL_S = 1.0
_NEVER = object()


@dataclass(frozen=True, slots=True)
class Follower:
    """A widget, what it depends on, and the update it needs when that changed."""

    widget: gr.Component
    see: Callable[[View], object]
    show: Callable[[View], Any]


@dataclass(frozen=True, slots=True)
class Action:
    """What the user can do: an event of a widget, its handler, what it reads, and where its answer goes.

    ``resend`` are widgets that show the engine's value again afterwards, whatever the user made them show;
    ``settle`` those that show it already, and are left alone while the user moves them.
    """

    event: Callable[..., Any]
    handler: Handler
    inputs: Sequence[gr.Component]
    answer: gr.Component
    resend: Sequence[gr.Component]
    settle: Sequence[gr.Component]


class Board:
    """Collects the tab's followers and actions while it is built; ``wire`` then binds them all.

    A handler is a plain function of the engine, the page and the widgets' values. It changes something and
    returns a sentence, or raises; the widgets follow by themselves.
    """

    def __init__(self, engine: Engine, *, profile: str = "") -> None:
        self.engine = engine
        self.lookout = Lookout(engine)
        self.page = gr.State(Page(profile=profile))
        self._followers: list[Follower] = []
        self._actions: list[Action] = []

    def follow(self, widget: gr.Component, *, see: Callable[[View], object], show: Callable[[View], Any]) -> None:
        """Keep a widget up to date: ``show`` is asked for an update whenever ``see`` sees something else."""
        self._followers.append(Follower(widget, see, show))

    def on(
        self,
        event: Callable[..., Any],
        handler: Handler,
        inputs: Sequence[gr.Component] = (),
        *,
        answer: gr.Component,
        resend: Sequence[gr.Component] = (),
        settle: Sequence[gr.Component] = (),
    ) -> None:
        """Call ``handler`` on an event and show what it says in ``answer``."""
        self._actions.append(Action(event, handler, inputs, answer, resend, settle))

    def wire(self) -> None:
        """Bind everything, and begin to follow."""
        widgets = [follower.widget for follower in self._followers]
        for action in self._actions:
            inputs, outputs = [self.page, *action.inputs], [action.answer, *widgets]
            mode = "always_last" if action.settle else None  # where a widget is moved, its last place counts
            action.event(
                self._acting(action),
                inputs,
                outputs,
                show_progress="hidden",
                concurrency_limit=None,
                trigger_mode=mode,
            )
        poll(self._refresh, inputs=[self.page], outputs=widgets, every_s=POLL_S)

    def _acting(self, action: Action) -> Callable[..., list[Any]]:
        def act(page: Page, *values: Any) -> list[Any]:
            answer = explain(action.handler, self.engine, page, *values)
            for number, follower in enumerate(self._followers):
                if follower.widget in action.resend:
                    page.sent.pop(number, None)
            updates = self.updates(page)
            still = [
                gr.skip() if f.widget in action.settle else u for f, u in zip(self._followers, updates, strict=True)
            ]
            return [answer, *still]

        return act

    async def _refresh(self, page: Page) -> list[Any]:
        return await asyncio.to_thread(self.updates, page)

    def updates(self, page: Page) -> list[Any]:
        """Return the update of every follower, in their order; when nothing can be seen, the first one says why."""
        try:
            view = self.lookout.look(page)
        except Exception as error:  # noqa: BLE001 - a page is an edge: it says so and goes on asking
            page.sent.clear()
            line = explanation(error, doing="Looking", told=page.failure)
            page.failure = line
            return [line, *[gr.skip() for _ in self._followers[1:]]]
        return [_update(follower, view, number) for number, follower in enumerate(self._followers)]


def _update(follower: Follower, view: View, number: int) -> Any:
    """Return a follower's update; one that fails keeps what it shows, and the others go on."""
    sent, failed = view.page.sent, view.page.failed
    try:
        seen = follower.see(view)
        update = gr.skip() if sent.get(number, _NEVER) == seen else follower.show(view)
    except Exception as error:  # noqa: BLE001 - each widget is an edge: the page says so and goes on asking
        sent.pop(number, None)
        failed[number] = explanation(error, doing="Looking", told=failed.get(number, ""))
        return failed[number] if number == 0 else gr.skip()
    failed.pop(number, None)
    sent[number] = seen
    return update


def explain(handler: Handler, engine: Engine, page: Page, *values: Any) -> str:
    """Call a handler and return what it says, or why it failed, as a line of the page."""
    try:
        return said(handler(engine, page, *values))
    except Exception as error:  # noqa: BLE001 - a click is an edge: the page says why
        return explanation(error, doing="That")


def explanation(error: Exception, *, doing: str, told: str = "") -> str:
    """Return a failure as a line of the page; one that nobody expected is logged, unless it was ``told`` before."""
    if isinstance(error, CocoloraError):
        return refused(str(error))
    what = shorten(f"{type(error).__name__} {error}", longest=200).rstrip(".")
    line = refused(f"{doing} failed: {what}. The log has the details.")
    if line != told:
        logger.error("%s failed", doing, exc_info=error)
    return line
