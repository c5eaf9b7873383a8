"""``cocolora bench crash``: processes are killed at any moment, and nothing may be lost, half-made or left undone.

For each phase of a life a home is prepared, and what the phase leads to is lived once undisturbed. Then, for each
point, a process begins the phase on a copy of that home and is killed with SIGKILL at one of its writes, or after a
time; another one opens the home again, as a host does, and is compared with the undisturbed life.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cocolora.bench.killing import Ended, Report, WriteCounter, in_child
from cocolora.bench.life import Clock, draw_facts
from cocolora.core.adapters import AdapterState
from cocolora.core.conversations import DEFAULT_PROFILE, Conversation
from cocolora.core.events import Progress, ProgressCallback
from cocolora.core.ports import LanguageModel
from cocolora.core.reconcile import Row
from cocolora.engine import Engine
from cocolora.engine.open_model import model_in
from cocolora.errors import CocoloraError

FACTS = 3
PATIENCE_S = 300.0
BY_TIME_EVERY = 5
"""One of so many points is killed at a time that the parent chooses, not at a write."""

CHEAP: dict[str, dict[str, object]] = {
    "learning": {"automatic": False, "steps": 3, "attempts": 1, "replay_questions": 4, "negatives_per_fact": 1},
    "gate": {
        "recall": 0.0,
        "retention_loss": 1.0,
        "abstention": 0.0,
        "rollup_loss": 1.0,
        "neighbour_loss": 1.0,
        "loss_rise": 10.0,
        "probes": 4,
    },
}
"""Few steps and a gate that lets everything pass: what is asked here is not what was learned."""

Act = Callable[[Engine, Clock, Path, Report], None]


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of a life: what comes before it, what it does, and the kind of job it leaves when it is killed."""

    name: str
    before: tuple[Act, ...]
    act: Act
    job: str = ""


@dataclass(slots=True)
class Tally:
    """What came of a phase's points."""

    points: int = 0
    failures: list[str] = field(default_factory=list)


def tell_pets(engine: Engine, clock: Clock, folder: Path, report: Report) -> None:
    """Record one conversation turn by turn, reporting each one that was kept, and one more conversation."""
    facts = draw_facts(1, FACTS)
    for name, told in (("first", facts[:2]), ("second", facts[2:])):
        rows: list[Row] = []
        for number, fact in enumerate(told):
            said_at = clock().replace(minute=number)
            rows.append(Row(fact.statement, fact.reply, said_at))
            engine.record(Conversation(name, DEFAULT_PROFILE, name, "bench", clock()), rows)
            report(fact.statement)


def learn_all(engine: Engine, clock: Clock, folder: Path, report: Report) -> None:
    """Learn what was told."""
    engine.learn()


def forget_first(engine: Engine, clock: Clock, folder: Path, report: Report) -> None:
    """Forget the first fact: what shared its adapter is learned again."""
    turns = [turn for turn in engine.turns() if turn.user == draw_facts(1, FACTS)[0].statement]
    if turns:
        engine.forgetting.forget(engine.forgetting.plan(turn_ids=[turn.id for turn in turns]))


def roll_all_up(engine: Engine, clock: Clock, folder: Path, report: Report) -> None:
    """Make one adapter of all that were learned, unless that was done."""
    learned = [a.id for a in engine.adapters() if a.state is AdapterState.READY and not a.sources]
    if len(learned) > 1:
        (plan,) = engine.rollups.plan(adapter_ids=learned)
        engine.rollups.roll_up(plan)


def export_all(engine: Engine, clock: Clock, folder: Path, report: Report) -> None:
    """Write the adapters as a bundle, unless that was done."""
    if not (folder / "stack.zip").exists():
        engine.sharing.export(folder / "stack.zip", with_questions=True)


def save_chats(engine: Engine, clock: Clock, folder: Path, report: Report) -> None:
    """Write what was told as chats in files."""
    for number, fact in enumerate(draw_facts(1, FACTS)):
        said = [{"role": "user", "content": fact.statement}, {"role": "assistant", "content": fact.reply}]
        (folder / f"chat-{number}.json").write_text(json.dumps({"messages": said}))


def import_all(engine: Engine, clock: Clock, folder: Path, report: Report) -> None:
    """Record the chats in the files."""
    engine.conversations.import_chats(sorted(folder.glob("chat-*.json")))


