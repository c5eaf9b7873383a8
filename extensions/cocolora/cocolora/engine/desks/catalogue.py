"""The catalogue desk: adapters switched on and off, renamed, weighed and deleted."""

from __future__ import annotations

from collections.abc import Sequence

from cocolora.core.adapters import Activation, Adapter
from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.engine import catalogue, handlers
from cocolora.engine.jobs import JobRunner
from cocolora.engine.rooms import Rooms


class CatalogueDesk:
    """The adapters that there are."""

    def __init__(self, rooms: Rooms, jobs: JobRunner) -> None:
        self._rooms = rooms
        self._jobs = jobs

    def set_activation(self, adapter_id: str, activation: Activation) -> Adapter:
        """Switch an adapter on or off. Raises UnknownId, AdapterRejected, BaseMismatch."""
        return catalogue.set_activation(self._rooms, adapter_id, activation)

    def weakness(self, profile: str = DEFAULT_PROFILE) -> str:
        """Say what the newest test of the whole stack found wanting; empty where nothing."""
        return catalogue.weakness(self._rooms, profile)

    def start_admission(self, adapter: Adapter, activation: Activation) -> None:
        """Put an imported adapter to the gate in the background, and switch it on when it passes."""
        payload = {"adapter": adapter.id, "activation": str(activation)}
        self._jobs.submit(handlers.ADMIT, payload, profile=adapter.profile)

    def change(self, adapter_id: str, *, name: str | None = None, weight: float | None = None) -> Adapter:
        """Rename or weigh an adapter. Raises UnknownId, SettingsInvalid."""
        return self._rooms.journal.change_adapter(adapter_id, name=name, weight=weight)

    def move(self, adapter_id: str, *, up: bool) -> Adapter:
        """Let an adapter change places with the one above or below it in the stack. Raises UnknownId."""
        return catalogue.move(self._rooms, adapter_id, up=up)

    def delete(self, adapter_id: str) -> None:
        """Delete an adapter; its turns are unread again. Raises UnknownId, HomeBusy."""
        with self._rooms.home.writing():
            catalogue.delete_adapter(self._rooms, adapter_id)

    def start_evaluation(self, adapter_ids: Sequence[str] = (), *, profile: str = DEFAULT_PROFILE) -> None:
        """Put the gate's questions again to adapters, or to the whole stack where none is named, in the background."""
        self._jobs.submit(handlers.EVALUATE, {"adapters": list(adapter_ids)}, profile=profile)
