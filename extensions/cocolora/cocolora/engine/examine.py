"""Examining: what the gate asks of a trained adapter, of the stack around it, and of the whole stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from cocolora.core.adapters import Adapter, AdapterState, stack_mark
from cocolora.core.gate import Probe, Scores, Verdict, judge
from cocolora.core.lessons import LessonKind
from cocolora.core.records import KeptVerdict, Occasion
from cocolora.core.routing import Hit, Route, choose_route
from cocolora.engine.answer import routing_hits
from cocolora.engine.plans import Assignment, Plan
from cocolora.engine.run import Run
from cocolora.engine.workbench import Weights
from cocolora.errors import Cancelled
from cocolora.gate.probes import marks, median_loss, share, share_right

T = TypeVar("T")
Catalogue = Mapping[str, Adapter]


def examine(run: Run, task: Assignment, plan: Plan, adapter: Adapter) -> Adapter:
    """Return the adapter with the scores of what it shows by itself, ready or rejected."""
    weights = [*task.beneath.weights, (adapter.id, adapter.weight)]
    scores = replace(_scores_alone(run, plan.negatives, weights), recall=plan.recall(weights))
    return _judged(run, adapter, scores)


def examine_among(run: Run, task: Assignment, adapter: Adapter) -> Adapter:
    """Return an examined adapter judged also by its sources and by what it does to the stack around it."""
    assert adapter.scores is not None, "examine it first"
    before, neighbours = _recall_of_sources(run, task), _neighbours(run, task, adapter)
    return _judged(run, adapter, replace(adapter.scores, recall_before=before, neighbours=neighbours))


def _judged(run: Run, adapter: Adapter, scores: Scores) -> Adapter:
    verdict = judge(scores, run.settings.gate)
    state = AdapterState.READY if verdict.passed else AdapterState.REJECTED
    return replace(adapter, scores=scores, state=state, reason=verdict.reason)


def examine_imported(run: Run, adapter: Adapter) -> tuple[Scores, Verdict]:
    """Ask an adapter what can be asked without its turns: retention, abstention and the loss on other text."""
    scores = replace(_scores_alone(run, (), [(adapter.id, adapter.weight)]), recall=1.0)
    return scores, judge(scores, run.settings.gate)


def _scores_alone(run: Run, negatives: Sequence[Probe], weights: Weights) -> Scores:
    bench = run.rooms.workbench()
    known, unknown = _known(run), [*negatives, *_unknown(run)]
    text = bench.other_text(run.settings.gate.probes)
    with bench.borrowing([]) as model:
        retention_base, loss_base = share_right(known, model), median_loss(text, model)
    with bench.borrowing(weights) as model:
        return Scores(
            recall=0.0,
            retention=share_right(known, model),
            retention_base=retention_base,
            abstention=share_right(unknown, model),
            loss=median_loss(text, model),
            loss_base=loss_base,
        )


def _known(run: Run) -> list[Probe]:
    probes = spread(run.rooms.workbench().card.probes, run.settings.gate.probes)
    return [Probe(question, key) for question, key in probes]


def _unknown(run: Run) -> list[Probe]:
    questions = spread(run.rooms.workbench().card.unknown, run.settings.gate.probes)
    return [Probe(question, "") for question in questions]


def _recall_of_sources(run: Run, task: Assignment) -> float:
    """Return what the sources of a rollup recall of its probes, each asked of the one that learned it."""
    by_turn = {
        turn_id: source
        for source in run.rooms.journal.adapters(run.profile)
        if source.id in task.sources
        for turn_id in source.turn_ids
    }
    right: list[bool] = []
    for source in {source.id: source for source in by_turn.values()}.values():
        asked = [probe for probe, turn_id in task.probes if by_turn.get(turn_id) is source]
        with run.rooms.workbench().borrowing([*task.beneath.weights, (source.id, source.weight)]) as model:
            right += marks(asked, model)
    return share(right) if right else 0.0


def _neighbours(run: Run, task: Assignment, adapter: Adapter) -> float:
    """Return the share of the stack's questions that this adapter does not spoil by changing their route.

    The share is of all that could be asked, not of what changed: of one or two questions nothing could be judged.
    """
    catalogue = {one.id: one for one in run.rooms.adapters(run.profile).values() if one.id != adapter.id}
    gone = {*task.sources, *task.replaces}
    with_it = {one.id: one for one in catalogue.values() if one.id not in gone} | {adapter.id: adapter}
    probes = [*held_out_probes(run, catalogue, but=adapter.turn_ids), *_known(run), *_unknown(run)]
    hits = {probe: routing_hits(run.rooms, probe.question, profile=run.profile) for probe in probes}
    changed = [probe for probe in probes if _route(run, hits[probe], catalogue) != _route(run, hits[probe], with_it)]
    before = sum(_ask_routed(run, changed, hits, catalogue))
    after = sum(_ask_routed(run, changed, hits, with_it))
    return 1 - max(0, before - after) / max(1, len(probes))


def held_out_probes(run: Run, catalogue: Catalogue, *, but: Sequence[str] = ()) -> list[Probe]:
    """Return held-out questions of what the stack learned, evenly spread, without those of the turns in ``but``."""
    left_out = set(but)
    turn_ids = {turn_id for adapter in catalogue.values() if adapter.usable for turn_id in adapter.turn_ids}
    fingerprint = run.rooms.workbench().model.identity.fingerprint
    superseded = run.rooms.journal.superseded(turn_ids, fingerprint)
    lessons = [
        lesson
        for lesson in run.rooms.journal.lessons(sorted(turn_ids - left_out), fingerprint)
        if lesson.kind is LessonKind.FACT and lesson.held_out and lesson.id not in superseded
    ]
    return [Probe(lesson.question, lesson.key) for lesson in spread(lessons, run.settings.gate.probes)]


def _route(run: Run, hits: Sequence[Hit], catalogue: Catalogue) -> Route:
    return choose_route(hits, catalogue, routing=run.settings.routing)


def _ask_routed(
    run: Run, probes: Sequence[Probe], hits: Mapping[Probe, Sequence[Hit]], catalogue: Catalogue
) -> list[bool]:
    """Ask each probe with the adapters that it is routed to, and return which answers are right."""
    by_route: dict[tuple[tuple[str, float], ...], list[Probe]] = {}
    for probe in probes:
        by_route.setdefault(_route(run, hits[probe], catalogue).weights, []).append(probe)
    right: list[bool] = []
    for weights, asked in by_route.items():
        with run.rooms.workbench().borrowing(weights) as model:
            right += marks(asked, model)
    return right


def examine_stack(run: Run, occasion: Occasion) -> KeptVerdict:
    """Ask the whole stack as a chat would, from weights alone, and keep the verdict. Raises Cancelled."""
    rooms, catalogue = run.rooms, run.rooms.adapters(run.profile)
    recall, known, unknown = held_out_probes(run, catalogue), _known(run), _unknown(run)
    hits = {probe: routing_hits(rooms, probe.question, profile=run.profile) for probe in (*recall, *known, *unknown)}
    with rooms.workbench().borrowing([]) as model:
        retention_base = share_right(known, model)
    shares = []
    for probes in (recall, known, unknown):
        if run.cancelled():
            raise Cancelled("Asking the stack")
        shares.append(share(_ask_routed(run, probes, hits, catalogue)))
    recalled, kept, declined = shares
    scores = Scores(recalled, kept, retention_base, declined)
    verdict = judge(scores, run.settings.gate)
    mark = stack_mark(catalogue.values())
    judged = KeptVerdict(run.profile, "", occasion, verdict.passed, verdict.reason, scores, rooms.clock(), mark)
    rooms.journal.add_verdict(judged)
    return judged


def spread(items: Sequence[T], count: int) -> list[T]:
    """Return at most ``count`` items, evenly spread over all."""
    stride = max(1, len(items) // count)
    return list(items[::stride][:count])
