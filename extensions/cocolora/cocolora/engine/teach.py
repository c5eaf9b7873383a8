"""Teaching: one stretch of turns becomes one adapter, trained, gated and landed in the catalogue."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState, Recipe, adapter_id
from cocolora.core.conversations import Turn
from cocolora.core.events import CancelCheck, ProgressCallback
from cocolora.core.gate import Probe, Scores, judge
from cocolora.core.ids import derive_seed
from cocolora.core.lessons import Exchange, Lesson, LessonKind
from cocolora.core.records import Outcome
from cocolora.engine.rooms import Rooms
from cocolora.engine.workbench import Weights
from cocolora.gate.probes import share_right, share_same
from cocolora.lessons.samples import answers_briefly, behaviour_exchanges, knowledge_exchanges, record_replay
from cocolora.lessons.study import keep_unanswered

BEHAVIOUR_QUESTIONS = 80


@dataclass(frozen=True, slots=True)
class Stretch:
    """Turns to be learned together, and the profile they belong to."""

    profile: str
    turns: tuple[Turn, ...]

    @property
    def turn_versions(self) -> tuple[tuple[str, int], ...]:
        """The exact versions that are learned."""
        return tuple((turn.id, turn.version) for turn in self.turns)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an adapter is trained on, and how recall is asked of it."""

    exchanges: tuple[Exchange, ...]
    beneath: Weights
    recall: Callable[[Weights], float]
    negatives: tuple[Probe, ...] = ()


def plan_knowledge(rooms: Rooms, stretch: Stretch, lessons: Sequence[Lesson], *, seed: int) -> Plan:
    """Plan an adapter that knows the facts of its turns, on top of the profile's behaviour."""
    bench, learning = rooms.workbench(), rooms.settings.learning
    beneath = _always_on(rooms, stretch.profile)
    bare = bench.bare_replay()
    with bench.using([]) as model:
        negatives = keep_unanswered([x for x in lessons if x.kind is LessonKind.NEGATIVE], stretch.turns, model)
    replay = bare
    if beneath:
        with bench.using(beneath) as model:
            replay = record_replay(bench.card.replay, model)
    facts = [lesson for lesson in lessons if lesson.kind is LessonKind.FACT]
    exchanges = knowledge_exchanges(
        [*facts, *negatives],
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


def plan_behaviour(rooms: Rooms, stretch: Stretch, *, seed: int) -> Plan:
    """Plan an adapter that follows the wishes of its turns everywhere, by distilling them from the context."""
    bench = rooms.workbench()
    with bench.using([]) as model:
        wished = record_replay(bench.card.replay, model, context=stretch.turns)
    trained, held_out = behaviour_exchanges(wished, questions=BEHAVIOUR_QUESTIONS, seed=seed)

    def recall(weights: Weights) -> float:
        with bench.using(weights) as model:
            return share_same(held_out, model)

    return Plan(tuple(trained), [], recall)


def _always_on(rooms: Rooms, profile: str) -> Weights:
    return [
        (adapter.id, adapter.weight)
        for adapter in rooms.adapters(profile).values()
        if adapter.usable and adapter.activation is Activation.ALWAYS
    ]


def teach(
    rooms: Rooms,
    stretch: Stretch,
    kind: AdapterKind,
    lessons: Sequence[Lesson],
    *,
    on_progress: ProgressCallback,
    cancelled: CancelCheck,
) -> Adapter:
    """Train, gate and land one adapter; a rejected one is landed too, switched off, with its scores.

    Until it is landed, nothing of it shows: its folder is owned by no adapter of the catalogue.
    Raises Cancelled, TrainingDiverged, CannotTrain.
    """
    bench = rooms.workbench()
    recipe = _recipe(rooms, kind, stretch)
    draft_id = adapter_id(
        kind, profile=stretch.profile, base=bench.model.identity, turn_versions=stretch.turn_versions, recipe=recipe
    )
    seed = derive_seed(draft_id)
    plan = (
        plan_knowledge(rooms, stretch, lessons, seed=seed)
        if kind is AdapterKind.KNOWLEDGE
        else plan_behaviour(rooms, stretch, seed=seed)
    )
    folder = rooms.home.adapter_folder(draft_id)
    bench.drop(draft_id)
    shutil.rmtree(folder, ignore_errors=True)
    bench.trainer.train(
        draft_id,
        [bench.model.sample(exchange) for exchange in plan.exchanges],
        recipe=replace(recipe, seed=seed),
        beneath=plan.beneath,
        folder=folder,
        on_progress=on_progress,
        cancelled=cancelled,
    )
    adapter = _gated(rooms, _draft(rooms, draft_id, kind, stretch, recipe, folder), plan)
    bench.drop(draft_id)
    outcome = Outcome.LEARNED if adapter.state is AdapterState.READY else Outcome.REJECTED
    readings = dict.fromkeys(stretch.turn_versions, outcome)
    return rooms.journal.land_adapter(adapter, readings=readings, now=adapter.made_at)


def _recipe(rooms: Rooms, kind: AdapterKind, stretch: Stretch) -> Recipe:
    learning = rooms.settings.learning
    return Recipe(
        rank=learning.rank,
        alpha=learning.alpha,
        learning_rate=learning.learning_rate,
        steps=learning.steps,
        batch_samples=learning.batch_samples,
        seed=learning.seed,
    )


def _draft(rooms: Rooms, draft_id: str, kind: AdapterKind, stretch: Stretch, recipe: Recipe, folder: Path) -> Adapter:
    weights_file = folder / "adapter_model.safetensors"
    made_at = rooms.clock()
    return Adapter(
        id=draft_id,
        name=f"{kind} {made_at:%Y-%m-%d}",
        kind=kind,
        profile=stretch.profile,
        activation=Activation.ALWAYS if kind is AdapterKind.BEHAVIOUR else Activation.ROUTED,
        state=AdapterState.READY,
        weight=1.0,
        base=rooms.workbench().model.identity,
        recipe=recipe,
        sha256=hashlib.sha256(weights_file.read_bytes()).hexdigest(),
        size_bytes=weights_file.stat().st_size,
        made_at=made_at,
        turn_versions=stretch.turn_versions,
    )


def _gated(rooms: Rooms, adapter: Adapter, plan: Plan) -> Adapter:
    """Return the adapter with its scores, ready or rejected."""
    bench, gate = rooms.workbench(), rooms.settings.gate
    alone: Weights = [*plan.beneath, (adapter.id, adapter.weight)]
    known = [Probe(question, key) for question, key in _spread(bench.card.probes, gate.probes)]
    unknown = [*plan.negatives, *(Probe(question, "") for question in _spread(bench.card.unknown, gate.probes))]
    recall = plan.recall(alone)
    with bench.using([]) as model:
        retention_base = share_right(known, model)
    with bench.using(alone) as model:
        scores = Scores(recall, share_right(known, model), retention_base, share_right(unknown, model))
    verdict = judge(scores, gate)
    state = AdapterState.READY if verdict.passed else AdapterState.REJECTED
    return replace(adapter, scores=scores, state=state, reason=verdict.reason)


def _spread(items: Sequence, count: int) -> list:  # type: ignore[type-arg]
    """Return at most ``count`` items, evenly spread."""
    stride = max(1, len(items) // count)
    return list(items[::stride][:count])
