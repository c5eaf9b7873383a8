"""Rechecking: the whole stack is asked again when it is no longer what the gate asked last.

Whoever changed it, and how, does not matter: switched off, weighed, moved, deleted, undone, here or in another process.
"""

from __future__ import annotations

from cocolora.core.adapters import stack_mark
from cocolora.core.events import Progress
from cocolora.core.records import Occasion
from cocolora.engine.examine import examine_stack
from cocolora.engine.rooms import Rooms
from cocolora.engine.run import Run
from cocolora.engine.task import Task
from cocolora.errors import AdapterMissing, ModelError

RECHECK = "recheck"


def unasked(rooms: Rooms, profile: str) -> str:
    """Return the mark of the stack that answers now; empty where it was asked as a whole, or tried to be."""
    mark = _mark(rooms, profile) if rooms.settings.of(profile).gate.recheck else ""
    if not mark:
        return ""
    asked = rooms.journal.stack_verdict(profile)
    tried = rooms.journal.queue.latest_ended(RECHECK, profile=profile)
    was_asked = asked is not None and asked.stack == mark
    was_tried = tried is not None and tried.payload.get("stack") == mark
    return "" if was_asked or was_tried else mark


def recheck(rooms: Rooms, task: Task) -> str:
    """Ask the whole stack, and keep the verdict. Raises ModelError, Cancelled.

    Nobody has to wait for it: an adapter may be deleted meanwhile, and then the stack is another one, asked later.
    """
    task.on_progress(Progress("asking the stack", 0, 1))
    try:
        verdict = examine_stack(Run(rooms, task.profile, task.on_progress, task.cancelled), Occasion.CHANGED)
    except AdapterMissing:
        return "The stack was changed again meanwhile."
    return f"The stack as a whole {verdict.found}."


def _mark(rooms: Rooms, profile: str) -> str:
    try:
        return stack_mark(rooms.adapters(profile).values())
    except ModelError:
        return ""
