"""What each kind of job does: from its task alone, so that any process can; done twice, it changes nothing more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from pathlib import Path

from cocolora.core.adapters import Activation, Adapter, AdapterState
from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.core.events import Progress
from cocolora.core.export import ExportForm, Number
from cocolora.core.phrases import count
from cocolora.core.records import Occasion
from cocolora.core.rollup import RollupMethod, RollupPlan
from cocolora.engine import catalogue, evaluate, forget, import_chats, learn, record, roll_up, share
from cocolora.engine.examine import examine_stack
from cocolora.engine.forget import SCRUB, ForgetPlan
from cocolora.engine.import_chats import IMPORT
from cocolora.engine.recheck import RECHECK, recheck
from cocolora.engine.rooms import Rooms
from cocolora.engine.run import Run
from cocolora.engine.task import Handler, Task
from cocolora.errors import ChatFileInvalid, ModelError
from cocolora.sharing import require_free

LEARN, FORGET, ROLL_UP, EVALUATE, ADMIT = "learn", "forget", "rollup", "evaluate", "admit"
EXPORT = "export"
INDEX = "index"
TRAINING_KINDS = (LEARN, FORGET, ROLL_UP)


def handlers_of(rooms: Rooms) -> dict[str, Handler]:
    """Return the handler of each kind of job over these rooms."""
    return {
        LEARN: partial(learn_unread, rooms),
        FORGET: partial(forget_turns, rooms),
        ROLL_UP: partial(roll_up_adapters, rooms),
        EVALUATE: partial(evaluate_adapters, rooms),
        RECHECK: partial(recheck, rooms),
        ADMIT: partial(admit_adapter, rooms),
        EXPORT: partial(export_adapters, rooms),
        IMPORT: partial(import_files, rooms),
        INDEX: partial(tend_index, rooms),
        SCRUB: lambda task: forget.scrub(rooms),
    }


def learn_unread(rooms: Rooms, task: Task) -> str:
    """Learn what is unread; an ``automatic`` learning leaves what may still be edited, or waits to be asked for."""
    settled = timedelta(minutes=rooms.settings.of(task.profile).learning.settle_minutes)
    by_hand = not task.payload.get("automatic")
    until = None if by_hand else rooms.clock() - settled
    run = Run(rooms, task.profile, task.on_progress, task.cancelled, until=until, by_hand=by_hand)
    return learn.learn(run, taught_elsewhere=bool(task.payload.get("taught_elsewhere"))).sentence


def forgetting(plan: ForgetPlan) -> dict[str, object]:
    """Return the payload that carries out a plan."""
    return {
        "turns": [turn.id for turn in plan.turns],
        "adapters": len(plan.adapters),
        "taught_again": len(plan.taught_again),
        "profiles": list(dict.fromkeys(adapter.profile for adapter in plan.adapters)) if plan.taught_again else [],
    }


def profile_of(plan: ForgetPlan) -> str:
    """Return the profile under which a forgetting is noted."""
    return plan.adapters[0].profile if plan.adapters else DEFAULT_PROFILE


def forget_turns(rooms: Rooms, task: Task) -> str:
    """Forget the ``turns`` that are left, then teach the ``profiles`` again what shared an adapter with them."""
    wanted, profiles = _texts(task, "turns"), _texts(task, "profiles")
    if left := rooms.journal.turns(ids=wanted, include_removed=True):
        is_scrubbed = forget.forget(rooms, ForgetPlan(tuple(left), (), (), ())).scrubbed
    else:  # a try that was interrupted forgot them: nothing may be left of their bytes either
        is_scrubbed = rooms.journal.scrub()
        rooms.index.tidy()
        rooms.home.discard_exports()
    said = [f"Forgot {count(len(wanted), 'turn')} and {count(_number(task, 'adapters'), 'adapter')}."]
    if not is_scrubbed:
        said.append(forget.scrub_later(rooms))
    try:
        said += [learn.learn(Run(rooms, x, task.on_progress, task.cancelled)).sentence for x in profiles]
    except ModelError as error:
        said.append(f"{count(_number(task, 'taught_again'), 'other turn')} are to be learned again: {error}")
    return " ".join(said)


def rolling_up(plan: RollupPlan) -> dict[str, object]:
    """Return the payload that carries out a plan."""
    return {"adapters": [source.id for source in plan.sources], "method": str(plan.method)}


def roll_up_adapters(rooms: Rooms, task: Task) -> str:
    """Make one adapter of the ``adapters`` by the ``method``, unless a try that was interrupted did."""
    wanted, method = _texts(task, "adapters"), RollupMethod(str(task.payload["method"]))
    with rooms.home.writing():
        if made := roll_up.made_of(rooms, wanted):
            return roll_up.told(made)
        return rolled_up(rooms, task, roll_up.plan_chosen(rooms, task.profile, wanted, method))[1]


def rolled_up(rooms: Rooms, task: Task, plan: RollupPlan) -> tuple[Adapter, str]:
    """Carry out a plan as it is; return the adapter, and what came of it."""
    with rooms.home.writing():
        run = Run(rooms, task.profile, task.on_progress, task.cancelled)
        made = roll_up.roll_up(run, plan)
        said = roll_up.told(made)
        if made.state is AdapterState.READY:
            examine_stack(run, Occasion.ROLLED_UP)
            said = f"{said} {catalogue.weakness(rooms, task.profile)}".rstrip()
        return made, said


def evaluate_adapters(rooms: Rooms, task: Task) -> str:
    """Ask each of the ``adapters`` the gate's questions again, or the whole stack where none is named."""
    run = Run(rooms, task.profile, task.on_progress, task.cancelled)
    with rooms.home.writing():
        return evaluate.evaluate(run, _texts(task, "adapters"))


