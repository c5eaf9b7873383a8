"""The catalogue: adapters switched on and off, weighed, renamed and deleted by their user."""

from __future__ import annotations

from cocolora.core.adapters import Activation, Adapter, AdapterState, in_order
from cocolora.core.events import ignore_progress, never_cancelled
from cocolora.core.records import Occasion
from cocolora.engine.examine import examine_stack
from cocolora.engine.quarantine import NEXT_STEP, admit
from cocolora.engine.rooms import Rooms
from cocolora.engine.run import Run
from cocolora.errors import AdapterRejected, BaseMismatch

_NUDGE_S = 1e-3
"""Two adapters that were made at the same moment are put so far apart when one is moved."""


def set_activation(rooms: Rooms, adapter_id: str, activation: Activation) -> Adapter:
    """Switch an adapter on (always, routed) or off.

    An imported one passes the gate of its profile first, and the whole stack is asked when it has joined.

    Raises UnknownId, AdapterRejected, BaseMismatch.
    """
    adapter = rooms.journal.adapter(adapter_id)
    if activation is not Activation.OFF:
        if adapter.state is AdapterState.ROLLED_UP:
            raise AdapterRejected(adapter.name, "it is part of a rollup, which answers in its place")
        if adapter.state is AdapterState.REJECTED:
            next_step = {"next_step": NEXT_STEP} if adapter.origin else {}
            raise AdapterRejected(adapter.name, adapter.reason, **next_step)
        check_base(rooms, adapter)
        if adapter.state is AdapterState.IMPORTED:
            return _admitted(rooms, adapter, activation)
    return rooms.journal.change_adapter(adapter_id, activation=activation)


def _admitted(rooms: Rooms, adapter: Adapter, activation: Activation) -> Adapter:
    run = Run(rooms, adapter.profile, ignore_progress, never_cancelled)
    admit(run, adapter)
    on = rooms.journal.change_adapter(adapter.id, activation=activation)
    examine_stack(run, Occasion.ADMITTED)
    return on


def weakness(rooms: Rooms, profile: str) -> str:
    """Return a sentence on what the newest verdict on a profile's whole stack found wanting; empty where nothing."""
    stack = rooms.journal.stack_verdict(profile)
    return f"But the stack as a whole is weak: {stack.reason}." if stack and not stack.passed else ""


def move(rooms: Rooms, adapter_id: str, *, up: bool) -> Adapter:
    """Let an adapter change places with the one above or below it, where there is one. Raises UnknownId."""
    adapter = rooms.journal.adapter(adapter_id)
    order = in_order(rooms.journal.adapters(adapter.profile))
    to = order.index(adapter) + (-1 if up else 1)
    if not 0 <= to < len(order):
        return adapter
    other = order[to]
    apart = _NUDGE_S * (other.standing == adapter.standing)
    rooms.journal.change_adapter(other.id, place=adapter.standing)
    return rooms.journal.change_adapter(adapter_id, place=other.standing + (apart if up else -apart))


def check_base(rooms: Rooms, adapter: Adapter) -> None:
    """Check that an adapter belongs to the loaded model. Raises BaseMismatch, NoModel."""
    loaded = rooms.workbench().model.identity
    if loaded.fingerprint != adapter.base.fingerprint:
        raise BaseMismatch(adapter.name, trained_on=str(adapter.base), loaded=str(loaded))


def delete_adapter(rooms: Rooms, adapter_id: str) -> None:
    """Delete an adapter, with what it rolled up; its turns are unread again. Raises UnknownId."""
    sources = rooms.journal.adapter(adapter_id).sources
    rooms.journal.remove_adapter(adapter_id)
    rooms.drop_adapter(adapter_id)
    for source in rooms.journal.adapters():
        if source.id in sources and source.state is AdapterState.ROLLED_UP:
            delete_adapter(rooms, source.id)
