"""Plans: what one adapter is trained on, on top of what, and how its recall is asked."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState, TurnVersions
from cocolora.core.conversations import Turn
from cocolora.core.gate import Probe
from cocolora.core.lessons import Exchange, Lesson, LessonKind
from cocolora.core.records import Occasion
from cocolora.engine.run import Run
from cocolora.engine.workbench import Weights
from cocolora.gate.probes import share_right, share_same
from cocolora.lessons.samples import answers_briefly, behaviour_exchanges, knowledge_exchanges, record_replay
from cocolora.lessons.study import keep_unanswered, reworded_negatives

BEHAVIOUR_QUESTIONS = 200
_REPLAY_FOR_EACH_TURN = 8
"""In a rollup: more facts at a higher rank need more of what is to stay beside them."""


@dataclass(frozen=True, slots=True)
class Beneath:
    """The always-on adapters that another is trained on top of, and the turns they descend from."""

    weights: Weights = ()
    turn_versions: TurnVersions = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """An adapter to be made: of which turns and lessons, on top of what, and how it joins the catalogue.

    ``left_out`` are lessons of the turns that no longer hold; ``rebuild`` is the number of the rebuild that it ends,
    and ``made_at`` says when what it makes again was first made.
    """

    kind: AdapterKind
    turns: tuple[Turn, ...]
    lessons: tuple[Lesson, ...] = ()
    left_out: tuple[str, ...] = ()
    beneath: Beneath = Beneath()
    occasion: Occasion = Occasion.LEARNED
    level: int = 0
    sources: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    rebuild: int | None = None
    name: str = ""
    activation: Activation | None = None
    weight: float = 1.0
    place: float | None = None
    made_at: datetime | None = None

    @property
    def facts(self) -> list[Lesson]:
        """The facts that hold."""
        return [lesson for lesson in self.lessons if lesson.kind is LessonKind.FACT and lesson.id not in self.left_out]

    @property
    def probes(self) -> list[tuple[Probe, str]]:
        """The questions that recall is asked by, each with the turn that answers it; none for a behaviour.

        A rollup is asked every question of its facts, for it is compared with what its sources answer: of one question
        for each fact, a single miss would already be more than may be lost.
        """
        held_out = [lesson for lesson in self.facts if lesson.held_out and not self.level] or self.facts
        return [(Probe(lesson.question, lesson.key), lesson.turn_id) for lesson in held_out]

    @property
    def told_turns(self) -> int:
        """How many turns tell a fact that holds."""
        return len({lesson.turn_id for lesson in self.facts})


@dataclass(frozen=True, slots=True)
class Plan:
    """What an adapter is trained on, and how recall is asked of it."""

    exchanges: tuple[Exchange, ...]
    recall: Callable[[Weights], float]
    negatives: tuple[Probe, ...] = ()


def always_on(run: Run) -> Beneath:
    """Return the profile's own behaviour as it is now; what was imported, or set to *always*, is no part of it."""
    found = [adapter for adapter in _behaviours(run) if adapter.usable]
    turn_versions = tuple(pair for adapter in found for pair in adapter.turn_versions)
    return Beneath(tuple((adapter.id, adapter.weight) for adapter in found), turn_versions)


def switched_off(run: Run) -> list[Beneath]:
    """Return each behaviour of the profile's own that its user has switched off."""
    off = [adapter for adapter in _behaviours(run) if not adapter.usable]
    return [Beneath(((adapter.id, adapter.weight),), adapter.turn_versions) for adapter in off]


def _behaviours(run: Run) -> list[Adapter]:
    return [
        adapter
        for adapter in run.rooms.adapters(run.profile).values()
        if adapter.kind is AdapterKind.BEHAVIOUR and adapter.state is AdapterState.READY and not adapter.origin
    ]


def make_plan(run: Run, task: Assignment, *, seed: int, attempt: int) -> Plan:
    """Return what is trained for an assignment with this seed; later attempts replay more beside their more steps."""
    if task.kind is AdapterKind.BEHAVIOUR:
        return _plan_behaviour(run, task, seed=seed)
    return _plan_knowledge(run, task, seed=seed, attempt=attempt)


def _plan_knowledge(run: Run, task: Assignment, *, seed: int, attempt: int) -> Plan:
    """Plan an adapter that knows the facts of its turns, on top of the profile's behaviour."""
    bench, learning = run.rooms.workbench(), run.settings.learning
    bare = bench.bare_replay()
    written = [lesson for lesson in task.lessons if lesson.kind is LessonKind.NEGATIVE]
    with bench.borrowing([]) as model:
        rng = random.Random(seed)
        reworded = reworded_negatives(task.facts, written, model, for_each=learning.negatives_per_fact, rng=rng)
        negatives = keep_unanswered([*written, *reworded], task.turns, task.lessons, model)
    replay = bare
    if task.beneath.weights:
        with bench.borrowing(task.beneath.weights) as model:
            replay = record_replay(bench.card.replay, model)
    exchanges = knowledge_exchanges(
        [*task.facts, *negatives],
        task.turns,
        replay=replay,
        brief=bool(task.beneath.weights) and answers_briefly(replay, bare),
        negatives_per_fact=learning.negatives_per_fact,
        replay_questions=(1 + attempt)
        * max(learning.replay_questions, _REPLAY_FOR_EACH_TURN * task.told_turns * bool(task.level)),
        seed=seed,
    )

    def recall(weights: Weights) -> float:
        with run.rooms.workbench().borrowing(weights) as model:
            return share_right([probe for probe, _ in task.probes], model)

    unknown = tuple(Probe(lesson.question, "") for lesson in negatives if lesson.held_out)
    return Plan(tuple(exchanges), recall, unknown)


def _plan_behaviour(run: Run, task: Assignment, *, seed: int) -> Plan:
    """Plan an adapter that follows the wishes of its turns everywhere, by distilling them from the context."""
    bench = run.rooms.workbench()
    with bench.borrowing([]) as model:
        wished = record_replay(bench.card.replay, model, context=task.turns)
    trained, held_out = behaviour_exchanges(wished, questions=BEHAVIOUR_QUESTIONS, seed=seed)

    def recall(weights: Weights) -> float:
        with run.rooms.workbench().borrowing(weights) as model:
            return share_same(held_out, model)

    return Plan(tuple(trained), recall)


def assign(
    run: Run, turns: Sequence[Turn], lessons: Sequence[Lesson], superseded: Sequence[str], beneath: Beneath
) -> Assignment:
    """Return the assignment of a knowledge adapter for a stretch."""
    ids = {lesson.id for lesson in lessons}
    left_out = tuple(sorted(ids & set(superseded)))
    return Assignment(AdapterKind.KNOWLEDGE, tuple(turns), tuple(lessons), left_out, beneath)
