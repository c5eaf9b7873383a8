"""Teaching: an assignment becomes one adapter, trained, gated and landed in the catalogue."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace

from cocolora.core.adapters import Adapter, AdapterKind, AdapterState, Recipe, adapter_id
from cocolora.core.events import Progress, named
from cocolora.core.ids import derive_seed
from cocolora.core.lessons import Sample
from cocolora.core.records import Outcome
from cocolora.engine.examine import examine, examine_among
from cocolora.engine.plans import Assignment, Plan, make_plan
from cocolora.engine.run import Run
from cocolora.settings import Settings


def teach(run: Run, task: Assignment) -> Adapter:
    """Train, gate and land one adapter.

    Until it is landed nothing of it shows: its folder is owned by no adapter of the catalogue. Raises Cancelled,
    TrainingDiverged, CannotTrain, TurnChanged.
    """
    return land(run, task, train(run, task))


def train(run: Run, task: Assignment) -> Adapter:
    """Train and judge one adapter without landing it: its files are in its folder then.

    One that does not pass the gate, or does not recall every fact (a rollup: nearly every one), is tried again with
    another seed and more replay, a new stretch also with more steps, ``learning.attempts`` times in all. The best
    attempt stays: the best by itself, for what else the stack holds must leave no trace in the weights. Files of an
    adapter in the catalogue that is made once more are put back when that comes to nothing.
    """
    with run.rooms.home.putting_back():
        return _train(run, task)


def _train(run: Run, task: Assignment) -> Adapter:
    best = _attempt(run, task, attempt=0)
    for attempt in range(1, run.settings.learning.attempts):
        if _is_whole(best):
            break
        again = _attempt(run, task, attempt=attempt)
        best, worse = (again, best) if _merit(again) > _merit(best) else (best, again)
        shutil.rmtree(run.rooms.home.adapter_folder(worse.id))
    judged = examine_among(run, task, best)
    run.rooms.workbench().drop(judged.id)
    return judged


def _is_whole(adapter: Adapter) -> bool:
    """Say whether nothing is left to be gained by another attempt."""
    if adapter.state is not AdapterState.READY or adapter.scores is None:
        return False
    enough = _ENOUGH_IN_A_ROLLUP if adapter.level else 1.0
    return adapter.kind is AdapterKind.BEHAVIOUR or adapter.scores.recall >= enough


def _merit(adapter: Adapter) -> tuple[bool, float]:
    """Return what makes one attempt better than another: it passed the gate, it recalls, and it does not invent."""
    scores = adapter.scores
    return adapter.state is AdapterState.READY, scores.recall + scores.abstention if scores else 0.0


def land(run: Run, task: Assignment, adapter: Adapter) -> Adapter:
    """Let a trained adapter join the catalogue, with what came of reading its turns."""
    told = {lesson.turn_id for lesson in task.facts}
    passed = Outcome.LEARNED if adapter.state is AdapterState.READY else Outcome.REJECTED
    readings = {
        (turn_id, version): passed if turn_id in told or task.kind is AdapterKind.BEHAVIOUR else Outcome.SUPERSEDED
        for turn_id, version in adapter.turn_versions
        if passed is Outcome.LEARNED or not task.sources  # a refused rollup's sources go on
    }
    landed = run.rooms.journal.land_adapter(
        adapter,
        readings=readings,
        occasion=task.occasion,
        replaces=task.replaces,
        rebuild=task.rebuild,
        now=run.rooms.clock(),
    )
    run.rooms.home.drop_aside(adapter.id)
    run.rooms.home.put_back()
    if landed.state is AdapterState.READY:
        for old_id in task.replaces:
            run.rooms.drop_adapter(old_id)
    return landed


def _attempt(run: Run, task: Assignment, *, attempt: int) -> Adapter:
    """Train one adapter and judge it; its files are in its folder then."""
    bench = run.rooms.workbench()
    draft = draft_adapter(run, task, attempt=attempt)
    seed = derive_seed(draft.id)
    plan = make_plan(run, task, seed=seed, attempt=attempt)
    folder = run.rooms.home.adapter_folder(draft.id)
    make_room(run, draft)
    attempts = run.settings.learning.attempts
    on_progress = named(run.on_progress, f"{{}}, try {attempt + 1} of {attempts}") if attempt else run.on_progress
    bench.trainer_of(run.settings.learning.trainer).train(
        draft.id,
        _samples(run, plan),
        recipe=replace(draft.recipe, seed=seed),
        beneath=task.beneath.weights,
        folder=folder,
        on_progress=on_progress,
        cancelled=run.cancelled,
    )
    weights = (folder / "adapter_model.safetensors").read_bytes()
    written = replace(draft, sha256=hashlib.sha256(weights).hexdigest(), size_bytes=len(weights))
    on_progress(Progress("checking", 0, 1))
    judged = examine(run, task, plan, written)
    run.rooms.workbench().drop(draft.id)
    return judged


def make_room(run: Run, draft: Adapter) -> None:
    """Empty the folder of an adapter that is about to be made; what the catalogue holds of it is set aside."""
    run.rooms.workbench().drop(draft.id)
    if any(adapter.id == draft.id for adapter in run.rooms.journal.adapters()):
        run.rooms.home.set_aside(draft.id)
    else:
        shutil.rmtree(run.rooms.home.adapter_folder(draft.id), ignore_errors=True)


def discard(run: Run, adapter: Adapter) -> None:
    """Delete an adapter that was trained and is not to land; what was set aside for it is put back."""
    run.rooms.drop_adapter(adapter.id)
    run.rooms.home.put_back()


def _samples(run: Run, plan: Plan) -> list[Sample]:
    """Return the plan's samples, without those that are too long: a quoted message may be of any length."""
    model, most_tokens = run.rooms.workbench().model, run.settings.learning.sample_tokens
    samples = [model.sample(exchange) for exchange in plan.exchanges]
    return [sample for sample in samples if len(sample.tokens) <= most_tokens]


