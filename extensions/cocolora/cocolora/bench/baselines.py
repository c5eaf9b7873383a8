"""What a user would do instead: raw turns, every adapter active or merged, one on top of the other, text alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from cocolora.bench.exam import Exam, Scores, examine
from cocolora.core.adapters import Adapter, AdapterKind, Recipe
from cocolora.core.events import ignore_progress, never_cancelled
from cocolora.core.ids import derive_id
from cocolora.core.lessons import Exchange, LessonKind
from cocolora.core.rollup import RollupMethod
from cocolora.core.routing import Route
from cocolora.demo.asking import Arrange, bare, everything, text_only
from cocolora.engine import Engine
from cocolora.engine.answer import Context
from cocolora.engine.summing import write_sum

Weights = tuple[tuple[str, float], ...]
Baseline = Callable[[Engine, Exam], Scores]


def with_adapters(weights: Weights) -> Arrange:
    """Keep exactly these adapters active on every prompt, with no quoted memory."""
    return lambda context: Context(route=Route(weights))


def micro_adapters(engine: Engine) -> list[Adapter]:
    """Return the adapters of single stretches, whether they are rolled up by now or not."""
    return [a for a in engine.adapters() if a.level == 0 and a.kind is AdapterKind.KNOWLEDGE and a.scores]


def _behaviour(engine: Engine) -> Weights:
    return tuple((a.id, 1.0) for a in engine.adapters() if a.kind is AdapterKind.BEHAVIOUR and a.usable)


def _all_active(engine: Engine, exam: Exam) -> Scores:
    """Keep every adapter active on every prompt, each with weight 1."""
    weights = tuple((adapter.id, 1.0) for adapter in micro_adapters(engine))
    return examine(engine, exam, with_adapters((*_behaviour(engine), *weights)))


def _svd_merge(engine: Engine, exam: Exam) -> Scores:
    """Merge all adapters as the webui does with several LoRAs: their sum, at the rank of the largest."""
    sources = [*(a for a in engine.adapters() if a.kind is AdapterKind.BEHAVIOUR and a.usable), *micro_adapters(engine)]
    rank = max(source.recipe.rank for source in sources)
    draft = replace(sources[0], id=derive_id("adapter", "svd merge"), recipe=replace(sources[0].recipe, rank=rank))
    write_sum(engine.home, draft, sources, RollupMethod.SVD)
    try:
        return examine(engine, exam, with_adapters(((draft.id, 1.0),)))
    finally:
        _discard(engine, [draft.id])


def _raw_turns(engine: Engine, exam: Exam) -> Scores:
    """Train one adapter on all turns as they were said, as the webui's Training tab does, with as many steps."""
    recipes = [adapter.recipe for adapter in micro_adapters(engine)]
    adapter_id = derive_id("adapter", "raw turns")
    exchanges = [Exchange(tuple(turn.messages[:1]), turn.reply) for turn in engine.turns()]
    steps = sum(recipe.steps for recipe in recipes)
    try:
        _train(engine, adapter_id, exchanges, recipe=replace(recipes[0], steps=steps), beneath=())
        return examine(engine, exam, with_adapters(((adapter_id, 1.0),)))
    finally:
        _discard(engine, [adapter_id])


def _sequential(engine: Engine, exam: Exam) -> Scores:
    """Train each stretch's lessons on top of all adapters before it, which stay active."""
    replay = list(engine.workbench().bare_replay().exchanges)
    active: Weights = _behaviour(engine)
    made: list[str] = []
    try:
        for number, micro in enumerate(micro_adapters(engine)):
            adapter_id = derive_id("adapter", "sequential", number)
            exchanges = [*_lessons(engine, micro), *replay[number :: len(replay) // 16]]
            _train(engine, adapter_id, exchanges, recipe=micro.recipe, beneath=active)
            made.append(adapter_id)
            active = (*active, (adapter_id, 1.0))
        return examine(engine, exam, with_adapters(active))
    finally:
        _discard(engine, made)


def _lessons(engine: Engine, adapter: Adapter) -> Iterable[Exchange]:
    for lesson in engine.journal.lessons(adapter.turn_ids, adapter.base.fingerprint):
        if not lesson.held_out and lesson.kind in (LessonKind.FACT, LessonKind.NEGATIVE):
            yield Exchange(({"role": "user", "content": lesson.question},), lesson.answer)


def _train(engine: Engine, adapter_id: str, exchanges: Sequence[Exchange], *, recipe: Recipe, beneath: Weights) -> None:
    bench = engine.workbench()
    with bench.using(beneath):
        bench.trainer.train(
            adapter_id,
            [bench.model.sample(exchange) for exchange in exchanges],
            recipe=recipe,
            beneath=beneath,
            folder=engine.home.adapter_folder(adapter_id),
            on_progress=ignore_progress,
            cancelled=never_cancelled,
        )


def _discard(engine: Engine, adapter_ids: Iterable[str]) -> None:
    for adapter_id in adapter_ids:
        engine.workbench().drop(adapter_id)
        shutil.rmtree(engine.home.adapter_folder(adapter_id), ignore_errors=True)


BASELINES: dict[str, Baseline] = {
    "base": lambda engine, exam: examine(engine, exam, bare),
    "text_memory": lambda engine, exam: examine(engine, exam, text_only),
    "cocolora_with_quotes": lambda engine, exam: examine(engine, exam, everything),
    "all_active": _all_active,
    "svd_merge": _svd_merge,
    "sequential": _sequential,
    "raw_turns": _raw_turns,
}
"""What is measured beside cocolora, on the same facts in the same run."""
_TRAINED = ("sequential", "raw_turns")


def baselines_of(seed: int, seeds: int) -> dict[str, Baseline]:
    """Return what is measured in one of the lives: all of it, but for the rivals that are trained.

    They take as long as a life: each is trained in one life, not in the same if there are several.
    """
    elsewhere = {name for number, name in enumerate(_TRAINED) if number % seeds != seed}
    return {name: baseline for name, baseline in BASELINES.items() if name not in elsewhere}