def admit_adapter(rooms: Rooms, task: Task) -> str:
    """Switch the imported ``adapter`` on, as its ``activation`` says, when it passes the gate here."""
    adapter_id, activation = str(task.payload["adapter"]), Activation(str(task.payload["activation"]))
    task.on_progress(Progress("asking", 0, 1))
    with rooms.home.writing():
        on = catalogue.set_activation(rooms, adapter_id, activation)
    said = f'"{on.name}" passed its tests here and takes part.'
    return f"{said} {catalogue.weakness(rooms, on.profile)}".rstrip()


def exporting(target: Path, wish: share.ExportWish) -> dict[str, object]:
    """Return the payload that writes adapters to ``target`` as wished. Raises FileExistsError."""
    require_free(target)
    return {
        "target": str(target),
        "adapters": None if wish.adapter_ids is None else list(wish.adapter_ids),
        "form": str(wish.form),
        "with_questions": wish.with_questions,
        "base_folder": None if wish.base_folder is None else str(wish.base_folder),
        "signed": wish.signed,
        "number": None if wish.number is None else str(wish.number),
    }


def export_adapters(rooms: Rooms, task: Task) -> str:
    """Write the ``adapters`` to ``target``, unless a try that was interrupted did: it was not there before."""
    told, target = task.payload, Path(str(task.payload["target"]))
    if target.exists():
        return f"{target.name} is written."
    wish = share.ExportWish(
        task.profile,
        None if told["adapters"] is None else tuple(_texts(task, "adapters")),
        ExportForm(str(told["form"])),
        bool(told["with_questions"]),
        None if told["base_folder"] is None else Path(str(told["base_folder"])),
        bool(told["signed"]),
        Number(str(told["number"])) if told.get("number") else None,
    )
    done = share.export(rooms, target, wish, on_progress=task.on_progress, cancelled=task.cancelled)
    return done.sentence


def import_files(rooms: Rooms, task: Task) -> str:
    """Record the chats in the files ``paths``; copies that were ``uploaded`` go when nothing can be had of them."""
    paths, uploaded = [Path(path) for path in _texts(task, "paths")], bool(task.payload.get("uploaded"))
    if uploaded and not any(path.exists() for path in paths):  # a try that was interrupted recorded them
        return "The chats are recorded."
    try:
        done = import_chats.import_chats(
            rooms, paths, profile=task.profile, on_progress=task.on_progress, cancelled=task.cancelled
        )
    except ChatFileInvalid:
        _discard(paths if uploaded else ())
        raise
    _discard(paths if uploaded else ())
    return done.sentence


def _discard(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def tend_index(rooms: Rooms, task: Task) -> str:
    """Erase what was dropped from the index, and make the vectors that are missing."""
    return record.tend_index(rooms, on_progress=task.on_progress, cancelled=task.cancelled)


def _texts(task: Task, name: str) -> list[str]:
    values = task.payload[name]
    assert isinstance(values, list)
    return values


def _number(task: Task, name: str) -> int:
    value = task.payload[name]
    assert isinstance(value, int)
    return value
