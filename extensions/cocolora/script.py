"""The hooks of text-generation-webui, one line each; behind them is the package ``cocolora`` beside this file.

The host loads this file as ``user_ext_cocolora`` by its location or as ``extensions.cocolora.script``, and may run it
again in the same process: it keeps nothing, and imports the package under one name from wherever it lies.
"""

import importlib as _importlib
import sys as _sys
from pathlib import Path as _Path
from typing import Any as _Any

_FOLDER = str(_Path(__file__).resolve().parent)
if _FOLDER not in _sys.path:
    _sys.path.append(_FOLDER)
_webui = _importlib.import_module("cocolora.hosts.webui")

params = {
    "display_name": "cocolora",
    "is_tab": True,
    "answer_api": False,
}


def setup() -> None:
    """Open the engine, once in a process."""
    _webui.setup(params)


def ui() -> None:
    """Build the tab."""
    _webui.ui()


def history_modifier(history: _Any) -> _Any:
    """Note the history that a reply begins with."""
    return _webui.history_modifier(history)


def state_modifier(state: _Any) -> _Any:
    """Bring the journal up to the visible chat."""
    return _webui.state_modifier(state)


def input_modifier(string: str, state: _Any, is_chat: bool = False) -> _Any:
    """Note what the user said."""
    return _webui.input_modifier(string, state, is_chat)


def custom_generate_chat_prompt(user_input: str, state: _Any, **kwargs: _Any) -> _Any:
    """Build the prompt with the memories that match."""
    return _webui.custom_generate_chat_prompt(user_input, state, **kwargs)


def __getattr__(name: str) -> _Any:
    """Answer for the hook ``custom_generate_reply`` where cocolora itself replies; otherwise there is none."""
    reply = _webui.custom_generate_reply() if name == "custom_generate_reply" else None
    if reply is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return reply


def tokenizer_modifier(state: _Any, prompt: str, input_ids: _Any, input_embeds: _Any) -> _Any:
    """Make the adapters that match active; the host holds its generation lock."""
    return _webui.tokenizer_modifier(state, prompt, input_ids, input_embeds)


def output_modifier(string: str, state: _Any, is_chat: bool = False) -> _Any:
    """Record the reply."""
    return _webui.output_modifier(string, state, is_chat)
