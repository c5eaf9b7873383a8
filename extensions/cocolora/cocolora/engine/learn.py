"""Learning: what changed is made again, what was not read yet is studied and taught, what gathered is rolled up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cocolora.core.adapters import Adapter, AdapterKind, AdapterState
from cocolora.core.conversations import Turn
from cocolora.core.events import Progress, named
from cocolora.core.learning import settled
from cocolora.core.lessons import Lesson, LessonKind
from cocolora.core.phrases import count
from cocolora.core.records import KeptVerdict, Occasion, Outcome
from cocolora.core.stretches import cut_stretches
from cocolora.engine import roll_up
from cocolora.engine.examine import examine_stack
from cocolora.engine.keep_out import keep_out, learnable
from cocolora.engine.past import by_itself
from cocolora.engine.plans import Assignment, always_on, assign
from cocolora.engine.rebuild import rebuild, retire_stale, waiting
from cocolora.engine.run import Run
from cocolora.engine.supersede import supersede
from cocolora.engine.teach import discard, land, teach, train
from cocolora.errors import Cancelled
from cocolora.lessons.study import study_turns

_STUDY_BATCH = 4

Lessons = Mapping[str, tuple[Lesson, ...]]


@dataclass(frozen=True, slots=True)
class Learned:
    """What one run of learning did; ``stack`` is the verdict on the whole stack where anything changed.

    ``kept_out`` are the turns that must not be learned, and why.
    """

    read_turns: int
    adapters: tuple[Adapter, ...]
    rebuilt: tuple[Adapter, ...] = ()
    rolled_up: tuple[Adapter, ...] = ()
    stack: KeptVerdict | None = None
    kept_out: Mapping[str, Outcome] = field(default_factory=dict)

    @property
    def accepted(self) -> tuple[Adapter, ...]:
        """The new adapters that passed the gate."""
        return tuple(adapter for adapter in self.adapters if adapter.state is AdapterState.READY)

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        parts = [
            ", ".join(self._parts()) + "." if self.read_turns or self.rebuilt else "There was nothing new to read."
        ]
        outcomes = list(self.kept_out.values())
        if secrets := outcomes.count(Outcome.SECRET):
            parts.append(
                f"{count(secrets, 'turn')} with what looks like a password, key or number of a card: never learned."
            )
        if documents := outcomes.count(Outcome.DOCUMENT):
            parts.append(f"{count(documents, 'long message')}: remembered as a document, not learned.")
        return " ".join(parts)

    def _parts(self) -> Iterator[str]:
        taught = sum(len(a.turn_versions) for a in self.accepted)
        rejected = len(self.adapters) - len(self.accepted)
        if self.rebuilt:
            yield f"Made {count(len(self.rebuilt), 'adapter')} again"
        if self.read_turns:
            yield f"{'read' if self.rebuilt else 'Read'} {count(self.read_turns, 'turn')}"
            yield f"learned from {taught} in {count(len(self.accepted), 'adapter')}" if taught else "learned nothing"
        if rejected:
            yield f"{count(rejected, 'adapter')} did not pass the gate and stayed off"
        if self.rolled_up:
            sources = sum(len(adapter.sources) for adapter in self.rolled_up)
            yield f"rolled {count(sources, 'adapter')} up into {len(self.rolled_up)}"
        if self.stack is not None and not self.stack.passed:
            yield f"but the stack as a whole is weak: {self.stack.reason}"


def learn(run: Run, *, taught_elsewhere: bool = False) -> Learned:
    """Learn the unread turns of a profile, rebuild what changed, and roll up what gathered.

    ``taught_elsewhere`` takes in the turns that another base has read: they are taught again to this one. What was
    landed before a cancel stays; the rest stays unread. Raises NoModel, CannotTrain, HomeBusy, Cancelled,
    TrainingDiverged.
    """
    rooms = run.rooms
    with rooms.home.writing():
        rooms.home.discard_orphans(adapter.id for adapter in rooms.journal.adapters())
        retire_stale(rooms)
        fingerprint = rooms.workbench().model.identity.fingerprint
        unread = rooms.journal.unread(run.profile, fingerprint, taught_elsewhere=taught_elsewhere)
        if not run.by_hand:
            unread = by_itself(rooms, unread, profile=run.profile)
        turns = settled(unread, until=run.until)
        kept_out = keep_out(run, [*turns, *_turns_to_rebuild(run)])
        turns = [turn for turn in turns if turn.id not in kept_out]
        study(run, turns)
        rebuilt = _rebuild(run)
        adapters = [*_learn_wishes(run, turns), *_learn_facts(run, turns)]
        rolled_up = _roll_up(run) if run.settings.rollup.automatic else []
        changed = [*adapters, *rebuilt, *rolled_up]
        occasion = Occasion.LEARNED if adapters else Occasion.REBUILT
        stack = examine_stack(run, occasion) if changed else None
        return Learned(len(turns), tuple(adapters), tuple(rebuilt), tuple(rolled_up), stack, kept_out)


def study(run: Run, turns: Sequence[Turn]) -> None:
    """See to it that the journal holds every turn's lessons, by self-study with the bare base, and what they supersede.

    Lessons that later turns supersede make the adapters that hold them stale: these are retired at once.
    """
    unstudied = [turn for turn in turns if not _lessons(run, [turn])[turn.id]]
    unstudied += [turn for turn in learnable(run, _turns_to_rebuild(run)) if not _lessons(run, [turn])[turn.id]]
    bench = run.rooms.workbench()
    for start in range(0, len(unstudied), _STUDY_BATCH):
        if run.cancelled():
            raise Cancelled("Reading the conversation")
        run.on_progress(Progress("reading", start, len(unstudied)))
        batch = unstudied[start : start + _STUDY_BATCH]
        with bench.borrowing([]) as model:
            found = study_turns([run.rooms.dated(turn) for turn in batch], model)
        for turn, learned in zip(batch, found, strict=True):
            _keep(run, turn, learned)
    supersede(run, unstudied)
    retire_stale(run.rooms)


def _turns_to_rebuild(run: Run) -> list[Turn]:
    ids = [turn_id for task in waiting(run) for turn_id in task.turn_ids]
    return run.rooms.journal.turns(ids=ids)


def _keep(run: Run, turn: Turn, lessons: tuple[Lesson, ...]) -> None:
    journal, now = run.rooms.journal, run.rooms.clock()
    fingerprint = run.rooms.workbench().model.identity.fingerprint
    journal.add_lessons(lessons, base_fingerprint=fingerprint, now=now)
    run.rooms.index_turns([turn], profile=run.profile)
    if not lessons:
        versions = [(turn.id, turn.version)]
        journal.mark_read(versions, base_fingerprint=fingerprint, outcome=Outcome.NOTHING, now=now)


def _lessons(run: Run, turns: Sequence[Turn]) -> Lessons:
    found: dict[str, tuple[Lesson, ...]] = {turn.id: () for turn in turns}
    fingerprint = run.rooms.workbench().model.identity.fingerprint
    for lesson in run.rooms.journal.lessons(list(found), base_fingerprint=fingerprint):
        found[lesson.turn_id] += (lesson,)
    return found


def _superseded(run: Run, turns: Sequence[Turn]) -> list[str]:
    fingerprint = run.rooms.workbench().model.identity.fingerprint
    return list(run.rooms.journal.superseded([turn.id for turn in turns], fingerprint))


def _rebuild(run: Run) -> list[Adapter]:
    made: list[Adapter] = []
    tasks = waiting(run)
    for number, task in enumerate(tasks):
        run.on_progress(Progress("rebuilding", number, len(tasks)))
        turns = run.rooms.journal.turns(ids=task.turn_ids)
        lessons = [lesson for found in _lessons(run, turns).values() for lesson in found]
        made += rebuild(run, task, lessons)
    return made


def _learn_wishes(run: Run, turns: Sequence[Turn]) -> list[Adapter]:
    """Teach one behaviour adapter for all wishes of the profile, old and new; it replaces the one before."""
    lessons = _lessons(run, turns)
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
    replaced = tuple(adapter.id for adapter in before)
    return [teach(run, Assignment(AdapterKind.BEHAVIOUR, tuple(stretch), replaces=replaced))]


def _learn_facts(run: Run, turns: Sequence[Turn]) -> list[Adapter]:
    lessons, superseded = _lessons(run, turns), _superseded(run, turns)
    telling = [turn for turn in turns if _holds(lessons[turn.id], LessonKind.FACT)]
    made: list[Adapter] = []
    stretches = cut_stretches(telling, run.settings.learning, zone=run.rooms.zone)
    for number, stretch in enumerate(stretches, start=1):
        task = assign(run, stretch, [x for turn in stretch for x in lessons[turn.id]], superseded, always_on(run))
        if task.facts:
            made += _teach_or_split(_in_stretch(run, number, len(stretches)), task)
        else:
            _mark_superseded(run, stretch)
    return made


def _in_stretch(run: Run, number: int, of: int) -> Run:
    """Return the run as it goes on with one of several stretches, so that whoever watches knows which it is."""
    return replace(run, on_progress=named(run.on_progress, f"stretch {number} of {of}, {{}}")) if of > 1 else run


def _teach_or_split(run: Run, task: Assignment) -> list[Adapter]:
    """Teach a stretch; when it does not pass the gate, each half of it by itself."""
    adapter = train(run, task)
    if adapter.state is AdapterState.READY or len(task.turns) < 2:
        return [land(run, task, adapter)]
    discard(run, adapter)
    half = len(task.turns) // 2
    made: list[Adapter] = []
    for turns in (task.turns[:half], task.turns[half:]):
        ids = {turn.id for turn in turns}
        part = assign(run, turns, [x for x in task.lessons if x.turn_id in ids], task.left_out, task.beneath)
        if part.facts:
            made.append(teach(run, part))
        else:
            _mark_superseded(run, turns)
    return made


def _mark_superseded(run: Run, turns: Sequence[Turn]) -> None:
    run.rooms.journal.mark_read(
        [(turn.id, turn.version) for turn in turns],
        base_fingerprint=run.rooms.workbench().model.identity.fingerprint,
        outcome=Outcome.SUPERSEDED,
        now=run.rooms.clock(),
    )


def _roll_up(run: Run) -> list[Adapter]:
    """Roll up what gathered, level by level; what was rolled up long ago is discarded."""
    rooms = run.rooms
    roll_up.discard_sources(rooms, older_than_days=run.settings.rollup.keep_days)
    made: list[Adapter] = []
    while plans := roll_up.plan_due(rooms, run.profile):
        made.append(roll_up.roll_up(run, plans[0]))
    return [adapter for adapter in made if adapter.state is AdapterState.READY]


def _holds(lessons: Sequence[Lesson], kind: LessonKind) -> bool:
    return any(lesson.kind is kind for lesson in lessons)
