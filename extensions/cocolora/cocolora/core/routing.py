"""Routing: retrieval's hits choose the adapters, through the journal's provenance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cocolora.core.adapters import Activation, Adapter
from cocolora.settings import Routing


@dataclass(frozen=True, slots=True)
class Hit:
    """A past turn that matches a prompt; ``score`` is in [0, 1], 1 for the same text.

    An imported adapter stands for turns that are elsewhere: its hits carry the adapter's id as ``turn_id``.
    """

    turn_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Route:
    """The adapters that answer one prompt with their weights, and the hits that chose them.

    ``always`` adapters come first; ``reasons`` maps each routed adapter to the hit that chose it.
    """

    weights: tuple[tuple[str, float], ...] = ()
    reasons: tuple[tuple[str, Hit], ...] = ()

    @property
    def adapter_ids(self) -> tuple[str, ...]:
        """The adapters that take part."""
        return tuple(adapter_id for adapter_id, _ in self.weights)


def choose_route(hits: Iterable[Hit], adapters: Mapping[str, Adapter], *, routing: Routing) -> Route:
    """Return the always-on adapters and the best routed ones for ``hits``.

    ``adapters`` maps ids to the profile's adapters. A hit below the threshold chooses nothing; an adapter that
    learned several hits counts its best; of equals the one that stands higher in the stack is chosen.
    """
    usable = [adapter for adapter in adapters.values() if adapter.usable]
    always = [(a.id, a.weight) for a in sorted(usable, key=lambda a: a.made_at) if a.activation is Activation.ALWAYS]
    if not routing.enabled:
        return Route(tuple(always))
    best = _best_hits(hits, usable, threshold=routing.threshold)
    ranked = sorted(best, key=lambda key: (-best[key].score, -adapters[key].standing))
    chosen = ranked[: routing.max_adapters]
    return Route(
        tuple(always + [(adapter_id, adapters[adapter_id].weight) for adapter_id in chosen]),
        tuple((adapter_id, best[adapter_id]) for adapter_id in chosen),
    )


def _best_hits(hits: Iterable[Hit], usable: Iterable[Adapter], *, threshold: float) -> dict[str, Hit]:
    by_turn: dict[str, list[str]] = {}
    for adapter in usable:
        if adapter.activation is Activation.ROUTED:
            for subject in adapter.turn_ids or (adapter.id,):
                by_turn.setdefault(subject, []).append(adapter.id)
    best: dict[str, Hit] = {}
    for hit in sorted(hits, key=lambda hit: -hit.score):
        if hit.score >= threshold:
            for adapter_id in by_turn.get(hit.turn_id, ()):
                best.setdefault(adapter_id, hit)
    return best
