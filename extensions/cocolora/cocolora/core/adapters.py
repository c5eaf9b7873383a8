"""Adapters: what they are, what they were trained on, and where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cocolora.core.gate import Scores
from cocolora.core.ids import derive_id

TurnVersions = tuple[tuple[str, int], ...]
"""Ids of turns, each with the number of one of its versions."""


class AdapterKind(StrEnum):
    """A knowledge adapter answers about its turns; a behaviour adapter changes how all is answered."""

    KNOWLEDGE = "knowledge"
    BEHAVIOUR = "behaviour"

    @property
    def usual_activation(self) -> Activation:
        """When an adapter of this kind takes part, unless its user decides otherwise."""
        return Activation.ALWAYS if self is AdapterKind.BEHAVIOUR else Activation.ROUTED


class Activation(StrEnum):
    """When an adapter takes part: on every prompt, when routed to, or never."""

    ALWAYS = "always"
    ROUTED = "routed"
    OFF = "off"


class AdapterState(StrEnum):
    """Where an adapter stands: trusted, refused by the gate, imported and not yet trusted, or part of a rollup."""

    READY = "ready"
    REJECTED = "rejected"
    IMPORTED = "imported"
    ROLLED_UP = "rolled up"


@dataclass(frozen=True, slots=True)
class BaseIdentity:
    """A base model by name and by a fingerprint over its configuration and weights."""

    name: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.name} ({self.fingerprint[:8]})"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an adapter is trained; with the samples and the base it determines the adapter's weights."""

    rank: int
    alpha: float
    learning_rate: float
    steps: int
    batch_samples: int
    seed: int


@dataclass(frozen=True, slots=True)
class Adapter:
    """A trained adapter in the catalogue. ``sha256`` is of ``adapter_model.safetensors``.

    ``level`` counts rollups: 0 was trained on one stretch, n on the turns of adapters of level n - 1, whose ids are
    in ``sources``. ``beneath`` are the turn versions of the always-on adapter that it was trained on top of, and
    ``left_out`` the lessons of its turns that a later turn had superseded. ``place`` is where its user moved it to.
    """

    id: str
    name: str
    kind: AdapterKind
    profile: str
    activation: Activation
    state: AdapterState
    weight: float
    base: BaseIdentity
    recipe: Recipe
    sha256: str
    size_bytes: int
    made_at: datetime
    scores: Scores | None = None
    reason: str = ""
    turn_versions: TurnVersions = ()
    origin: str = ""
    level: int = 0
    sources: tuple[str, ...] = ()
    beneath: TurnVersions = ()
    left_out: tuple[str, ...] = ()
    place: float | None = None

    @property
    def standing(self) -> float:
        """Where it stands in the stack: the newest highest, unless its user moved it."""
        return self.made_at.timestamp() if self.place is None else self.place

    @property
    def turn_ids(self) -> tuple[str, ...]:
        """The turns the adapter learned."""
        return tuple(turn_id for turn_id, _ in self.turn_versions)

    @property
    def usable(self) -> bool:
        """Whether it may take part in an answer."""
        return self.state in (AdapterState.READY, AdapterState.IMPORTED) and self.activation is not Activation.OFF


def adapter_id(adapter: Adapter) -> str:
    """Return the id that an adapter has in any life: it depends on what determines its weights, and its profile."""
    return derive_id(
        "adapter",
        adapter.kind,
        adapter.profile,
        adapter.base.fingerprint,
        adapter.level,
        sorted(adapter.turn_versions),
        sorted(adapter.beneath),
        sorted(adapter.left_out),
        adapter.recipe,
    )


def in_order(adapters: Iterable[Adapter]) -> list[Adapter]:
    """Return adapters as they stand in the stack, the highest first."""
    return sorted(adapters, key=lambda adapter: (-adapter.standing, adapter.id))


def stack_mark(adapters: Iterable[Adapter]) -> str:
    """Return a value that changes with what a stack answers from; empty where no adapter takes part."""
    taking_part = [(a.id, a.sha256, a.weight, str(a.activation)) for a in in_order(adapters) if a.usable]
    return derive_id("stack", *taking_part) if taking_part else ""
