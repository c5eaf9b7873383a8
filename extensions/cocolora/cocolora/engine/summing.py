"""Summing: one adapter that changes what several change together, without training."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from cocolora.core.adapters import Adapter, adapter_id
from cocolora.core.rollup import RollupMethod, RollupPlan
from cocolora.engine.examine import examine, examine_among
from cocolora.engine.home import Home
from cocolora.engine.plans import Assignment, make_plan
from cocolora.engine.run import Run
from cocolora.engine.teach import draft_adapter, make_room
from cocolora.sharing import BundledAdapter, combine, read_weights, truncate, write_folder


def sum_up(run: Run, task: Assignment, plan: RollupPlan) -> Adapter:
    """Make the sum of a rollup's sources and judge it as any other; its files are in its folder then.

    ``cat`` is the exact sum, at the sum of the ranks; ``svd`` its nearest adapter of the largest single rank. Both
    inherit what adapters that were trained apart from each other do to each other, so that the gate refuses most.
    """
    draft = draft_adapter(run, task, attempt=0)
    rank = rank_of_sum(plan.sources, plan.method)
    recipe = replace(draft.recipe, rank=rank, alpha=float(rank), steps=0)
    draft = replace(draft, recipe=recipe)
    draft = replace(draft, id=adapter_id(draft))
    make_room(run, draft)
    with run.rooms.home.putting_back():
        return _judged_sum(run, task, plan, draft)


def _judged_sum(run: Run, task: Assignment, plan: RollupPlan, draft: Adapter) -> Adapter:
    size = write_sum(run.rooms.home, draft, plan.sources, plan.method)
    weights = (run.rooms.home.adapter_folder(draft.id) / "adapter_model.safetensors").read_bytes()
    written = replace(draft, sha256=hashlib.sha256(weights).hexdigest(), size_bytes=size)
    judged = examine_among(run, task, examine(run, task, make_plan(run, task, seed=0, attempt=0), written))
    run.rooms.workbench().drop(draft.id)
    return judged


def rank_of_sum(sources: Sequence[Adapter], method: RollupMethod) -> int:
    """Return the rank of the sum of adapters."""
    ranks = [source.recipe.rank for source in sources]
    return sum(ranks) if method is RollupMethod.CAT else max(ranks)


def write_sum(home: Home, draft: Adapter, sources: Sequence[Adapter], method: RollupMethod) -> int:
    """Write the weighted sum of adapters as the files of ``draft``; return the size of its weights in bytes."""
    from cocolora.stack.files import write_manifest
    from cocolora.stack.manifest import Manifest

    parts = [(BundledAdapter(one, home.adapter_folder(one.id), ()), one.weight) for one in sources]
    joined = combine([(read_weights(bundled), weight) for bundled, weight in parts])
    summed = truncate(joined, draft.recipe.rank) if method is RollupMethod.SVD else joined
    folder = home.adapter_folder(draft.id)
    write_folder(summed, folder, base=draft.base)
    weights = folder / "adapter_model.safetensors"
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    write_manifest(folder, Manifest(adapter_id=draft.id, base=draft.base, recipe=draft.recipe, sha256=sha256))
    return weights.stat().st_size
