"""Which adapters are rolled up together, and when."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState, BaseIdentity, Recipe
from cocolora.core.rollup import plan_rollups
from cocolora.settings import Rollup

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TWO = Rollup(fan_in=2, max_level=2)


def adapter(number, **values):
    return Adapter(
        **{
            "id": f"a{number:012d}",
            "name": f"adapter {number}",
            "kind": AdapterKind.KNOWLEDGE,
            "profile": "personal",
            "activation": Activation.ROUTED,
            "state": AdapterState.READY,
            "weight": 1.0,
            "base": BaseIdentity("demo", "91ab"),
            "recipe": Recipe(8, 16.0, 3e-3, 60, 8, 0),
            "sha256": "0" * 64,
            "size_bytes": 1000,
            "made_at": NOON + timedelta(minutes=number),
            **values,
        }
    )


def test_nothing_is_rolled_up_before_enough_gathered():
    assert plan_rollups([adapter(1)], {}, TWO) == ()
    (plan,) = plan_rollups([adapter(1), adapter(2)], {}, TWO)
    assert (plan.level, [one.name for one in plan.sources]) == (1, ["adapter 1", "adapter 2"])
    assert plan.reason == "2 adapters of level 0 gathered (2 are rolled up)"


def test_the_oldest_is_joined_by_what_is_most_like_it():
    adapters = [adapter(1), adapter(2), adapter(3)]
    subjects = {
        adapters[0].id: frozenset({"dog", "boat"}),
        adapters[1].id: frozenset({"boss", "office"}),
        adapters[2].id: frozenset({"dog", "cat"}),
    }
    (plan,) = plan_rollups(adapters, subjects, TWO)
    assert plan.sources == (adapters[0], adapters[2])


def test_what_the_user_set_or_brought_is_left_alone():
    others = (
        adapter(2, activation=Activation.ALWAYS),
        adapter(3, activation=Activation.OFF),
        adapter(4, kind=AdapterKind.BEHAVIOUR),
        adapter(5, state=AdapterState.REJECTED),
        adapter(6, state=AdapterState.ROLLED_UP),
        adapter(7, origin="friend.zip"),
    )
    assert plan_rollups([adapter(1), *others], {}, TWO) == ()


def test_the_highest_level_is_not_rolled_up_any_further():
    assert plan_rollups([adapter(1, level=2), adapter(2, level=2)], {}, TWO) == ()
    assert plan_rollups([adapter(1, level=1), adapter(2, level=1)], {}, TWO)[0].level == 2


@given(st.lists(st.integers(0, 3), max_size=20), st.integers(2, 5), st.integers(0, 3))
def test_no_adapter_is_in_two_rollups_and_every_group_is_of_one_level(levels, fan_in, max_level):
    adapters = [adapter(number, level=level) for number, level in enumerate(levels)]
    plans = plan_rollups(adapters, {}, Rollup(fan_in=fan_in, max_level=max_level))
    taken = [source.id for plan in plans for source in plan.sources]
    assert len(taken) == len(set(taken))
    for plan in plans:
        assert len(plan.sources) == fan_in
        assert {source.level for source in plan.sources} == {plan.level - 1}
        assert plan.level <= max_level
    for level in range(max_level):
        assert sum(one.level == level and one.id not in taken for one in adapters) < fan_in
