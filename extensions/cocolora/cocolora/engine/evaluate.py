"""Evaluating: the gate's questions put again to adapters that are there, or to the whole stack, as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cocolora.core.adapters import Adapter, AdapterKind
from cocolora.core.events import Progress
from cocolora.core.gate import Scores, Verdict, judge
from cocolora.core.records import KeptVerdict, Occasion
from cocolora.engine.catalogue import check_base
from cocolora.engine.examine import examine, examine_among, examine_imported, examine_stack
from cocolora.engine.plans import Assignment, Beneath, always_on, make_plan
from cocolora.engine.run import Run
from cocolora.errors import Cancelled


def evaluate(run: Run, adapter_ids: Sequence[str]) -> str:
    """Ask each adapter, or the whole stack where none is named; keep the scores and say what was found.

    Whether an adapter takes part stays as it is: that is for its user to change. Raises UnknownId, NoModel,
    CannotTrain, BaseMismatch, Cancelled.
    """
    if not adapter_ids:
        run.on_progress(Progress("asking the stack", 0, 1))
        verdict = examine_stack(run, Occasion.EVALUATED)
        return f"The stack as a whole {verdict.found}."
    said = []
    for number, adapter_id in enumerate(adapter_ids):
        run.on_progress(Progress("asking", number, len(adapter_ids)))
        if run.cancelled():
            raise Cancelled("Evaluating")
        said.append(_evaluate(run, run.rooms.journal.adapter(adapter_id)))
    return " ".join(said)


def _evaluate(run: Run, adapter: Adapter) -> str:
    check_base(run.rooms, adapter)
    scores, verdict = _ask(run, adapter)
    run.rooms.journal.change_adapter(adapter.id, scores=scores)
    kept = KeptVerdict(
        adapter.profile,
        adapter.id,
        Occasion.EVALUATED,
        verdict.passed,
        verdict.reason,
        scores,
        run.rooms.clock(),
    )
    run.rooms.journal.add_verdict(kept)
    still_on = " It takes part all the same until you switch it off." if adapter.usable and not verdict.passed else ""
    return f'"{adapter.name}" {kept.found}.{still_on}'


def _ask(run: Run, adapter: Adapter) -> tuple[Scores, Verdict]:
    """Ask for everything where the turns are here; what an imported one was told is not, so its recall stays."""
    if adapter.origin:
        scores, _ = examine_imported(run, adapter)
        scores = replace(scores, recall=adapter.scores.recall if adapter.scores else 0.0)
    else:
        task = _assignment(run, adapter)
        alone = examine(run, task, make_plan(run, task, seed=adapter.recipe.seed, attempt=0), adapter)
        asked = examine_among(run, task, alone).scores
        assert asked is not None
        scores = asked
    return scores, judge(scores, run.settings.gate)


def _assignment(run: Run, adapter: Adapter) -> Assignment:
    """Return what the adapter was taught, on top of the behaviour of now; a rollup's sources are not asked again."""
    rooms = run.rooms
    turns = {turn.id: turn for turn in rooms.journal.turns(ids=adapter.turn_ids)}
    knows = adapter.kind is AdapterKind.KNOWLEDGE
    lessons = rooms.journal.lessons(list(adapter.turn_ids), adapter.base.fingerprint) if knows else ()
    return Assignment(
        adapter.kind,
        tuple(turns[turn_id] for turn_id in adapter.turn_ids if turn_id in turns),
        tuple(lessons),
        adapter.left_out,
        always_on(run) if knows else Beneath(),
    )
