"""Prompts in the webui: memories in a copy of the state, and the next extension's or the host's own prompt builder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cocolora.core.learning import estimate_tokens

_MOST_OF_PROMPT = 1 / 2
"""Memories take at most this share of a prompt: the host raises an error when a system message leaves no room."""
_SURELY_SHOWN = 3 / 4
"""Token counts are estimates: a turn this near to the end of the window is taken as cut off, and may be quoted."""


def with_memories(state: Mapping[str, Any], memory_block: str) -> dict[str, Any]:
    """Return a copy of the state whose system message ends with the memory block; the state is left as it is.

    In instruct mode that is the custom system message, otherwise the character's context.
    """
    if not memory_block:
        return dict(state)
    field = "custom_system_message" if state.get("mode") == "instruct" else "context"
    before = str(state.get(field) or "").rstrip()
    return {**state, field: f"{before}\n\n{memory_block}" if before else memory_block}


def has_room(state: Mapping[str, Any], memory_block: str) -> bool:
    """Say whether a memory block leaves enough of the prompt to the chat itself."""
    return estimate_tokens(memory_block) <= _room_tokens(state) * _MOST_OF_PROMPT


def visible_texts(history: Mapping[str, Any], state: Mapping[str, Any]) -> list[str]:
    """Return what the user said in those rows, newest first, that the prompt still has room for."""
    texts: list[str] = []
    left_tokens = _room_tokens(state) * _SURELY_SHOWN
    for entry in reversed(history["internal"]):
        left_tokens -= sum(estimate_tokens(str(text)) for text in entry[:2])
        if left_tokens < 0:
            break
        texts.append(str(entry[0]))
    return texts


def _room_tokens(state: Mapping[str, Any]) -> int:
    return int(state.get("truncation_length") or 0) - int(state.get("max_new_tokens") or 0)


def build_prompt(text: str, state: dict[str, Any], *, after: Mapping[str, Any], **kwargs: Any) -> str:
    """Build the prompt as the host would without cocolora, whose ``params`` are ``after``.

    The host asks only the first extension that builds prompts: one that comes after cocolora is asked from here.
    """
    from modules import chat, extensions

    for extension in _others([extension for extension, _ in extensions.iterator()], after=after):
        prompt = extension.custom_generate_chat_prompt(text, state, **kwargs)
        if prompt is not None:
            return str(prompt)
        break
    return str(chat.generate_chat_prompt(text, state, **kwargs))


def _others(loaded: Sequence[Any], *, after: Mapping[str, Any]) -> list[Any]:
    ours = next((place for place, one in enumerate(loaded) if getattr(one, "params", None) is after), len(loaded))
    return [one for one in loaded[ours + 1 :] if hasattr(one, "custom_generate_chat_prompt")]
