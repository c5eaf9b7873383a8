"""Bundles as jobs: looked into, with what was found kept until the user has decided, and taken in."""

from __future__ import annotations

from pathlib import Path

from cocolora.core.phrases import count
from cocolora.engine import share
from cocolora.engine.import_report import Imported
from cocolora.engine.rooms import Rooms
from cocolora.engine.task import Handler, Task
from cocolora.errors import BundleRefused

LOOK_INTO, TAKE_IN = "look into", "take in"
"""The kinds of jobs that look into an uploaded bundle, and take one in."""
QUARANTINE = "Imported adapters stay off until you switch them on."


def taking_in(found: Imported) -> dict[str, object]:
    """Return the payload that takes in what was found."""
    return {"source": str(found.bundle.source), "adapters": [adapter.id for adapter in found.adapters]}


class BundleReader:
    """Looks into uploaded bundles and takes them in, and remembers what was found as long as an upload is there."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._found: dict[Path, Imported] = {}

    @property
    def handlers(self) -> dict[str, Handler]:
        """The handlers of both kinds of jobs."""
        return {LOOK_INTO: self.look_into, TAKE_IN: self.take_in}

    def look_into(self, task: Task) -> str:
        """Check the bundle ``source``; nothing is taken in. Raises BundleRefused, NoModel, Cancelled."""
        source = Path(str(task.payload["source"]))
        self._found.pop(source, None)
        found = share.look_into(self._rooms, source, on_progress=task.on_progress, cancelled=task.cancelled)
        self._found[source] = found
        if not found.adapters:
            return f"Everything in {source.name} is here already."
        return f"Nothing was found to refuse in {source.name}. It was not taken in yet."

    def take_in(self, task: Task) -> str:
        """Take in the ``adapters`` of the bundle ``source``, switched off, unless a try that was interrupted did.

        The bundle is deleted then, and when it is refused. Raises BundleRefused, NoModel, HomeBusy, Cancelled.
        """
        source, wanted = Path(str(task.payload["source"])), task.payload["adapters"]
        assert isinstance(wanted, list)
        if not set(wanted) <= {adapter.id for adapter in self._rooms.journal.adapters()}:
            try:
                share.import_stack(
                    self._rooms,
                    source,
                    profile=task.profile,
                    on_progress=task.on_progress,
                    cancelled=task.cancelled,
                )
            except BundleRefused:
                self.discard(source)
                raise
        self.discard(source)
        names = ", ".join(f'"{self._rooms.journal.adapter(adapter_id).name}"' for adapter_id in wanted)
        return f"Took in {count(len(wanted), 'adapter')}: {names}. {QUARANTINE}"

    def found(self, source: Path) -> Imported | None:
        """Return what was found in a bundle; None when it was not looked into, was refused, or is gone."""
        return self._found.get(source) if source.exists() else None

    def discard(self, source: Path) -> None:
        """Delete an uploaded bundle, and forget what was found in it."""
        self._found.pop(source, None)
        source.unlink(missing_ok=True)
