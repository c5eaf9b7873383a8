"""Teaching: a stretch of turns becomes one adapter, trained, gated and landed in the catalogue."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState, Recipe, adapter_id
from cocolora.core.conversations import Turn
from cocolora.core.events import Progress
from cocolora.core.gate import Probe, Scores, judge
from cocolora.core.ids import derive_seed
from cocolora.core.lessons import Exchange, Lesson, LessonKind, Sample
from cocolora.core.records import Outcome
from cocolora.engine.run import Run
from cocolora.engine.workbench import Weights
from cocolora.gate.probes import share_right, share_same
from cocolora.lessons.samples import answers_briefly, behaviour_exchanges, knowledge_exchanges, record_replay
from cocolora.lessons.study import keep_unanswered
from cocolora.settings import Learning

BEHAVIOUR_QUESTIONS = 80


@dataclass(frozen=True, slots=True)
class Plan:
    """What an adapter is trained on, and how recall is asked of it."""

    exchanges: tuple[Exchange, ...]
    beneath: Weights
    recall: Callable[[Weights], float]
    negatives: tuple[Probe, ...] = ()


def plan_knowledge(run: Run, turns: Sequence[Turn], lessons: Sequence[Lesson], *, seed: int) -> Plan:
    """Plan an adapter that knows the facts of its turns, on top of the profile's behaviour."""
    bench, learning = run.rooms.workbench(), run.rooms.settings.learning
    beneath = _always_on(run)
    bare = bench.bare_replay()
    with bench.using([]) as model:
        negatives = keep_unanswered([x for x in lessons if x.kind is LessonKind.NEGATIVE], turns, model)
    replay = bare
    if beneath:
        with bench.using(beneath) as model:
            replay = record_replay(bench.card.replay, model)
    facts = [lesson for lesson in lessons if lesson.kind is LessonKind.FACT]
    exchanges = knowledge_exchanges(
        [*facts, *negatives],
        turns,
        replay=replay,
        brief=bool(beneath) and answers_briefly(replay, bare),
        negatives_per_fact=learning.negatives_per_fact,
        replay_questions=learning.replay_questions,
        seed=seed,
    )
    held_out = [x for x in facts if x.held_out] or facts
    probes = [Probe(lesson.question, lesson.key) for lesson in held_out]

    def recall(weights: Weights) -> float:
        with bench.using(weights) as model:
            return share_right(probes, model)

    return Plan(tuple(exchanges), beneath, recall, tuple(Probe(x.question, "") for x in negatives if x.held_out))


def plan_behaviour(run: Run, turns: Sequence[Turn], *, seed: int) -> Plan:
    """Plan an adapter that follows the wishes of its turns everywhere, by distilling them from the context."""
    bench = run.rooms.workbench()
    with bench.using([]) as model:
        wished = record_replay(bench.card.replay, model, context=turns)
    trained, held_out = behaviour_exchanges(wished, questions=BEHAVIOUR_QUESTIONS, seed=seed)

    def recall(weights: Weights) -> float:
        with bench.using(weights) as model:
            return share_same(held_out, model)

    return Plan(tuple(trained), [], recall)


def _always_on(run: Run) -> Weights:
    return [
        (adapter.id, adapter.weight)
        for adapter in run.rooms.adapters(run.profile).values()
        if adapter.usable and adapter.activation is Activation.ALWAYS
    ]


def teach(run: Run, turns: Sequence[Turn], kind: AdapterKind, lessons: Sequence[Lesson]) -> Adapter:
    """Train, gate and land one adapter for these turns.

    One that does not pass the gate is tried again with another seed and more steps, ``learning.attempts`` times
    in all; then it is landed as rejected, with its scores. Until an adapter is landed nothing of it shows: its
    folder is owned by no adapter of the catalogue. Raises Cancelled, TrainingDiverged, CannotTrain.
    """
    attempts = run.rooms.settings.learning.attempts
    adapter = _attempt(run, turns, kind, lessons, attempt=0)
    for attempt in range(1, attempts):
        if adapter.state is AdapterState.READY:
            break
        shutil.rmtree(run.rooms.home.adapter_folder(adapter.id))
        adapter = _attempt(run, turns, kind, lessons, attempt=attempt)
    outcome = Outcome.LEARNED if adapter.state is AdapterState.READY else Outcome.REJECTED
    readings = dict.fromkeys(adapter.turn_versions, outcome)
    return run.rooms.journal.land_adapter(adapter, readings=readings, now=adapter.made_at)


