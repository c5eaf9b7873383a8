"""When to learn: enough was said, it is old enough, or nothing else goes on; within a budget of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from cocolora.core.conversations import Turn
from cocolora.core.memories import absolute_minute
from cocolora.core.phrases import count
from cocolora.settings import Learning

BUDGET_WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Due:
    """Whether learning is due, and ``why`` it is not; ``at`` is when it will be if nothing more is said.

    ``said`` is how much there is to be read, in words. So many ``imported`` turns wait to be asked for.
    """

    now: bool
    why: str = ""
    at: datetime | None = None
    said: str = ""
    imported: int = 0

    @property
    def reason(self) -> str:
        """Why learning is due or is not, in words."""
        return "; ".join(filter(None, (self.said, self.why)))


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What the decision depends on beside the turns.

    ``changed_at`` is when a turn was last recorded or changed. The learning before this one took in what was said
    and changed ``read_until``: what it left, it did not want or could not learn. ``worked`` is from when to when
    training ran within the last hour, oldest first. ``rebuilds`` are adapters that are to be made again; ``gave_up``
    says that the last work on them was stopped or failed. ``imported`` are turns that wait until they are asked for.
    """

    now: datetime
    changed_at: datetime | None = None
    read_until: datetime | None = None
    worked: Sequence[tuple[datetime, datetime]] = ()
    rebuilds: int = 0
    gave_up: bool = False
    imported: int = 0


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has, where no tokenizer is at hand: four characters each."""
    return max(1, len(text) // 4)


def is_due(unlearned: Sequence[Turn], learning: Learning, rhythm: Rhythm, *, zone: tzinfo | None = None) -> Due:
    """Decide whether to learn by itself now; the reason names times in ``zone``, the user's own when None."""
    return replace(_decide(unlearned, learning, rhythm, zone), imported=rhythm.imported)


def _decide(unlearned: Sequence[Turn], learning: Learning, rhythm: Rhythm, zone: tzinfo | None) -> Due:
    if rhythm.imported and not unlearned and not rhythm.rebuilds:
        return Due(False, "learning so many begins when you ask for it", said=_waiting(unlearned, rhythm))
    if not unlearned and not rhythm.rebuilds:
        return Due(False, "everything said so far was read")
    said = _waiting(unlearned, rhythm)
    if not learning.automatic:
        return Due(False, "automatic learning is off", said=said)
    is_rebuilding = rhythm.rebuilds > 0 and not rhythm.gave_up
    if not is_rebuilding and _is_left(unlearned, rhythm):
        return Due(False, "the last learning left them, so it begins by hand or when more is said", said=said)
    rules = f"due at {count(learning.due_turns, 'turn')} or {count(learning.due_tokens, 'token')}"
    wanted_at = rhythm.now if is_rebuilding else min(_moments(unlearned, learning, rhythm), default=None)
    if wanted_at is None:
        return Due(False, rules, said=said)
    allowed_at = _allowed_at(learning, rhythm)
    at = max(wanted_at, allowed_at)
    if at <= rhythm.now:
        return Due(True, at=at, said=said)
    if wanted_at <= rhythm.now:
        budget = f"this hour's {learning.hourly_budget_minutes:g} minutes of training are used up"
        return Due(False, f"{budget} until {absolute_minute(at, zone)}", at, said)
    return Due(False, f"{rules}, or at {absolute_minute(at, zone)} if nothing more is said", at, said)


def _waiting(unlearned: Sequence[Turn], rhythm: Rhythm) -> str:
    tokens = sum(estimate_tokens(turn.text) for turn in unlearned)
    parts = [f"{count(len(unlearned), 'turn')} of about {count(tokens, 'token')} to be read"] if unlearned else []
    parts += [f"{count(rhythm.rebuilds, 'adapter')} to be made again"] if rhythm.rebuilds else []
    parts += [f"{count(rhythm.imported, 'imported turn')} to be learned by hand"] if rhythm.imported else []
    return " and ".join(parts)


def _is_left(unlearned: Sequence[Turn], rhythm: Rhythm) -> bool:
    if not unlearned:
        return True
    return rhythm.read_until is not None and rhythm.changed_at is not None and rhythm.changed_at <= rhythm.read_until


def settled(turns: Sequence[Turn], *, until: datetime | None) -> list[Turn]:
    """Leave out the newest turn of each conversation when it was said after ``until``; all stay without ``until``."""
    if until is None:
        return list(turns)
    newest = _newest(turns)
    return [turn for turn in turns if turn.said_at <= until or newest[turn.conversation_id] != turn.ordinal]


def _newest(turns: Sequence[Turn]) -> dict[str, int]:
    newest: dict[str, int] = {}
    for turn in turns:
        newest[turn.conversation_id] = max(turn.ordinal, newest.get(turn.conversation_id, turn.ordinal))
    return newest


def _moments(unlearned: Sequence[Turn], learning: Learning, rhythm: Rhythm) -> Iterator[datetime]:
    """Yield when each rule asks for learning, if nothing more is said: by amount, by age, by idleness."""
    newest, settle = _newest(unlearned), timedelta(minutes=learning.settle_minutes)
    settling = [
        (turn.said_at + settle if newest[turn.conversation_id] == turn.ordinal else turn.said_at, turn)
        for turn in unlearned
    ]
    settling.sort(key=lambda pair: pair[0])
    tokens = 0
    for number, (at, turn) in enumerate(settling, start=1):
        tokens += estimate_tokens(turn.text)
        if number >= learning.due_turns or tokens >= learning.due_tokens:
            yield at
            break
    if learning.due_hours:
        yield min(max(at, turn.said_at + timedelta(hours=learning.due_hours)) for at, turn in settling)
    if learning.idle_minutes:
        quiet_at = (rhythm.changed_at or settling[-1][1].said_at) + timedelta(minutes=learning.idle_minutes)
        yield max(quiet_at, settling[0][0])


def _allowed_at(learning: Learning, rhythm: Rhythm) -> datetime:
    """Return when the hour before holds less training than the budget: now, unless it is used up."""
    budget = timedelta(minutes=learning.hourly_budget_minutes)
    window_start = rhythm.now - BUDGET_WINDOW
    spans = [(max(start, window_start), end) for start, end in rhythm.worked if end > window_start]
    spent = sum((end - start for start, end in spans), timedelta())
    if budget >= BUDGET_WINDOW or spent < budget:
        return rhythm.now
    excess = spent - budget
    for start, end in spans:
        if excess < end - start:
            return start + excess + BUDGET_WINDOW
        excess -= end - start
    return rhythm.now
