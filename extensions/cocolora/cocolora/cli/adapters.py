"""``cocolora adapters``: the stack as a table, and changing one adapter."""

from __future__ import annotations

import dataclasses
from argparse import Namespace
from typing import Any

from rich.table import Table

from cocolora.cli.terminal import console, opened, show
from cocolora.core.adapters import Activation, Adapter, in_order
from cocolora.engine import Engine
from cocolora.errors import AmbiguousName, UnknownId


def adapters(arguments: Namespace) -> int:
    """List the adapters, or change one."""
    with opened(arguments) as engine:
        if arguments.adapter:
            _change(engine, find_adapter(engine, arguments.adapter, arguments), arguments)
        found = in_order(engine.adapters(arguments.profile))
    if arguments.json:
        show(arguments, {"adapters": [as_values(adapter) for adapter in found]})
    elif found:
        console.print(_table(found))
    else:
        show(arguments, {}, "No adapters yet. `cocolora learn` makes them from what was said.")
    return 0


def find_adapter(engine: Engine, wanted: str, arguments: Namespace) -> Adapter:
    """Return the adapter with this id or name: in the profile that was named, in any if none was.

    Raises UnknownId, AmbiguousName.
    """
    profile = None if arguments.any_profile else arguments.profile
    known = engine.adapters(profile)
    found = [one for one in known if one.id == wanted] or [one for one in known if one.name == wanted]
    if not found:
        raise UnknownId("adapter", wanted)
    if len(found) > 1:
        raise AmbiguousName(wanted, [(adapter.profile, adapter.id) for adapter in found])
    return found[0]


def _change(engine: Engine, adapter: Adapter, arguments: Namespace) -> None:
    if arguments.delete:
        engine.catalogue.delete(adapter.id)
        return
    if arguments.activation:
        engine.catalogue.set_activation(adapter.id, Activation(arguments.activation))
    if arguments.rename is not None or arguments.weight is not None:
        engine.catalogue.change(adapter.id, name=arguments.rename, weight=arguments.weight)
    if arguments.move:
        engine.catalogue.move(adapter.id, up=arguments.move == "up")


def _table(found: list[Adapter]) -> Table:
    table = Table("id", "name", "kind", "turns", "made", "recall", "kept", "abstains", "state")
    for adapter in found:
        scores = adapter.scores
        shares = [f"{s:.0%}" for s in (scores.recall, scores.retention, scores.abstention)] if scores else ["–"] * 3
        state = adapter.activation if adapter.usable else f"{adapter.state}, off"
        made = f"{adapter.made_at:%Y-%m-%d %H:%M}"
        table.add_row(
            adapter.id, adapter.name, adapter.kind, str(len(adapter.turn_versions)), made, *shares, str(state)
        )
    return table


def as_values(adapter: Adapter) -> dict[str, Any]:
    """Return an adapter as plain values."""
    return dataclasses.asdict(adapter)