def correct_first(engine: Engine, clock: Clock, folder: Path, report: Report) -> None:
    """Give the first turn another text, and learn that in its place."""
    fact = draw_facts(1, FACTS)[0]
    for turn in engine.turns(conversation_id="first"):
        if turn.user == fact.statement:
            engine.conversations.edit_turn(turn.id, conversation_id="first", user=fact.correction, reply=turn.reply)
    engine.learn()


def move_first(engine: Engine, clock: Clock, folder: Path, report: Report) -> None:
    """Move the first conversation to another profile, and learn it there."""
    if engine.turns(conversation_id="first", profile=DEFAULT_PROFILE):
        engine.profiles.move("first", profile=_OTHER_PROFILE)
    for profile in (DEFAULT_PROFILE, _OTHER_PROFILE):
        engine.learn(profile=profile)


def undo_rollup(engine: Engine, clock: Clock, folder: Path, report: Report) -> None:
    """Let what was rolled up answer again, unless it does."""
    for adapter in engine.adapters():
        if adapter.sources and adapter.state is not AdapterState.REJECTED:
            engine.rollups.undo(adapter.id)


def delete_all(engine: Engine, clock: Clock, folder: Path, report: Report) -> None:
    """Delete the adapters: only the bundle still holds them."""
    for adapter in engine.adapters():
        engine.catalogue.delete(adapter.id)


def take_in_all(engine: Engine, clock: Clock, folder: Path, report: Report) -> None:
    """Take the adapters in from the bundle, unless that was done."""
    if not engine.adapters():
        engine.sharing.take_in(folder / "stack.zip")


_OTHER_PROFILE = "work"
PHASES = (
    Phase("record", (), tell_pets),
    Phase("import", (save_chats,), import_all, job="import"),
    Phase("learn", (tell_pets,), learn_all, job="learn"),
    Phase("edit", (tell_pets, learn_all), correct_first),
    Phase("forget", (tell_pets, learn_all), forget_first, job="forget"),
    Phase("move", (tell_pets, learn_all), move_first),
    Phase("rollup", (tell_pets, learn_all), roll_all_up, job="rollup"),
    Phase("undo", (tell_pets, learn_all, roll_all_up), undo_rollup),
    Phase("export", (tell_pets, learn_all), export_all),
    Phase("take in", (tell_pets, learn_all, export_all, delete_all), take_in_all),
)