def _attempt(run: Run, turns: Sequence[Turn], kind: AdapterKind, lessons: Sequence[Lesson], *, attempt: int) -> Adapter:
    """Train one adapter and judge it; its files are in its folder then."""
    bench = run.rooms.workbench()
    draft = _draft(run, turns, kind, attempt=attempt)
    seed = derive_seed(draft.id)
    if kind is AdapterKind.KNOWLEDGE:
        plan = plan_knowledge(run, turns, lessons, seed=seed)
    else:
        plan = plan_behaviour(run, turns, seed=seed)
    folder = run.rooms.home.adapter_folder(draft.id)
    bench.drop(draft.id)
    shutil.rmtree(folder, ignore_errors=True)
    bench.trainer.train(
        draft.id,
        _samples(run, plan),
        recipe=replace(draft.recipe, seed=seed),
        beneath=plan.beneath,
        folder=folder,
        on_progress=run.on_progress,
        cancelled=run.cancelled,
    )
    weights = (folder / "adapter_model.safetensors").read_bytes()
    written = replace(draft, sha256=hashlib.sha256(weights).hexdigest(), size_bytes=len(weights))
    run.on_progress(Progress("checking", 0, 1))
    judged = _gated(run, written, plan)
    bench.drop(draft.id)
    return judged


def _samples(run: Run, plan: Plan) -> list[Sample]:
    """Return the plan's samples, without those that are too long: a quoted message may be of any length."""
    model, most_tokens = run.rooms.workbench().model, run.rooms.settings.learning.sample_tokens
    samples = [model.sample(exchange) for exchange in plan.exchanges]
    return [sample for sample in samples if len(sample.tokens) <= most_tokens]


def _draft(run: Run, turns: Sequence[Turn], kind: AdapterKind, *, attempt: int) -> Adapter:
    """Return the adapter that is about to be trained, without files or scores."""
    base, made_at = run.rooms.workbench().model.identity, run.rooms.clock()
    recipe = _recipe(run.rooms.settings.learning, attempt=attempt)
    turn_versions = tuple((turn.id, turn.version) for turn in turns)
    return Adapter(
        id=adapter_id(kind, profile=run.profile, base=base, turn_versions=turn_versions, recipe=recipe),
        name=f"{kind} {made_at:%Y-%m-%d}",
        kind=kind,
        profile=run.profile,
        activation=Activation.ALWAYS if kind is AdapterKind.BEHAVIOUR else Activation.ROUTED,
        state=AdapterState.READY,
        weight=1.0,
        base=base,
        recipe=recipe,
        sha256="",
        size_bytes=0,
        made_at=made_at,
        turn_versions=turn_versions,
    )


def _recipe(learning: Learning, *, attempt: int) -> Recipe:
    return Recipe(
        rank=learning.rank,
        alpha=learning.alpha,
        learning_rate=learning.learning_rate,
        steps=learning.steps * (1 + attempt),
        batch_samples=learning.batch_samples,
        seed=learning.seed + attempt,
    )


def _gated(run: Run, adapter: Adapter, plan: Plan) -> Adapter:
    """Return the adapter with its scores, ready or rejected."""
    bench, gate = run.rooms.workbench(), run.rooms.settings.gate
    alone: Weights = [*plan.beneath, (adapter.id, adapter.weight)]
    known = [Probe(question, key) for question, key in spread(bench.card.probes, gate.probes)]
    unknown = [*plan.negatives, *(Probe(question, "") for question in spread(bench.card.unknown, gate.probes))]
    recall = plan.recall(alone)
    with bench.using([]) as model:
        retention_base = share_right(known, model)
    with bench.using(alone) as model:
        scores = Scores(recall, share_right(known, model), retention_base, share_right(unknown, model))
    verdict = judge(scores, gate)
    state = AdapterState.READY if verdict.passed else AdapterState.REJECTED
    return replace(adapter, scores=scores, state=state, reason=verdict.reason)


T = TypeVar("T")


def spread(items: Sequence[T], count: int) -> list[T]:
    """Return at most ``count`` items, evenly spread over all."""
    stride = max(1, len(items) // count)
    return list(items[::stride][:count])
