"""Learning: the turns not read yet are studied, cut into stretches and taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cocolora.core.adapters import Adapter, AdapterKind, AdapterState
from cocolora.core.conversations import Turn
from cocolora.core.counting import count
from cocolora.core.events import Progress
from cocolora.core.learning import settled
from cocolora.core.lessons import Lesson, LessonKind
from cocolora.core.records import Outcome
from cocolora.core.stretches import cut_stretches
from cocolora.engine.catalogue import delete_adapter
from cocolora.engine.rooms import Rooms
from cocolora.engine.run import Run
from cocolora.engine.teach import teach
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
        parts = [f"Read {count(self.read_turns, 'turn')}"]
        parts.append(
            f"learned from {taught} in {count(len(self.accepted), 'adapter')}" if taught else "learned nothing"
        )
        if rejected:
            parts.append(f"{count(rejected, 'adapter')} did not pass the gate and stayed off")
        return ", ".join(parts) + "."


def learn(run: Run) -> Learned:
    """Learn all unread turns of a profile. What was landed before a cancel stays; the rest stays unread.

    Raises NoModel, CannotTrain, HomeBusy, Cancelled, TrainingDiverged.
    """
    rooms = run.rooms
    with rooms.home.writing():
        rooms.home.discard_orphans(adapter.id for adapter in rooms.journal.adapters())
        drop_stale(rooms)
        unread = rooms.journal.unread(run.profile, rooms.workbench().model.identity.fingerprint)
        turns = settled(unread, until=run.until)
        lessons = study(run, turns)
        adapters = [*_learn_wishes(run, turns, lessons), *_learn_facts(run, turns, lessons)]
        return Learned(len(turns), tuple(adapters))


def drop_stale(rooms: Rooms) -> None:
    """Delete the adapters that hold an edited or removed turn; what else they held is unread again."""
    for adapter in rooms.journal.stale_adapters():
        delete_adapter(rooms, adapter.id)


def study(run: Run, turns: Sequence[Turn]) -> Lessons:
    """Return the lessons of each turn, from the journal or, where it has none, by self-study with the bare base."""
    bench = run.rooms.workbench()
    fingerprint = bench.model.identity.fingerprint
    lessons: Lessons = {turn.id: () for turn in turns}
    for lesson in run.rooms.journal.lessons(list(lessons), base_fingerprint=fingerprint):
        lessons[lesson.turn_id] += (lesson,)
    unstudied = [turn for turn in turns if not lessons[turn.id]]
    for start in range(0, len(unstudied), _STUDY_BATCH):
        if run.cancelled():
            raise Cancelled("Reading the conversation")
        run.on_progress(Progress("reading", start, len(unstudied)))
        batch = unstudied[start : start + _STUDY_BATCH]
        with bench.using([]) as model:
            found = study_turns(batch, model)
        for turn, learned in zip(batch, found, strict=True):
            lessons[turn.id] = learned
            _keep(run, turn, learned)
    return lessons


def _keep(run: Run, turn: Turn, lessons: tuple[Lesson, ...]) -> None:
    journal, now = run.rooms.journal, run.rooms.clock()
    fingerprint = run.rooms.workbench().model.identity.fingerprint
    journal.add_lessons(lessons, base_fingerprint=fingerprint, now=now)
    run.rooms.index_turns([turn], profile=run.profile)
    if not lessons:
        versions = [(turn.id, turn.version)]
        journal.mark_read(versions, base_fingerprint=fingerprint, outcome=Outcome.NOTHING, now=now)


def _learn_wishes(run: Run, turns: Sequence[Turn], lessons: Lessons) -> list[Adapter]:
    """Teach one behaviour adapter for all wishes of the profile, old and new; it replaces the one before."""
    if not any(_holds(lessons[turn.id], LessonKind.RULE) for turn in turns):
        return []
    before = [
        adapter
        for adapter in run.rooms.adapters(run.profile).values()
        if adapter.kind is AdapterKind.BEHAVIOUR and not adapter.origin
    ]
    old_ids = [turn_id for adapter in before for turn_id in adapter.turn_ids]
    wishes = {turn.id: turn for turn in run.rooms.journal.turns(ids=old_ids)}
    wishes |= {turn.id: turn for turn in turns if _holds(lessons[turn.id], LessonKind.RULE)}
    stretch = sorted(wishes.values(), key=lambda turn: (turn.said_at, turn.ordinal))
    adapter = teach(run, stretch, AdapterKind.BEHAVIOUR, ())
    if adapter.state is AdapterState.READY:
        for old in before:
            delete_adapter(run.rooms, old.id)
    return [adapter]


def _learn_facts(run: Run, turns: Sequence[Turn], lessons: Lessons) -> list[Adapter]:
    telling = [turn for turn in turns if _holds(lessons[turn.id], LessonKind.FACT)]
    return [
        teach(run, stretch, AdapterKind.KNOWLEDGE, [lesson for turn in stretch for lesson in lessons[turn.id]])
        for stretch in cut_stretches(telling, run.rooms.settings.learning)
    ]


def _holds(lessons: Sequence[Lesson], kind: LessonKind) -> bool:
    return any(lesson.kind is kind for lesson in lessons)
