"""Reconciling the journal with the host's visible history: one algorithm for every way a chat can change.

Regenerate, continue, edit, swipe, remove last, branch, dummy message and stop all end in a history that is
known as a whole. What happened is the difference between the turns the journal holds and the rows now seen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cocolora.core.asides import is_aside
from cocolora.core.conversations import Change, ChatMessage, Turn


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the host's visible history; ``versions`` are all replies it has had, the rejected ones too."""

    user: str
    reply: str
    said_at: datetime | None = None
    versions: tuple[str, ...] = ()

    @property
    def is_turn(self) -> bool:
        """Whether something was said and the model replied: an aside with cocolora is no turn."""
        return bool(self.user.strip() and self.reply.strip()) and not is_aside(self.reply)

    @property
    def messages(self) -> list[ChatMessage]:
        """The row as chat messages."""
        return [{"role": "user", "content": self.user}, {"role": "assistant", "content": self.reply}]

    @property
    def texts(self) -> tuple[str, str]:
        """What makes two rows the same."""
        return self.user, self.reply


@dataclass(frozen=True, slots=True)
class Keep:
    """The turn is still there, in the row at ``position``."""

    turn: Turn
    row: Row
    position: int


@dataclass(frozen=True, slots=True)
class Revise:
    """The turn now has the texts of ``row``."""

    turn: Turn
    row: Row
    position: int


@dataclass(frozen=True, slots=True)
class Record:
    """The row is a new turn."""

    row: Row
    position: int


@dataclass(frozen=True, slots=True)
class Remove:
    """The turn is no longer in the history."""

    turn: Turn


Operation = Keep | Revise | Record | Remove
_Pair = tuple[int, int]
_Keys = Callable[[Turn | Row], tuple[object, ...]]


def reconcile(turns: Sequence[Turn], rows: Sequence[Row]) -> tuple[Operation, ...]:
    """Return what turns a conversation's current ``turns``, in order, into ``rows``: removals, then row by row.

    Equal texts are matched first (a longest common subsequence). Between two matches, turns and rows are paired in
    order where the user's text or the reply is the same, then by place. A turn that is left over is removed, a row
    that is left over is recorded. Rows that are no turn are passed over, but keep their place in the counting.
    """
    seen = [(position, row) for position, row in enumerate(rows) if row.is_turn]
    pairs = _pair(turns, [row for _, row in seen], by=(_whole, _halves))
    turn_of = {j: turns[i] for i, j in pairs}
    paired = {i for i, _ in pairs}
    removals = [Remove(turn) for i, turn in enumerate(turns) if i not in paired]
    return (*removals, *(_operation(turn_of.get(j), row, position) for j, (position, row) in enumerate(seen)))


def infer_change(turn: Turn, row: Row, known_replies: Sequence[str]) -> Change:
    """Guess what changed a turn into ``row`` when the host cannot say."""
    if turn.user != row.user:
        return Change.EDITED
    if row.reply in known_replies:
        return Change.SWIPED
    if row.reply.startswith(turn.reply):
        return Change.CONTINUED
    return Change.REGENERATED if turn.reply in row.versions else Change.EDITED


def _operation(turn: Turn | None, row: Row, position: int) -> Operation:
    if turn is None:
        return Record(row, position)
    return (Keep if _whole(turn) == _whole(row) else Revise)(turn, row, position)


def _whole(said: Turn | Row) -> tuple[object, ...]:
    return ((said.user, said.reply),)


def _halves(said: Turn | Row) -> tuple[object, ...]:
    return ("user", said.user), ("reply", said.reply)


def _pair(turns: Sequence[Turn], rows: Sequence[Row], *, by: Sequence[_Keys]) -> list[_Pair]:
    if not by:
        return [(i, i) for i in range(min(len(turns), len(rows)))]
    pairs: list[_Pair] = []
    begin_turn = begin_row = 0
    for i, j in [*_match([by[0](turn) for turn in turns], [by[0](row) for row in rows]), (len(turns), len(rows))]:
        gap = _pair(turns[begin_turn:i], rows[begin_row:j], by=by[1:])
        pairs += [(begin_turn + a, begin_row + b) for a, b in gap]
        pairs += [(i, j)] if i < len(turns) else []
        begin_turn, begin_row = i + 1, j + 1
    return pairs


def _match(left: Sequence[tuple[object, ...]], right: Sequence[tuple[object, ...]]) -> list[_Pair]:
    """Return a longest list of index pairs, rising on both sides, whose keys have one in common.

    Hunt and Szymanski's algorithm (CACM 20(5), 1977): a longest rising run over the candidate pairs. What both
    sides begin with is taken as it is, so that a long unchanged chat costs no more than reading it.
    """
    start = 0
    while start < min(len(left), len(right)) and set(left[start]) & set(right[start]):
        start += 1
    places: dict[object, list[int]] = {}
    for j in range(start, len(right)):
        for key in right[j]:
            places.setdefault(key, []).append(j)
    tails: list[int] = []
    chains: list[tuple[_Pair, object]] = []
    for i in range(start, len(left)):
        for j in sorted({j for key in left[i] for j in places.get(key, ())}, reverse=True):
            length = bisect_left(tails, j)
            chain = ((i, j), chains[length - 1] if length else None)
            tails[length : length + 1] = [j]
            chains[length : length + 1] = [chain]
    return [(i, i) for i in range(start)] + _unwind(chains[-1] if chains else None)


def _unwind(chain: object) -> list[_Pair]:
    pairs: list[_Pair] = []
    while isinstance(chain, tuple):
        pair, chain = chain
        pairs.append(pair)
    return pairs[::-1]
