"""``cocolora bench forgetting``: what is forgotten is gone, what is rebuilt is as if it had never been told.

A life is lived, then single turns, a conversation, an updated fact and facts in rollups are forgotten. A second life on
the same schedule, in which these were taken back before they were learned, must hold the same adapters bit for bit.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cocolora.bench.life import Life, Script, read_notes, write_script
from cocolora.bench.side_by_side import each_life
from cocolora.core.adapters import Adapter, AdapterState
from cocolora.core.events import Progress, ProgressCallback
from cocolora.core.gate import Probe
from cocolora.core.rollup import RollupPlan
from cocolora.demo.asking import ask_all, mark, weights_only
from cocolora.demo.world import PersonalFact
from cocolora.engine.open_model import model_in

FORGOTTEN_FACTS = 8
_FORGETS, _NEVER_KNEW = "forgets", "never-knew"
_POLL_S = 1.0


def run_forgetting(
    base: Path,
    *,
    facts: int,
    facts_per_stretch: int,
    rollup_every: int,
    scratch: Path | None,
    on_progress: ProgressCallback,
) -> dict[str, Any]:
    """Live, forget, live again without it, and compare; with ``scratch``, an interrupted run goes on."""
    common = {
        "base": str(base),
        "facts": facts,
        "per_stretch": facts_per_stretch,
        "fan_in": max(2, rollup_every // facts_per_stretch),
    }
    lives = {name: (0, common) for name in (_FORGETS, _NEVER_KNEW)}
    found = each_life(_live, lives, scratch=scratch, on_progress=on_progress)
    told, never = found[_FORGETS], found[_NEVER_KNEW]
    adapters = told.pop("stack")
    return {**told, "bit_identical": adapters == never["stack"], "adapters": len(adapters)}


def _live(folder: Path, seed: int, common: dict[str, Any], on_progress: ProgressCallback) -> dict[str, Any]:
    """Live one of the two lives: the other lies beside it."""
    live = _forget_in_a_life if folder.name == _FORGETS else _never_knew
    return live(folder, seed, common, on_progress)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is forgotten of a life: single turns, one whole conversation, and one fact with its update."""

    turns: tuple[int, ...]
    conversation: tuple[int, ...]
    updated: int

    @property
    def places(self) -> frozenset[int]:
        """The places of all facts that are forgotten."""
        return frozenset((*self.turns, *self.conversation, self.updated))


def choose(script: Script, per_stretch: int) -> Choice:
    """Choose eight facts: a conversation of the first half, a fact that was updated, and single ones for the rest."""
    rng = random.Random(f"forget-{script.seed}")
    updated = script.updates[0]
    stretches = [range(start, start + per_stretch) for start in range(0, len(script.facts), per_stretch)]
    untouched = [stretch for stretch in stretches if not set(stretch) & set(script.updates)]
    conversation = tuple(rng.choice(untouched))[: FORGOTTEN_FACTS - 2]
    taken = {updated, *conversation, *script.updates}
    left = [place for place in range(len(script.facts)) if place not in taken]
    turns = rng.sample(left, FORGOTTEN_FACTS - 1 - len(conversation))
    return Choice(tuple(turns), conversation, updated)


def _said(script: Script, choice: Choice) -> frozenset[str]:
    """Return the messages that are forgotten."""
    told = {script.facts[place].statement for place in choice.places}
    return frozenset(told | {script.facts[choice.updated].correction})


def _forget_in_a_life(folder: Path, seed: int, common: dict[str, Any], on_progress: ProgressCallback) -> dict[str, Any]:
    script = write_script(seed, facts=common["facts"], per_stretch=common["per_stretch"])
    life = Life(folder, script, model_in(Path(common["base"])), common["fan_in"])
    life.open()
    try:
        _live_on(life, on_progress)
        return _forget(life, choose(script, common["per_stretch"]))
    finally:
        life.close()


def _live_on(life: Life, on_progress: ProgressCallback) -> None:
    for day in life.days_left():
        on_progress(Progress("living", life.notes["days"], len(life.script.days)))
        life.live(day)
        by_day = [*life.notes.get("rollups", []), _rollups(life.engine.adapters())]
        life.note(days=life.notes["days"] + 1, rollups=by_day)


def _rollups(adapters: Sequence[Adapter]) -> list[dict[str, Any]]:
    """Return the rollups that hold, as the turns in them, so that another life can follow them."""
    held = (AdapterState.READY, AdapterState.ROLLED_UP)
    return [{"level": a.level, "turns": list(a.turn_ids)} for a in adapters if a.sources and a.state in held]


