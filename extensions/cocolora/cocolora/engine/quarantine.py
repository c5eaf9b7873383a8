"""Quarantine: an imported adapter passes the gate here, on this model, before it may answer anything."""

from __future__ import annotations

from dataclasses import replace

from cocolora.core.adapters import Adapter, AdapterState
from cocolora.engine.examine import examine_imported
from cocolora.engine.run import Run
from cocolora.errors import AdapterRejected

NEXT_STEP = "It was imported and does not pass the gate on this model. Delete it, or lower the gate's settings first."


def admit(run: Run, adapter: Adapter) -> Adapter:
    """Ask an imported adapter what the base knew and what it cannot know; keep its scores and the verdict.

    What it was told is not here, so its recall stays what its maker measured. Raises AdapterRejected, NoModel,
    AdapterMissing, AdapterDamaged, BaseMismatch.
    """
    scores, verdict = examine_imported(run, adapter)
    run.rooms.workbench().drop(adapter.id)
    scores = replace(scores, recall=adapter.scores.recall if adapter.scores else 0.0)
    state = AdapterState.READY if verdict.passed else AdapterState.REJECTED
    reason = "" if verdict.passed else verdict.reason
    admitted = run.rooms.journal.change_adapter(adapter.id, state=state, scores=scores, reason=reason)
    if not verdict.passed:
        raise AdapterRejected(adapter.name, reason, next_step=NEXT_STEP)
    return admitted
