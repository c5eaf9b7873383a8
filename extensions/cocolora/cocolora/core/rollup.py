"""When adapters are rolled up, and which of them together: levels, like compaction in a log-structured store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState
from cocolora.core.phrases import count
from cocolora.core.truth import likeness
from cocolora.settings import Rollup


class RollupMethod(StrEnum):
    """How several adapters become one: trained again, summed exactly, or summed at the rank of one of them."""

    RETRAIN = "retrain"
    CAT = "cat"
    SVD = "svd"


@dataclass(frozen=True, slots=True)
class RollupPlan:
    """Adapters that would become one of the next level, how, and why, in words."""

    sources: tuple[Adapter, ...]
    level: int
    reason: str
    method: RollupMethod = RollupMethod.RETRAIN


def plan_rollups(
    adapters: Sequence[Adapter], subjects: Mapping[str, frozenset[str]], rollup: Rollup
) -> tuple[RollupPlan, ...]:
    """Return what is due: wherever ``fan_in`` adapters of one level gathered, those nearest in subject together.

    ``subjects`` are the words of each adapter's questions, by id. The oldest of a level begins a group and the ones
    most like it join; ties go to the older. Only learned knowledge adapters that answer when routed to take part:
    wishes are one adapter already, and what the user set to *always* or *off* stays as it was set.
    """
    plans: list[RollupPlan] = []
    for level in range(rollup.max_level):
        waiting = [adapter for adapter in adapters if adapter.level == level and _takes_part(adapter)]
        gathered = len(waiting)
        while len(waiting) >= rollup.fan_in:
            group = _nearest(waiting, subjects, rollup.fan_in)
            waiting = [adapter for adapter in waiting if adapter not in group]
            reason = f"{count(gathered, 'adapter')} of level {level} gathered ({rollup.fan_in} are rolled up)"
            plans.append(RollupPlan(group, level + 1, reason))
    return tuple(plans)


def _takes_part(adapter: Adapter) -> bool:
    return (
        adapter.kind is AdapterKind.KNOWLEDGE
        and adapter.state is AdapterState.READY
        and adapter.activation is Activation.ROUTED
        and not adapter.origin
    )


def _nearest(waiting: Sequence[Adapter], subjects: Mapping[str, frozenset[str]], size: int) -> tuple[Adapter, ...]:
    first = min(waiting, key=lambda adapter: (adapter.made_at, adapter.id))
    words = subjects.get(first.id, frozenset())

    def distance(adapter: Adapter) -> tuple[float, object, str]:
        return (-likeness(words, subjects.get(adapter.id, frozenset())), adapter.made_at, adapter.id)

    others = sorted((adapter for adapter in waiting if adapter is not first), key=distance)
    return tuple(sorted((first, *others[: size - 1]), key=lambda adapter: (adapter.made_at, adapter.id)))