def _forget(life: Life, choice: Choice) -> dict[str, Any]:
    engine, script = life.engine, life.script
    facts = script.facts_at(script.days[-1])
    gone = [facts[place] for place in sorted(choice.places)]
    others = [fact for place, fact in enumerate(facts) if place not in choice.places]
    before, held = _recall(life, others), len(life.in_use())
    names = {script.facts[place].statement for place in choice.places} | {script.facts[choice.updated].correction}
    turn_ids = [turn.id for turn in engine.turns() if turn.user in names]
    started = time.perf_counter()
    plan = engine.forgetting.plan(turn_ids=turn_ids)
    engine.forgetting.forget(plan)
    seconds = time.perf_counter() - started
    stack = {adapter.id: adapter.sha256 for adapter in life.in_use()}
    after = _recall(life, others)
    return {
        "forgotten_facts": len(gone),
        "forgotten_recall": _recall(life, gone, also_old=script.facts[choice.updated].key),
        "others_change": abs(after - before),
        "others_before": before,
        "others_after": after,
        "bytes_found": _bytes_found(life.folder / "home", [*gone, script.facts[choice.updated]]),
        "seconds": round(seconds, 1),
        "rebuilt_share": round(sum(a.state is AdapterState.READY for a in plan.adapters) / max(1, held), 3),
        "verify_faults": len(engine.verify()),
        "stack": stack,
    }


def _recall(life: Life, facts: Sequence[PersonalFact], *, also_old: str = "") -> float:
    """Return the share of questions, in all wordings, whose answer holds the key; quoted memories are off."""
    probes = [Probe(question, fact.key) for fact in facts for question in fact.probes]
    share = mark(life.engine, probes, weights_only).share
    if not also_old:
        return share
    answers = ask_all(life.engine, [probe.question for probe in probes], weights_only)
    return max(share, sum(also_old.lower() in answer.lower() for answer in answers) / len(answers))


def _bytes_found(home: Path, facts: Sequence[PersonalFact]) -> int:
    """Count the files below ``home`` that hold a forgotten word, whatever its case."""
    words = [word.lower().encode() for fact in facts for word in (fact.key, fact.statement)]
    contents = (path.read_bytes().lower() for path in home.rglob("*") if path.is_file())
    return sum(any(word in content for word in words) for content in contents)


def _never_knew(folder: Path, seed: int, common: dict[str, Any], on_progress: ProgressCallback) -> dict[str, Any]:
    """Live the life without what was forgotten, a day behind the other, with its rollups."""
    script = write_script(seed, facts=common["facts"], per_stretch=common["per_stretch"])
    left_out = _said(script, choose(script, common["per_stretch"]))
    life = Life(folder, script, model_in(Path(common["base"])), 0, left_out=left_out)
    life.open()
    try:
        for day in life.days_left():
            on_progress(Progress("living", life.notes["days"], len(script.days)))
            life.live(day)
            _follow(life, _rollups_on(life.notes["days"], folder.with_name(_FORGETS)))
            life.note(days=life.notes["days"] + 1)
        return {"stack": {adapter.id: adapter.sha256 for adapter in life.in_use()}}
    finally:
        life.close()


def _rollups_on(day: int, other: Path) -> list[dict[str, Any]]:
    """Return the rollups of the other life at the end of a day, once it has lived that, the lower levels first."""
    while (notes := read_notes(other)).get("days", 0) <= day:
        time.sleep(_POLL_S)
    return sorted(notes["rollups"][day], key=lambda rollup: int(rollup["level"]))


def _follow(life: Life, rollups: Sequence[dict[str, Any]]) -> None:
    """Have the rollups that the other life has, each without the turns that are not known here."""
    known = {turn.id for turn in life.engine.turns()}
    wanted = [(rollup["level"], [turn for turn in rollup["turns"] if turn in known]) for rollup in rollups]
    _undo_others(life, {(level, frozenset(turns)) for level, turns in wanted})
    for level, turns in wanted:
        if (level, frozenset(turns)) not in {(a.level, frozenset(a.turn_ids)) for a in life.engine.adapters()}:
            _roll_up(life, level, turns)


def _undo_others(life: Life, wanted: Set[tuple[int, frozenset[str]]]) -> None:
    """Undo the rollups that the other life has no longer: what is not known here took them apart there."""
    while others := [a for a in life.in_use() if a.sources and (a.level, frozenset(a.turn_ids)) not in wanted]:
        life.engine.rollups.undo(others[0].id)


def _roll_up(life: Life, level: int, turns: Sequence[str]) -> None:
    sources = [a for a in life.in_use() if a.turn_ids and a.level < level and set(a.turn_ids) <= set(turns)]
    if sources:
        in_order = sorted(sources, key=lambda source: turns.index(source.turn_ids[0]))
        life.engine.rollups.roll_up(RollupPlan(tuple(in_order), level, "as in the other life"))
