"""Asides: exchanges with cocolora itself within a chat, which message begins one, and how one is known ever after.

An aside is neither recorded nor learned nor shown to the model. Its answer begins with a mark, so that it is known in
every chat file without anything else being kept about it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

MARK = "**cocolora:** "
_NAMED = re.compile(r"/(\w+)\b[ \t]*(.*)", re.DOTALL)
_PLEASE = r"(?:please,? |could you |can you |would you )*"
_THIS_CHAT = re.compile(
    _PLEASE + r"forget (?:all of |everything in |about )?(?:this|that|our|the)(?: whole| entire| last)? "
    r"(?:conversation|chat|talk)(?: please)?"
)
_LAST_TURN = re.compile(
    _PLEASE
    + r"forget (?:that|this|it|what i (?:just )?(?:said|told you)|the last (?:message|thing i said))(?: please)?"
)
_ABOUT = re.compile(
    _PLEASE + r"forget (?:everything|all|anything|what)(?: that)? (?:i (?:ever )?(?:told|said to) you|you know|i said) "
    r"about (?P<what>.+?)(?: please)?"
)
_YES = frozenset({"y", "yes", "yes please", "yes, please", "do it", "ok", "okay", "sure"})
_NO = frozenset({"n", "no", "no thanks", "no, thanks", "cancel", "keep it", "stop"})


class CommandKind(StrEnum):
    """What can be asked of cocolora in a chat."""

    MEMORY = "memory"
    LEARN = "learn"
    FORGET = "forget"
    PROFILE = "profile"
    WHY = "why"
    UNDO = "undo"


LAST_TURN, THIS_CHAT = "last", "chat"
"""What ``/forget`` takes beside a text to look for."""


@dataclass(frozen=True, slots=True)
class Command:
    """A message that is meant for cocolora: what is asked, and the rest of the message."""

    kind: CommandKind
    rest: str = ""


def read_command(message: str) -> Command | None:
    """Return the command that a message is; None for a message to the model.

    Beside ``/memory`` and its like that is a wish to forget in plain words, when the whole message says so.
    """
    text = message.strip()
    named = _NAMED.fullmatch(text)
    if named:
        name = named[1].lower()
        return Command(CommandKind(name), " ".join(named[2].split())) if name in set(CommandKind) else None
    plain = " ".join(text.lower().replace("’", "'").split()).rstrip(".!?")
    if about := _ABOUT.fullmatch(plain):
        return Command(CommandKind.FORGET, about["what"])
    if _THIS_CHAT.fullmatch(plain):
        return Command(CommandKind.FORGET, THIS_CHAT)
    return Command(CommandKind.FORGET, LAST_TURN) if _LAST_TURN.fullmatch(plain) else None


def is_aside(reply: str) -> bool:
    """Say whether a reply is cocolora's own and not the model's."""
    return reply.lstrip().startswith(MARK.rstrip())


def agrees(message: str) -> bool | None:
    """Say whether a message is a yes or a no; None when it is neither."""
    said = " ".join(message.lower().split()).rstrip(".!")
    return True if said in _YES else False if said in _NO else None
