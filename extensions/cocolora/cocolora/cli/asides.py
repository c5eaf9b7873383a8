"""What the chat answers to /memory, /why and /undo, from the command line."""

from __future__ import annotations

from argparse import Namespace

from cocolora.cli.terminal import opened, show
from cocolora.core.conversations import Turn
from cocolora.core.memories import absolute_date, relative_date
from cocolora.core.phrases import shorten
from cocolora.engine import Engine

_SHOWN = 10


def memory(arguments: Namespace) -> int:
    """Show the past turns that fit some words best."""
    with opened(arguments) as engine:
        now, fitting = engine.now(), _fitting(engine, " ".join(arguments.words), profile=arguments.profile)
    told = [(turn, turn.said_at.astimezone(now.tzinfo)) for turn in fitting]
    values = [{"id": x.id, "said_at": said_at.isoformat(), "user": x.user, "reply": x.reply} for x, said_at in told]
    lines = [
        f"{turn.id}  {relative_date(said_at, now=now)} ({absolute_date(said_at)}): {shorten(turn.user)}"
        for turn, said_at in told
    ]
    show(arguments, {"turns": values}, *(lines or ["Nothing that was said fits."]))
    return 0


def _fitting(engine: Engine, words: str, *, profile: str) -> list[Turn]:
    """Return the turns that fit best, best first."""
    ids = [hit.turn_id for hit in engine.search(words, profile=profile, limit=_SHOWN)]
    found = {turn.id: turn for turn in engine.journal.turns(profile=profile, ids=ids)}
    return [found[turn_id] for turn_id in ids if turn_id in found]


def why(arguments: Namespace) -> int:
    """Say what shaped the last reply of a conversation."""
    with opened(arguments) as engine:
        said = engine.asides.why(arguments.conversation)
    show(arguments, {"why": said}, said)
    return 0


def undo(arguments: Namespace) -> int:
    """Take the newest thing that was learned out of use."""
    with opened(arguments) as engine:
        said = engine.asides.undo(arguments.profile)
    show(arguments, {"message": said}, said)
    return 0
