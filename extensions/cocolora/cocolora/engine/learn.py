"""Learning: the turns not read yet are studied, cut into stretches and taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cocolora.core.adapters import Adapter, AdapterKind, AdapterState
from cocolora.core.conversations import Turn
from cocolora.core.events import CancelCheck, Progress, ProgressCallback
from cocolora.core.learning import cut_stretches
from cocolora.core.lessons import Lesson, LessonKind
from cocolora.core.records import Outcome
from cocolora.engine.catalogue import delete_adapter
from cocolora.engine.rooms import Rooms
from cocolora.engine.teach import Stretch, teach
from cocolora.errors import Cancelled
from cocolora.lessons.study import study_turns

_STUDY_BATCH = 4

Lessons = dict[str, tuple[Lesson, ...]]


@dataclass(frozen=True, slots=True)
class Learned:
    """What one run of learning did."""

    read_turns: int
    adapters: tuple[Adapter, ...]

    @property
    def accepted(self) -> tuple[Adapter, ...]:
        """The adapters that passed the gate."""
        return tuple(adapter for adapter in self.adapters if adapter.state is AdapterState.READY)

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        if not self.read_turns:
            return "There was nothing new to read."
        taught = sum(len(a.turn_versions) for a in self.accepted)
        rejected = len(self.adapters) - len(self.accepted)
        parts = [f"Read {self.read_turns} turn(s)"]
        parts.append(f"learned from {taught} in {len(self.accepted)} adapter(s)" if taught else "learned nothing")
        if rejected:
            parts.append(f"{rejected} adapter(s) did not pass the gate and stay off")
        return ", ".join(parts) + "."


def learn(rooms: Rooms, *, profile: str, on_progress: ProgressCallback, cancelled: CancelCheck) -> Learned:
    """Learn all unread turns of a profile. What was landed before a cancel stays; the rest stays unread.

    Raises NoModel, CannotTrain, HomeBusy, Cancelled, TrainingDiverged.
    """
    with rooms.home.writing():
        rooms.home.discard_orphans(adapter.id for adapter in rooms.journal.adapters())
        drop_stale(rooms)
        identity = rooms.workbench().model.identity
        turns = rooms.journal.unread(profile, identity.fingerprint)
        lessons = study(rooms, turns, profile=profile, on_progress=on_progress, cancelled=cancelled)
        adapters = [
            *_learn_wishes(rooms, turns, lessons, profile=profile, on_progress=on_progress, cancelled=cancelled),
            *_learn_facts(rooms, turns, lessons, profile=profile, on_progress=on_progress, cancelled=cancelled),
        ]
        return Learned(len(turns), tuple(adapters))


def drop_stale(rooms: Rooms) -> None:
    """Delete the adapters that hold an edited or removed turn; what else they held is unread again."""
    for adapter in rooms.journal.stale_adapters():
        delete_adapter(rooms, adapter.id)


def study(
    rooms: Rooms, turns: Sequence[Turn], *, profile: str, on_progress: ProgressCallback, cancelled: CancelCheck
) -> Lessons:
    """Return the lessons of each turn, from the journal or, where it has none, by self-study with the bare base."""
    bench = rooms.workbench()
    fingerprint = bench.model.identity.fingerprint
    lessons: Lessons = {turn.id: () for turn in turns}
    for lesson in rooms.journal.lessons(list(lessons), base_fingerprint=fingerprint):
        lessons[lesson.turn_id] += (lesson,)
    unstudied = [turn for turn in turns if not lessons[turn.id]]
    for start in range(0, len(unstudied), _STUDY_BATCH):
        if cancelled():
            raise Cancelled("Reading the conversation")
        on_progress(Progress("reading", start, len(unstudied)))
        batch = unstudied[start : start + _STUDY_BATCH]
        with bench.using([]) as model:
            found = study_turns(batch, model)
        for turn, learned in zip(batch, found, strict=True):
            lessons[turn.id] = learned
            _keep(rooms, turn, learned, profile=profile)
    return lessons


def _keep(rooms: Rooms, turn: Turn, lessons: tuple[Lesson, ...], *, profile: str) -> None:
    fingerprint, now = rooms.workbench().model.identity.fingerprint, rooms.clock()
    rooms.journal.add_lessons(lessons, base_fingerprint=fingerprint, now=now)
    rooms.index_turns([turn], profile=profile)
    if not lessons:
        versions = [(turn.id, turn.version)]
        rooms.journal.mark_read(versions, base_fingerprint=fingerprint, outcome=Outcome.NOTHING, now=now)


def _learn_wishes(
    rooms: Rooms,
    turns: Sequence[Turn],
    lessons: Lessons,
    *,
    profile: str,
    on_progress: ProgressCallback,
    cancelled: CancelCheck,
) -> list[Adapter]:
    """Teach one behaviour adapter for all wishes of the profile, old and new; it replaces the one before."""
    if not any(_holds(lessons[turn.id], LessonKind.RULE) for turn in turns):
        return []
    before = [a for a in rooms.adapters(profile).values() if a.kind is AdapterKind.BEHAVIOUR and not a.origin]
    old_ids = [turn_id for adapter in before for turn_id in adapter.turn_ids]
    wishes = {turn.id: turn for turn in rooms.journal.turns(ids=old_ids)}
    wishes |= {turn.id: turn for turn in turns if _holds(lessons[turn.id], LessonKind.RULE)}
    stretch = Stretch(profile, tuple(sorted(wishes.values(), key=lambda turn: (turn.said_at, turn.ordinal))))
    adapter = teach(rooms, stretch, AdapterKind.BEHAVIOUR, (), on_progress=on_progress, cancelled=cancelled)
    if adapter.state is AdapterState.READY:
        for old in before:
            delete_adapter(rooms, old.id)
    return [adapter]


def _learn_facts(
    rooms: Rooms,
    turns: Sequence[Turn],
    lessons: Lessons,
    *,
    profile: str,
    on_progress: ProgressCallback,
    cancelled: CancelCheck,
) -> list[Adapter]:
    telling = [turn for turn in turns if _holds(lessons[turn.id], LessonKind.FACT)]
    stretches = cut_stretches(telling, rooms.settings.learning)
    adapters = []
    for stretch_turns in stretches:
        held = [lesson for turn in stretch_turns for lesson in lessons[turn.id]]
        stretch = Stretch(profile, stretch_turns)
        adapters.append(
            teach(rooms, stretch, AdapterKind.KNOWLEDGE, held, on_progress=on_progress, cancelled=cancelled)
        )
    return adapters


def _holds(lessons: Sequence[Lesson], kind: LessonKind) -> bool:
    return any(lesson.kind is kind for lesson in lessons)
