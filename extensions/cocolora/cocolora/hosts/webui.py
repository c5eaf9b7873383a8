"""The edge towards text-generation-webui: its hooks, which never raise, and the one engine of the process.

Nothing but the standard library is imported at the top: a ModuleNotFoundError here would end the whole server.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from cocolora.hosts.webui_host import WebuiHost

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)

_opening = threading.Lock()
_host: WebuiHost | None = None
_trouble = "cocolora has not been set up by the webui."


def _edge(otherwise: Callable[P, T]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Make a hook that never raises: a failure is logged, and ``otherwise`` answers as if there were no cocolora."""

    def wrap(hook: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(hook)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return hook(*args, **kwargs)
            except Exception:  # the host's edge: a chat never breaks because learning did
                logger.exception("cocolora: %s failed; the chat goes on", hook.__name__)
                return otherwise(*args, **kwargs)

        return guarded

    return wrap


def setup(params: dict[str, Any]) -> None:
    """Open the engine, or take over the settings when it is open. Called again after every restart of the tabs."""
    global _host, _trouble
    with _opening:
        try:
            _log_with_the_host()
            if _host is None:
                from cocolora.hosts.webui_host import open_host

                _host = open_host()
            _host.params = params
        except Exception as error:  # the host's edge: the webui starts without cocolora
            _trouble = _explain(error)
            logger.exception("cocolora is off: %s", _trouble)


def _log_with_the_host() -> None:
    """Write where the host writes: its root logger drops everything."""
    from modules.logging_colors import logger as host_logger

    ours = logging.getLogger("cocolora")
    ours.setLevel(logging.INFO)
    for handler in host_logger.handlers:
        if handler not in ours.handlers:
            ours.addHandler(handler)


def _explain(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return (
            f'The Python package "{error.name}" is missing. Run `python install.py webui PATH` in cocolora\'s folder: '
            "it adds what is missing and leaves the webui's own packages as they are. Then restart the webui."
        )
    return str(error) or f"{type(error).__name__}. The terminal has the details."


def ui() -> None:
    """Build the tab, or say why there is none."""
    try:
        if _host is not None:
            _host.build_tab()
            return
        trouble = _trouble
    except Exception as error:  # the host's edge: the other tabs are built
        trouble = _explain(error)
        logger.exception("cocolora: the tab could not be built")
    _show(trouble)


def _show(trouble: str) -> None:
    import gradio as gr

    gr.Markdown(f"**cocolora is off.** {trouble}\n\nThe chat works as without it.")


@_edge(lambda history: history)
def history_modifier(history: dict[str, Any]) -> dict[str, Any]:
    """Note the history that a reply begins with: the host fills this very object in."""
    if _host is not None:
        _host.recorder.hear(history)
    return history


@_edge(lambda state: state)
def state_modifier(state: dict[str, Any]) -> dict[str, Any]:
    """Bring the journal up to the visible chat; return a copy of the state that carries this reply's ticket."""
    return state if _host is None else _host.recorder.begin(state)


@_edge(lambda string, state, is_chat: string)
def input_modifier(string: str, state: dict[str, Any], is_chat: bool) -> str:
    """Note what the user said."""
    if _host is not None and is_chat:
        _host.recorder.listen(string, state)
    return string


def _as_without(text: str, state: dict[str, Any], **kwargs: Any) -> str | None:
    return None


@_edge(_as_without)
def custom_generate_chat_prompt(text: str, state: dict[str, Any], **kwargs: Any) -> str | None:
    """Build the prompt with the memories that match; None lets the host build it."""
    return None if _host is None else _host.build_prompt(text, state, **kwargs)


def _by_the_model() -> Callable[..., Iterator[str]] | None:
    return None


@_edge(_by_the_model)
def custom_generate_reply() -> Callable[..., Iterator[str]] | None:
    """Return what makes the reply to a prompt that this thread has built for cocolora itself; None for the model's."""
    return None if _host is None else _host.take_aside()


@_edge(lambda state, prompt, input_ids, input_embeds: (prompt, input_ids, input_embeds))
def tokenizer_modifier(state: dict[str, Any], prompt: str, input_ids: Any, input_embeds: Any) -> tuple[str, Any, Any]:
    """Make the adapters of this prompt active, and no others. The host holds its generation lock."""
    if _host is not None:
        _host.activate(state)
    return prompt, input_ids, input_embeds


@_edge(lambda string, state, is_chat: string)
def output_modifier(string: str, state: dict[str, Any], is_chat: bool) -> str:
    """Record the reply."""
    if _host is not None and is_chat:
        _host.recorder.finish(string, state)
    return string
