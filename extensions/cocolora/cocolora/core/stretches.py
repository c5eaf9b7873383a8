"""Which turns are learned together: stretches, cut where a conversation, a day or a subject ends."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import tzinfo
from itertools import groupby

from cocolora.core.conversations import Turn
from cocolora.settings import Learning

_WORD = re.compile(r"\w{4,}")
_NEARBY_TURNS = 3
_SMALLEST_PART = 4
"""A part has at least this share of the longest stretch: one of four."""

Stretch = tuple[Turn, ...]


def cut_stretches(turns: Sequence[Turn], learning: Learning, *, zone: tzinfo | None = None) -> tuple[Stretch, ...]:
    """Cut turns into stretches of at most ``stretch_turns``: never across conversations or days.

    Days are those of ``zone``, the user's own when None. What was said within one is cut only where it is too long
    for one stretch, and then where its subject changes most.
    """
    ordered = sorted(turns, key=lambda turn: (turn.conversation_id, turn.ordinal))
    days = groupby(ordered, key=lambda turn: (turn.conversation_id, turn.said_at.astimezone(zone).date()))
    return tuple(stretch for _, day in days for stretch in _split(tuple(day), learning.stretch_turns))


def _split(turns: Stretch, most: int) -> list[Stretch]:
    if len(turns) <= most:
        return [turns]
    margin = max(1, most // _SMALLEST_PART)
    words = [Counter(_WORD.findall(turn.text.casefold())) for turn in turns]
    middle = len(turns) / 2
    border = min(
        range(margin, len(turns) - margin + 1),
        key=lambda border: (round(_cohesion(words, border), 6), abs(border - middle), border),
    )
    return [*_split(turns[:border], most), *_split(turns[border:], most)]


def _cohesion(words: Sequence[Counter[str]], border: int) -> float:
    """Return how much the turns before and after a border speak of the same, from 0 to 1: the cosine of their words.

    Source: TextTiling (Hearst 1997), with the nearest turns as blocks.
    """
    before = sum(words[max(0, border - _NEARBY_TURNS) : border], Counter[str]())
    after = sum(words[border : border + _NEARBY_TURNS], Counter[str]())
    shared = sum(times * after[word] for word, times in before.items())
    sizes = math.hypot(*before.values()) * math.hypot(*after.values())
    return shared / sizes if sizes else 0.0
