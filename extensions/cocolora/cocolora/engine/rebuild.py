"""Rebuilding: adapters that descend from what changed or was forgotten are made again from what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cocolora.core.adapters import Adapter, AdapterKind
from cocolora.core.conversations import Turn
from cocolora.core.lessons import Lesson, LessonKind
from cocolora.core.records import Occasion, Outcome, Rebuild
from cocolora.core.truth import leave_out
from cocolora.engine.keep_out import learnable
from cocolora.engine.plans import Assignment, Beneath, always_on, switched_off
from cocolora.engine.rooms import Rooms
from cocolora.engine.run import Run
from cocolora.engine.teach import discard, teach, train


def retire_stale(rooms: Rooms) -> tuple[str, ...]:
    """Take stale adapters out of the catalogue, off the model and off the disk, and return their ids.

    What is to be rebuilt is noted.
    """
    retired = rooms.journal.retire_stale()
    for adapter_id in retired:
        rooms.drop_adapter(adapter_id)
    return retired


def set_turns_learnable(rooms: Rooms, turn_ids: Sequence[str], learnable: bool) -> tuple[str, ...]:
    """Say whether turns may be learned; return the adapters that are to be made again. Raises UnknownId, HomeBusy."""
    with rooms.home.writing():
        rooms.journal.set_turns_learnable(turn_ids, learnable)
        return retire_stale(rooms)


def waiting(run: Run) -> tuple[Rebuild, ...]:
    """Return what is to be rebuilt for the loaded base, lower levels first."""
    fingerprint = run.rooms.workbench().model.identity.fingerprint
    found = run.rooms.journal.rebuilds(base_fingerprint=fingerprint, profile=run.profile)
    return tuple(sorted(found, key=lambda rebuild: (rebuild.kind is not AdapterKind.BEHAVIOUR, rebuild.level)))


def rebuild(run: Run, task: Rebuild, lessons: Sequence[Lesson]) -> list[Adapter]:
    """Make one adapter again from the turns that are left of it; nothing when none of them tells anything."""
    wanted = LessonKind.RULE if task.kind is AdapterKind.BEHAVIOUR else LessonKind.FACT
    telling = {lesson.turn_id for lesson in lessons if lesson.kind is wanted}
    turns = [turn for turn in _turns(run, task.turn_ids) if turn.id in telling]
    ids = {turn.id for turn in turns}
    ours = tuple(lesson for lesson in lessons if lesson.turn_id in ids)
    outdated = run.rooms.journal.outdated(ids, run.rooms.workbench().model.identity.fingerprint)
    left_out = leave_out(outdated, level=task.level, made_at=task.made_at, told_turns=len(ids))
    with _beneath(run, task) as beneath:
        assignment = Assignment(
            task.kind,
            tuple(turns),
            ours if task.kind is AdapterKind.KNOWLEDGE else (),
            left_out if task.kind is AdapterKind.KNOWLEDGE else (),
            beneath,
            Occasion.REBUILT,
            task.level,
            task.sources,
            (),
            task.number,
            task.name,
            task.activation,
            task.weight,
            task.place,
            task.made_at,
        )
        if turns and (assignment.facts or task.kind is AdapterKind.BEHAVIOUR):
            return [teach(run, assignment)]
    _end_without_adapter(run, task, turns)
    return []


def _end_without_adapter(run: Run, task: Rebuild, turns: Sequence[Turn]) -> None:
    journal, fingerprint = run.rooms.journal, run.rooms.workbench().model.identity.fingerprint
    versions = [(turn.id, turn.version) for turn in turns]
    journal.mark_read(versions, base_fingerprint=fingerprint, outcome=Outcome.SUPERSEDED, now=run.rooms.clock())
    journal.end_rebuild(task.number)


def _turns(run: Run, turn_ids: Sequence[str]) -> list[Turn]:
    """Return those turns that may be learned, in the order in which they were learned before."""
    found = {turn.id: turn for turn in learnable(run, run.rooms.journal.turns(ids=turn_ids))}
    return [found[turn_id] for turn_id in turn_ids if turn_id in found]


@contextmanager
def _beneath(run: Run, task: Rebuild) -> Iterator[Beneath]:
    """Provide the behaviour that the adapter was trained on top of, without what was forgotten of it.

    Where the profile's behaviour has moved on since, the one of then is made again for as long as it is needed,
    unless the catalogue holds it switched off.
    """
    turns = tuple(_turns(run, task.beneath))
    for held in (always_on(run), *switched_off(run)):
        if {turn_id for turn_id, _ in held.turn_versions} == {turn.id for turn in turns}:
            yield held
            return
    if not turns:
        yield Beneath()
        return
    of_then = train(run, Assignment(AdapterKind.BEHAVIOUR, turns))
    try:
        yield Beneath(((of_then.id, 1.0),), of_then.turn_versions)
    finally:
        discard(run, of_then)
