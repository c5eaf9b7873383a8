"""The command ``rollup``: what would become one adapter, doing it, undoing it, and discarding what it kept."""

from __future__ import annotations

import dataclasses
from argparse import Namespace

from cocolora.cli.adapters import as_values, find_adapter
from cocolora.cli.terminal import progress_bar, show
from cocolora.core.adapters import AdapterState
from cocolora.core.phrases import count
from cocolora.core.rollup import RollupMethod, RollupPlan
from cocolora.engine import Engine
from cocolora.engine.roll_up import told

NOTHING_DUE = "Nothing is due to be rolled up."


def run_rollup(engine: Engine, arguments: Namespace) -> int:
    """Roll adapters up, or undo that."""
    if arguments.undo:
        return _undo(engine, arguments)
    if arguments.discard:
        return _discard(engine, arguments)
    chosen = [find_adapter(engine, wanted, arguments).id for wanted in arguments.adapter or ()]
    plans = engine.rollups.plan(profile=arguments.profile, adapter_ids=chosen, method=RollupMethod(arguments.method))
    return _show_plans(arguments, plans) if arguments.plan else _roll_up(engine, arguments, plans)


def _show_plans(arguments: Namespace, plans: tuple[RollupPlan, ...]) -> int:
    lines = [
        f"{', '.join(adapter.name for adapter in plan.sources)} → one adapter of level {plan.level}: {plan.reason}; "
        f"its sources took {sum(adapter.recipe.steps for adapter in plan.sources)} optimiser steps together"
        for plan in plans
    ]
    values = [
        {"sources": [adapter.id for adapter in plan.sources], "level": plan.level, "reason": plan.reason}
        for plan in plans
    ]
    show(arguments, {"plans": values}, *(lines or [NOTHING_DUE]))
    return 0


def _roll_up(engine: Engine, arguments: Namespace, plans: tuple[RollupPlan, ...]) -> int:
    with progress_bar(arguments) as on_progress:
        made = [engine.rollups.roll_up(plan, profile=arguments.profile, on_progress=on_progress) for plan in plans]
    values = {"adapters": [as_values(adapter) for adapter in made]}
    show(arguments, values, *(map(told, made) if made else [NOTHING_DUE]))
    return 0 if all(adapter.state is AdapterState.READY for adapter in made) else 1


def _undo(engine: Engine, arguments: Namespace) -> int:
    restored = engine.rollups.undo(find_adapter(engine, arguments.undo, arguments).id)
    said = f"{count(len(restored), 'adapter')} answer again in the place of the rollup."
    show(arguments, {"adapters": [dataclasses.asdict(adapter) for adapter in restored]}, said)
    return 0


def _discard(engine: Engine, arguments: Namespace) -> int:
    discarded = engine.rollups.discard()
    said = f"Deleted {count(len(discarded), 'rolled-up adapter')}; their rollups can no longer be undone."
    show(arguments, {"discarded": [adapter.id for adapter in discarded]}, said)
    return 0
