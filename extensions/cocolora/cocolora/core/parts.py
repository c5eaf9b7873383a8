"""Parts: what took part in a reply, by ids and numbers alone, and the same looked up for people to read."""

from __future__ import annotations

from dataclasses import dataclass

from cocolora.core.adapters import Adapter
from cocolora.core.conversations import Turn


@dataclass(frozen=True, slots=True)
class AdapterPart:
    """An adapter that took part, None when it is gone since.

    ``turn_id`` is the turn of its own that chose it, which matched the prompt by ``score`` in [0, 1]; an imported
    adapter that a question of its own chose has its own id there. One that is always on has neither.
    """

    adapter_id: str | None
    turn_id: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """The turns that were quoted to the model, None for those that are gone since, and the adapters that were on."""

    memories: tuple[str | None, ...] = ()
    adapters: tuple[AdapterPart, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The turns that the reply draws on: the quoted ones, and those that chose the adapters."""
        found = [*self.memories, *(part.turn_id for part in self.adapters)]
        return tuple(dict.fromkeys(turn_id for turn_id in found if turn_id is not None))


@dataclass(frozen=True, slots=True)
class Answerer:
    """An adapter that took part in a reply, and the turn that chose it with its score, where one did."""

    adapter: Adapter | None
    turn: Turn | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """Why a reply is as it is: the turns that were quoted and the adapters that took part, None where they are gone."""

    memories: tuple[Turn | None, ...] = ()
    answerers: tuple[Answerer, ...] = ()
