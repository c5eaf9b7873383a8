"""When adapters are rolled up, and which of them together: levels, like compaction in a log-structured store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
    adapters: Sequence[Adapter],
    subjects: Mapping[str, frozenset[str]],
    rollup: Rollup,
    *,
    refused: Collection[frozenset[str]] = (),
) -> tuple[RollupPlan, ...]:
    """Return what is due: wherever ``fan_in`` adapters of one level gathered, those nearest in subject together.

    ``subjects`` are the words of each adapter's questions, by id. The oldest of a level begins a group and the ones
    most like it join; ties go to the older. Where a rollup would at once be rolled up itself, its sources go to the
    higher level straight away: training it would be for nothing. Groups of ids that were ``refused`` are not tried
    again. Only learned knowledge adapters that answer when routed to take part: wishes are one adapter already, and
    what the user set to *always* or *off* stays as it was set.
    """
    plans: list[RollupPlan] = []
    joined: list[_Part] = []
    for level in range(rollup.max_level):
        alone = [_Part((one,), subjects.get(one.id, frozenset())) for one in adapters if _is_waiting(one, level)]
        waiting, joined, gathered = [*alone, *joined], [], len(alone) + len(joined)
        while len(waiting) >= rollup.fan_in:
            group = _nearest(waiting, rollup.fan_in)
            part = _join(group, f"{count(gathered, 'adapter')} of level {level} gathered")
            if part.ids in refused:
                break
            joined.append(part)
            waiting = [other for other in waiting if other not in group]
        plans += [part.plan(level, rollup.fan_in) for part in waiting if part.reason]
    plans += [part.plan(rollup.max_level, rollup.fan_in) for part in joined]
    return tuple(plans)


@dataclass(frozen=True, slots=True)
class _Part:
    """What would be one adapter of a rollup: one that there is, or, for a ``reason``, the rollup of several."""

    adapters: tuple[Adapter, ...]
    words: frozenset[str]
    reason: str = ""

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(adapter.id for adapter in self.adapters)

    @property
    def age(self) -> tuple[bool, datetime, str]:
        """Order by it: what there is before what is still to be made, then the older."""
        return bool(self.reason), self.adapters[0].made_at, self.adapters[0].id

    def plan(self, level: int, fan_in: int) -> RollupPlan:
        return RollupPlan(self.adapters, level, f"{self.reason} ({fan_in} are rolled up)")


def _join(group: Sequence[_Part], reason: str) -> _Part:
    adapters = sorted((one for part in group for one in part.adapters), key=lambda one: (one.made_at, one.id))
    reasons = dict.fromkeys([*(part.reason for part in group if part.reason), reason])
    words = frozenset(word for part in group for word in part.words)
    return _Part(tuple(adapters), words, ", and with them ".join(reasons))


def _is_waiting(adapter: Adapter, level: int) -> bool:
    return (
        adapter.level == level
        and adapter.kind is AdapterKind.KNOWLEDGE
        and adapter.state is AdapterState.READY
        and adapter.activation is Activation.ROUTED
        and not adapter.origin
    )


def _nearest(waiting: Sequence[_Part], size: int) -> list[_Part]:
    first = min(waiting, key=lambda part: part.age)

    def distance(part: _Part) -> tuple[float, object]:
        return -likeness(first.words, part.words), part.age

    others = sorted((part for part in waiting if part is not first), key=distance)
    return [first, *others[: size - 1]]
