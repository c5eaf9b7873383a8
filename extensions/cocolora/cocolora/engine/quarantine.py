"""Quarantine: an imported adapter passes the gate here, on this model, before it may answer anything."""

from __future__ import annotations

from dataclasses import replace

from cocolora.core.adapters import Adapter, AdapterState
from cocolora.core.gate import Probe, Scores, judge
from cocolora.engine.rooms import Rooms
from cocolora.engine.teach import spread
from cocolora.errors import AdapterRejected
from cocolora.gate.probes import share_right

NEXT_STEP = "It was imported and does not pass the gate on this model. Delete it, or lower the gate's settings first."


def admit(rooms: Rooms, adapter: Adapter) -> Adapter:
    """Ask an imported adapter what the base knew and what it cannot know; keep its scores and the verdict.

    What it was told is not here, so its recall stays what its maker measured. Raises AdapterRejected, NoModel,
    AdapterMissing, AdapterDamaged, BaseMismatch.
    """
    bench, gate = rooms.workbench(), rooms.settings.gate
    known = [Probe(question, key) for question, key in spread(bench.card.probes, gate.probes)]
    unknown = [Probe(question, "") for question in spread(bench.card.unknown, gate.probes)]
    with bench.using([]) as model:
        retention_base = share_right(known, model)
    with bench.using([(adapter.id, adapter.weight)]) as model:
        retention, abstention = share_right(known, model), share_right(unknown, model)
    bench.drop(adapter.id)
    claimed = adapter.scores.recall if adapter.scores else 0.0
    scores = Scores(claimed, retention, retention_base, abstention)
    verdict = judge(replace(scores, recall=1.0), gate)
    state = AdapterState.READY if verdict.passed else AdapterState.REJECTED
    reason = "" if verdict.passed else verdict.reason
    admitted = rooms.journal.change_adapter(adapter.id, state=state, scores=scores, reason=reason)
    if not verdict.passed:
        raise AdapterRejected(adapter.name, reason, next_step=NEXT_STEP)
    return admitted
