"""When to learn, and which turns are learned together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cocolora.core.conversations import Turn
from cocolora.core.counting import count
from cocolora.settings import Learning


@dataclass(frozen=True, slots=True)
class Due:
    """Whether learning is due, and why or why not, in words."""

    now: bool
    reason: str


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has, where no tokenizer is at hand: four characters each."""
    return max(1, len(text) // 4)


def is_due(unlearned: Sequence[Turn], learning: Learning) -> Due:
    """Decide whether enough was said since the last learning."""
    if not unlearned:
        return Due(False, "everything said so far was read")
    tokens = sum(estimate_tokens(turn.text) for turn in unlearned)
    said = f"{count(len(unlearned), 'turn')} of about {count(tokens, 'token')} to be read"
    if not learning.automatic:
        return Due(False, f"{said}; automatic learning is off")
    if tokens >= learning.due_tokens or len(unlearned) >= learning.due_turns:
        return Due(True, f"{said}")
    return Due(False, f"{said}; due at {learning.due_turns} turns or {learning.due_tokens} tokens")


def cut_stretches(turns: Sequence[Turn], learning: Learning) -> tuple[tuple[Turn, ...], ...]:
    """Cut turns into stretches: never across conversations, never longer than ``stretch_turns``."""
    stretches: list[list[Turn]] = []
    for turn in sorted(turns, key=lambda turn: (turn.conversation_id, turn.ordinal)):
        last = stretches[-1] if stretches else []
        if last and last[0].conversation_id == turn.conversation_id and len(last) < learning.stretch_turns:
            last.append(turn)
        else:
            stretches.append([turn])
    return tuple(tuple(stretch) for stretch in stretches)
