"""What a user would do instead: train on the raw turns, or keep every adapter active."""

from __future__ import annotations

import shutil
from dataclasses import replace

from cocolora.bench.exam import Exam, examine
from cocolora.core.adapters import Activation
from cocolora.core.events import ignore_progress, never_cancelled
from cocolora.core.ids import derive_id
from cocolora.core.lessons import Exchange
from cocolora.core.routing import Route
from cocolora.demo.asking import Arrange
from cocolora.engine import Engine
from cocolora.engine.answer import Context


def all_active(engine: Engine) -> Arrange:
    """Keep every adapter active on every prompt, each with weight 1."""
    weights = tuple(
        (adapter.id, 1.0) for adapter in engine.adapters() if adapter.usable or adapter.activation is Activation.OFF
    )
    return lambda context: Context(route=Route(weights))


def raw_turns(engine: Engine, exam: Exam) -> dict[str, float]:
    """Train one adapter on all turns as they were said, with as many steps for each stretch as cocolora takes."""
    bench = engine.workbench()
    recipes = [adapter.recipe for adapter in engine.adapters()]
    adapter_id = derive_id("adapter", "raw turns")
    folder = engine.home.adapter_folder(adapter_id)
    exchanges = [Exchange(tuple(turn.messages[:1]), turn.reply) for turn in engine.turns()]
    bench.trainer.train(
        adapter_id,
        [bench.model.sample(exchange) for exchange in exchanges],
        recipe=replace(recipes[0], steps=sum(recipe.steps for recipe in recipes)),
        beneath=[],
        folder=folder,
        on_progress=ignore_progress,
        cancelled=never_cancelled,
    )
    try:
        return examine(engine, exam, lambda context: Context(route=Route(((adapter_id, 1.0),))))
    finally:
        bench.drop(adapter_id)
        shutil.rmtree(folder)
