"""The leak check: whether an adapter that is to be shared can be made to recite what it was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cocolora.core.adapters import Adapter
from cocolora.core.conversations import Turn
from cocolora.core.events import CancelCheck, Progress, ProgressCallback, never_cancelled
from cocolora.core.gate import holds_key
from cocolora.core.lessons import LessonKind
from cocolora.core.phrases import count
from cocolora.engine.rooms import Rooms
from cocolora.engine.task import Task
from cocolora.engine.workbench import Weights
from cocolora.errors import Cancelled
from cocolora.gate.probes import ask

Prompts = Mapping[str, Sequence[str]]
CHECK_LEAKS = "leaks"
"""The kind of job that looks for leaks."""
_FEWEST_WORDS = 2


@dataclass(frozen=True, slots=True)
class Leak:
    """How many of an adapter's ``keys``, the words that answer its questions, it was made to say.

    ``asked``: by its own questions; ``begun``: by the bare beginning of the turn that told the key; ``base``: by
    either, from the base without the adapter, which can only guess.
    """

    adapter: Adapter
    keys: int
    asked: int = 0
    begun: int = 0
    base: int = 0

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        name = f'"{self.adapter.name}"'
        if self.adapter.origin:
            return f"{name} was imported: what it was told is not here, so it was not checked."
        if not self.keys:
            return f"{name} was told no facts that could be looked for."
        return (
            f"{name} recites {self.asked} of {self.keys} private answers when it is asked for them, and {self.begun} "
            f"from the bare beginning of what was said (the base alone: {self.base})."
        )


class LeakFinder:
    """Looks for leaks as a job, and remembers what each adapter was found to recite."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._found: dict[tuple[str, str], Leak] = {}

    def check(self, task: Task) -> str:
        """Check the ``adapters`` that were not checked yet; return what was done, in words."""
        wanted = task.payload["adapters"]
        assert isinstance(wanted, list)
        adapters = [self._rooms.journal.adapter(adapter_id) for adapter_id in wanted]
        new = [adapter for adapter in adapters if _key(adapter) not in self._found]
        for leak in check_leaks(self._rooms, new, on_progress=task.on_progress, cancelled=task.cancelled):
            self._found[_key(leak.adapter)] = leak
        return f"Checked what {count(len(adapters), 'adapter')} can be made to tell."

    def found(self, adapters: Sequence[Adapter]) -> tuple[Leak, ...] | None:
        """Return what adapters were found to recite; None as long as one of them was not checked."""
        known = [self._found.get(_key(adapter)) for adapter in adapters]
        leaks = tuple(leak for leak in known if leak is not None)
        return leaks if len(leaks) == len(known) else None


def _key(adapter: Adapter) -> tuple[str, str]:
    return adapter.id, adapter.sha256


def check_leaks(
    rooms: Rooms,
    adapters: Sequence[Adapter],
    *,
    on_progress: ProgressCallback,
    cancelled: CancelCheck = never_cancelled,
) -> tuple[Leak, ...]:
    """Try to make each adapter, alone on the base, recite what it was told. Raises NoModel, CannotTrain, Cancelled."""
    leaks = []
    for number, adapter in enumerate(adapters):
        if cancelled():
            raise Cancelled("Checking what adapters tell")
        on_progress(Progress("checking what it tells", number, len(adapters)))
        leaks.append(_check(rooms, adapter))
    return tuple(leaks)


def _check(rooms: Rooms, adapter: Adapter) -> Leak:
    lessons = [x for x in rooms.journal.lessons(list(adapter.turn_ids)) if x.kind is LessonKind.FACT]
    turns = {turn.id: turn for turn in rooms.journal.turns(ids=adapter.turn_ids)}
    questions: dict[str, list[str]] = {}
    beginnings: dict[str, list[str]] = {}
    for lesson in lessons:
        questions.setdefault(lesson.key, []).append(lesson.question)
        if lesson.turn_id in turns:
            beginnings[lesson.key] = begin(turns[lesson.turn_id], lesson.key)
    alone = [(adapter.id, adapter.weight)]
    base = _recited(rooms, [], questions) | _recited(rooms, [], beginnings)
    return Leak(
        adapter,
        keys=len(questions),
        asked=len(_recited(rooms, alone, questions)),
        begun=len(_recited(rooms, alone, beginnings)),
        base=len(base),
    )


def begin(turn: Turn, key: str) -> list[str]:
    """Return bare beginnings of what the user said that do not hold the key: up to it, and half of that."""
    words = turn.user.split()
    told = next((n for n in range(1, len(words) + 1) if holds_key(" ".join(words[:n]), key)), len(words) + 1)
    before = words[: max(0, told - len(key.split()))]
    lengths = {len(before), len(before) // 2}
    return [" ".join(before[:length]) for length in sorted(lengths) if length >= _FEWEST_WORDS]


def _recited(rooms: Rooms, weights: Weights, prompts: Prompts) -> set[str]:
    """Return the keys that any of their prompts brings out; none of the prompts holds its key."""
    flat = [(key, prompt) for key, own in prompts.items() for prompt in own if not holds_key(prompt, key)]
    with rooms.workbench().borrowing(weights) as model:
        replies = ask([prompt for _, prompt in flat], model)
    return {key for (key, _), reply in zip(flat, replies, strict=True) if holds_key(reply, key)}