def draft_adapter(run: Run, task: Assignment, *, attempt: int) -> Adapter:
    """Return the adapter that is about to be trained, without files or scores."""
    base, made_at = run.rooms.workbench().model.identity, task.made_at or run.rooms.clock()
    draft = Adapter(
        id="",
        name=task.name or f"{task.kind} {made_at:%Y-%m-%d}",
        kind=task.kind,
        profile=run.profile,
        activation=task.activation or task.kind.usual_activation,
        state=AdapterState.READY,
        weight=task.weight,
        base=base,
        recipe=make_recipe(run.settings, task, attempt=attempt),
        sha256="",
        size_bytes=0,
        made_at=made_at,
        turn_versions=tuple((turn.id, turn.version) for turn in task.turns),
        level=task.level,
        sources=task.sources,
        beneath=task.beneath.turn_versions,
        left_out=task.left_out,
        place=task.place,
    )
    return replace(draft, id=adapter_id(draft))


def make_recipe(settings: Settings, task: Assignment, *, attempt: int) -> Recipe:
    """Return the recipe of one attempt; it depends on the settings, the level and how many turns tell something.

    A rollup's rank doubles with each level, and its steps grow with what it holds; a further attempt takes as many, for
    more of them would cost honesty. Its alpha stays: a step then changes the network as much at any rank.
    """
    learning, rollup = settings.learning, settings.rollup
    rank = max(learning.rank, min(learning.rank * 2**task.level, rollup.max_rank))
    steps = learning.steps * (1 + attempt)
    if task.level:
        steps = round(learning.steps * rollup.steps_share * max(2.0, task.told_turns / _TURNS_IN_STEPS))
    return Recipe(
        rank=rank,
        alpha=learning.alpha,
        learning_rate=learning.learning_rate,
        steps=max(1, steps),
        batch_samples=learning.batch_samples,
        seed=learning.seed + attempt,
    )


_ENOUGH_IN_A_ROLLUP = 0.98
"""Where a rollup recalls so much, another attempt would cost more than it gains."""
_TURNS_IN_STEPS = 4
"""``learning.steps`` are meant for about so many turns that tell something."""
