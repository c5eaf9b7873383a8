"""Rolling up: adapters become fewer and larger, by retraining on the lessons that they were made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from cocolora.core.adapters import Adapter, AdapterState
from cocolora.core.lessons import LessonKind
from cocolora.core.phrases import count
from cocolora.core.records import Occasion
from cocolora.core.rollup import RollupMethod, RollupPlan, plan_rollups
from cocolora.core.truth import content_words, leave_out
from cocolora.engine.plans import Assignment, always_on
from cocolora.engine.rooms import Rooms
from cocolora.engine.run import Run
from cocolora.engine.summing import rank_of_sum, sum_up
from cocolora.engine.teach import land, make_recipe, train
from cocolora.errors import CannotRollUp, ModelError
from cocolora.sharing import LARGEST_RANK


def plan_due(rooms: Rooms, profile: str) -> tuple[RollupPlan, ...]:
    """Return the rollups that are due in a profile; none where no model is loaded."""
    try:
        adapters = rooms.adapters(profile)
    except ModelError:
        return ()
    turn_ids = {turn_id: adapter.id for adapter in adapters.values() for turn_id in adapter.turn_ids}
    subjects: dict[str, frozenset[str]] = {}
    for lesson in rooms.journal.lessons(list(turn_ids)):
        if lesson.kind is LessonKind.FACT:
            owner = turn_ids[lesson.turn_id]
            subjects[owner] = subjects.get(owner, frozenset()) | content_words(lesson.question)
    refused = {frozenset(a.sources) for a in adapters.values() if a.sources and a.state is AdapterState.REJECTED}
    return plan_rollups(list(adapters.values()), subjects, rooms.settings.of(profile).rollup, refused=refused)


def plan_chosen(rooms: Rooms, profile: str, adapter_ids: Sequence[str], method: RollupMethod) -> RollupPlan:
    """Return the rollup of chosen adapters. Raises UnknownId, CannotRollUp."""
    chosen = tuple(rooms.journal.adapter(adapter_id) for adapter_id in dict.fromkeys(adapter_ids))
    known = rooms.adapters(profile)
    if len(chosen) < 2:
        raise CannotRollUp("at least two adapters are needed")
    for adapter in chosen:
        if adapter.id not in known or adapter.state is not AdapterState.READY or not adapter.turn_versions:
            raise CannotRollUp(f'"{adapter.name}" is not a learned adapter of this profile and base that is in use')
        if adapter.kind is not chosen[0].kind:
            raise CannotRollUp("knowledge and behaviour do not roll up into one")
    if method is not RollupMethod.RETRAIN and (rank := rank_of_sum(chosen, method)) > LARGEST_RANK:
        too_large = f"their exact sum has rank {rank}, and {LARGEST_RANK} is the largest that is kept"
        raise CannotRollUp(f"{too_large}; choose fewer, or the method svd")
    return RollupPlan(chosen, max(adapter.level for adapter in chosen) + 1, "you chose them", method)


def made_of(rooms: Rooms, adapter_ids: Sequence[str]) -> Adapter | None:
    """Return the rollup that answers in the place of exactly these adapters, if there is one."""
    wanted = set(adapter_ids)
    ready = (adapter for adapter in rooms.journal.adapters() if adapter.state is AdapterState.READY)
    return next((adapter for adapter in ready if set(adapter.sources) == wanted), None)


def cost_steps(run: Run, plan: RollupPlan) -> int:
    """Return how many optimiser steps one attempt at a rollup takes; none where it is summed. Raises NoModel."""
    if plan.method is not RollupMethod.RETRAIN:
        return 0
    return make_recipe(run.settings, _assignment(run, plan), attempt=0).steps


def roll_up(run: Run, plan: RollupPlan) -> Adapter:
    """Make one adapter of several, gate it against all of them, and swap it in.

    The sources stay restorable until they are discarded. A rollup that does not pass is kept as rejected, and its
    sources go on. Raises NoModel, CannotTrain, Cancelled.
    """
    task = _assignment(run, plan)
    if plan.method is not RollupMethod.RETRAIN:
        return land(run, task, sum_up(run, task, plan))
    return land(run, task, train(run, task))


def told(rollup: Adapter) -> str:
    """Return what came of a rollup, in words."""
    if rollup.state is AdapterState.READY:
        return f'{count(len(rollup.sources), "adapter")} became "{rollup.name}": {rollup.reason}.'
    return f"The rollup did not pass the gate, and its sources go on: {rollup.reason}."


def _assignment(run: Run, plan: RollupPlan) -> Assignment:
    rooms = run.rooms
    fingerprint = rooms.workbench().model.identity.fingerprint
    turn_ids = [turn_id for source in plan.sources for turn_id in source.turn_ids]
    turns = {turn.id: turn for turn in rooms.journal.turns(ids=turn_ids)}
    lessons, now = rooms.journal.lessons(turn_ids, fingerprint), rooms.clock()
    told = {lesson.turn_id for lesson in lessons if lesson.kind is LessonKind.FACT}
    outdated = rooms.journal.outdated(turn_ids, fingerprint)
    return Assignment(
        plan.sources[0].kind,
        tuple(turns[turn_id] for turn_id in turn_ids),
        tuple(lessons),
        leave_out(outdated, level=plan.level, made_at=now, told_turns=len(told)),
        always_on(run),
        Occasion.ROLLED_UP,
        plan.level,
        tuple(source.id for source in plan.sources),
        name=f"rollup {now:%Y-%m-%d}",
        made_at=now,
    )


def undo(rooms: Rooms, adapter_id: str) -> tuple[Adapter, ...]:
    """Let a rollup's sources answer again; return them. Raises UnknownId, CannotRollUp.

    The rollup stays as one that was rejected: learning does not make it again, its user may.
    """
    rollup = rooms.journal.adapter(adapter_id)
    if not rollup.sources or rollup.state is AdapterState.REJECTED:
        raise CannotRollUp(f'"{rollup.name}" is no rollup that answers, so there is nothing to undo')
    held = {adapter.id: adapter for adapter in rooms.journal.adapters()}
    covered = {pair for source in rollup.sources if source in held for pair in held[source].turn_versions}
    if not set(rollup.turn_versions) <= covered:
        raise CannotRollUp(f'the adapters that "{rollup.name}" was made of were discarded; it stays')
    sources = rooms.journal.undo_rollup(rollup)
    rooms.detach(rollup.id)
    return sources


def discard_sources(rooms: Rooms, *, older_than_days: float) -> tuple[Adapter, ...]:
    """Delete adapters that were rolled up so long ago, for good; return them."""
    latest = rooms.clock() - timedelta(days=older_than_days)
    adapters = rooms.journal.adapters()
    old = {
        source_id
        for rollup in adapters
        if rollup.state in (AdapterState.READY, AdapterState.ROLLED_UP) and rollup.made_at <= latest
        for source_id in rollup.sources
    }
    discarded = tuple(a for a in adapters if a.id in old and a.state is AdapterState.ROLLED_UP)
    for adapter in discarded:
        rooms.journal.remove_adapter(adapter.id)
        rooms.drop_adapter(adapter.id)
    return discarded