def run_crash(base: Path, *, points: int, seed: int, on_progress: ProgressCallback) -> dict[str, Any]:
    """Kill ``points`` processes, as many in each phase, and return what was found afterwards.

    Raises CocoloraError where processes cannot be forked.
    """
    if not hasattr(os, "fork"):
        raise CocoloraError("This system cannot fork processes. Run this benchmark on Linux or macOS.")
    os.environ |= {"TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1"}  # threads would not survive a fork
    began = time.monotonic()
    find_model = model_in(base)
    find_model()
    tallies = {phase.name: Tally() for phase in PHASES}
    with tempfile.TemporaryDirectory(prefix="cocolora-crash-") as folder:
        homes = _Homes(Path(folder), find_model)
        phases = [_PhaseRun(phase, homes) for phase in PHASES]
        for number in range(points):
            on_progress(Progress("killing", number, points))
            run = phases[number % len(phases)]
            _try_point(run, tallies[run.phase.name], number // len(phases), seed=seed)
    on_progress(Progress("killing", points, points))
    return {
        "points": points,
        "phases": {name: {"points": tally.points, "failures": len(tally.failures)} for name, tally in tallies.items()},
        "failures": [failure for tally in tallies.values() for failure in tally.failures],
        "seconds": round(time.monotonic() - began, 1),
    }


def _try_point(run: _PhaseRun, tally: Tally, number: int, *, seed: int) -> None:
    where, faults = run.kill_once(number, rng=random.Random(f"{seed} {run.phase.name} {number}"))
    tally.points += 1
    if faults:
        tally.failures.append(f"{run.phase.name}, {where}: {'; '.join(faults)}")


class _Homes:
    """Homes on which a phase begins; what several phases have behind them is lived once."""

    def __init__(self, folder: Path, find_model: Callable[[], LanguageModel | None]) -> None:
        self.folder = folder
        self._find_model = find_model
        self._prepared: dict[tuple[Act, ...], Path] = {}

    def open(self, place: Path, *, resident: bool = False) -> Engine:
        """Open the home in ``place``."""
        return Engine(place / "home", self._find_model, clock=Clock(), resident=resident)

    def after(self, acts: tuple[Act, ...]) -> Path:
        """Return the place of a home with these acts behind it."""
        if acts not in self._prepared:
            place = self.folder / f"prepared-{len(acts)}-{len(self._prepared)}"
            if acts:
                shutil.copytree(self.after(acts[:-1]), place)
            _require(in_child(lambda report: self._live(place, acts[-1:], report)))
            self._prepared[acts] = place
        return self._prepared[acts]

    def _live(self, place: Path, acts: Sequence[Act], report: Report) -> None:
        place.mkdir(exist_ok=True)
        engine = self.open(place)
        for section, values in CHEAP.items():
            engine.change_settings(section, **values)
        for act in acts:
            act(engine, Clock(), place, report)
        engine.close()


class _PhaseRun:
    """One phase, prepared once, with what it leads to when nothing disturbs it."""

    def __init__(self, phase: Phase, homes: _Homes) -> None:
        self.phase = phase
        self._homes = homes
        self._folder = homes.folder / phase.name
        self._folder.mkdir()
        undisturbed = self._copy("undisturbed")
        lived = _require(in_child(lambda report: self._act(undisturbed, report, None)))
        self._changes = int(lived.reports[-1])
        self._act_s = lived.seconds
        self._expected = _require(in_child(lambda report: self._look(undisturbed, report))).reports[-1]

    def kill_once(self, number: int, *, rng: random.Random) -> tuple[str, list[str]]:
        """Kill the phase once and look what is left; return where it was killed, and what is wrong."""
        place = self._copy("point")
        if number % BY_TIME_EVERY == BY_TIME_EVERY - 1:
            after_s = rng.uniform(0, self._act_s)
            where = f"after {after_s:.3f} s"
            killed = in_child(lambda report: self._act(place, report, None), kill_after_s=after_s)
        else:
            kill_at = rng.randint(1, self._changes)
            where = f"at change {kill_at} of {self._changes}"
            killed = in_child(lambda report: self._act(place, report, kill_at))
        if killed.trouble:
            return where, [killed.trouble]
        seen = in_child(lambda report: self._recover(place, report, killed))
        if seen.trouble or not seen.reports:
            return where, [seen.trouble or "the process that opened the home again died"]
        faults = list(seen.reports[-1]["faults"])
        if seen.reports[-1]["left"] != self._expected:
            faults.append(f"came to {seen.reports[-1]['left']}, an undisturbed life to {self._expected}")
        return where, faults

    def _copy(self, name: str) -> Path:
        place = self._folder / name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self._homes.after(self.phase.before), place)
        return place

    def _act(self, place: Path, report: Report, kill_at: int | None) -> None:
        counter = WriteCounter(kill_at)
        engine = self._homes.open(place)
        counter.begin()
        self.phase.act(engine, Clock(), place, report)
        engine.close()
        report(counter.changes)

    def _recover(self, place: Path, report: Report, killed: Ended) -> None:
        """Open the home as a host does, let it do by itself what was begun, then do the rest, and look."""
        engine = self._homes.open(place, resident=True)
        faults = [] if engine.jobs.wait(PATIENCE_S) else ["the jobs did not end"]
        faults += [str(fault) for fault in engine.verify()]
        kept = {turn.user for turn in engine.turns()}
        faults += [f"lost a turn: {told}" for told in killed.reports if isinstance(told, str) and told not in kept]
        begun = [job for job in engine.journal.queue.recent() if job.kind == self.phase.job]
        faults += [f"the {job.kind} job ended {job.state}: {job.message}" for job in begun if job.state != "done"]
        if not begun:  # it was killed before anything of it was written down; now its user asks again
            self.phase.act(engine, Clock(), place, lambda told: None)
        faults += [str(fault) for fault in engine.verify()]
        left = _left(engine, place)
        engine.close()
        report({"faults": faults, "left": left})

    def _look(self, place: Path, report: Report) -> None:
        engine = self._homes.open(place)
        left = _left(engine, place)
        engine.close()
        report(left)


def _left(engine: Engine, place: Path) -> dict[str, Any]:
    """Return what a life came to: its turns, its adapters bit for bit, their state, and the files beside its home."""
    return {
        "turns": sorted(turn.user for turn in engine.turns()),
        "adapters": {adapter.id: f"{adapter.state} {adapter.sha256}" for adapter in engine.adapters()},
        "folders": sorted(path.name for path in engine.home.adapters_folder.iterdir()),
        "exported": (place / "stack.zip").stat().st_size if (place / "stack.zip").exists() else None,
    }


def _require(ended: Ended) -> Ended:
    if ended.trouble or ended.killed:
        raise RuntimeError(f"the undisturbed life failed: {ended.trouble or 'it was killed'}")
    return ended
