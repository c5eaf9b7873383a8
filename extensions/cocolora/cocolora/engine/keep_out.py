"""Keeping out: turns with secrets, pasted documents, and conversations that the user excepts are never learned."""

from __future__ import annotations

from collections.abc import Sequence

from cocolora.core.conversations import Turn
from cocolora.core.records import Outcome
from cocolora.engine.run import Run
from cocolora.lessons.unfit import unfit


def keep_out(run: Run, turns: Sequence[Turn]) -> dict[str, Outcome]:
    """Mark the turns that hold what must not be learned as read; return them with the reason."""
    journal, now = run.rooms.journal, run.rooms.clock()
    fingerprint = run.rooms.workbench().model.identity.fingerprint
    found = {turn.id: (turn, reason) for turn in turns if (reason := _unfit(run, turn)) is not None}
    for turn, reason in found.values():
        journal.mark_read([(turn.id, turn.version)], base_fingerprint=fingerprint, outcome=reason, now=now)
    return {turn_id: reason for turn_id, (_, reason) in found.items()}


def learnable(run: Run, turns: Sequence[Turn]) -> list[Turn]:
    """Leave out the turns that must not be learned, also where an adapter learned them in another wording."""
    excepted = run.rooms.journal.unlearnable()
    return [turn for turn in turns if _unfit(run, turn) is None and not _is_held(run, turn, excepted)]


def _unfit(run: Run, turn: Turn) -> Outcome | None:
    return unfit(turn, message_tokens=run.settings.learning.message_tokens)


def _is_held(run: Run, turn: Turn, conversations: frozenset[str]) -> bool:
    return bool(conversations) and not conversations.isdisjoint(run.rooms.journal.conversations_of(turn.id))
