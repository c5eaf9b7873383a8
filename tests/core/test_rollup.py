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


def test_what_would_be_rolled_up_again_at_once_goes_to_the_higher_level():
    adapters = [adapter(1, level=1), adapter(2), adapter(3)]
    (plan,) = plan_rollups(adapters, {}, TWO)
    assert (plan.level, list(plan.sources)) == (2, adapters)
    assert plan.reason == (
        "2 adapters of level 0 gathered, and with them 2 adapters of level 1 gathered (2 are rolled up)"
    )


def test_where_the_higher_one_was_refused_the_lower_is_made():
    adapters = [adapter(1, level=1), adapter(2), adapter(3)]
    refused = frozenset(one.id for one in adapters)
    (plan,) = plan_rollups(adapters, {}, TWO, refused=[refused])
    assert (plan.level, list(plan.sources)) == (1, adapters[1:])


LIVES = st.lists(st.integers(0, 3), max_size=20), st.integers(2, 5), st.integers(0, 3)


@given(*LIVES)
def test_every_group_is_full_and_no_adapter_is_in_two(levels, fan_in, max_level):
    adapters = [adapter(number, level=level) for number, level in enumerate(levels)]
    plans = plan_rollups(adapters, {}, Rollup(fan_in=fan_in, max_level=max_level))
    taken = [source.id for plan in plans for source in plan.sources]
    assert len(taken) == len(set(taken))
    for plan in plans:
        assert plan.level <= max_level
        assert sum(fan_in**source.level for source in plan.sources) == fan_in**plan.level


@given(*LIVES)
def test_once_all_is_rolled_up_nothing_is_due(levels, fan_in, max_level):
    adapters = [adapter(number, level=level) for number, level in enumerate(levels)]
    settings = Rollup(fan_in=fan_in, max_level=max_level)
    plans = plan_rollups(adapters, {}, settings)
    left = [one for one in adapters if not any(one in plan.sources for plan in plans)]
    made = [adapter(100 + number, level=plan.level) for number, plan in enumerate(plans)]
    assert plan_rollups([*left, *made], {}, settings) == ()


@given(*LIVES, st.data())
def test_what_was_refused_is_not_tried_again(levels, fan_in, max_level, data):
    adapters = [adapter(number, level=level) for number, level in enumerate(levels)]
    settings = Rollup(fan_in=fan_in, max_level=max_level)
    refused = set()
    while plans := plan_rollups(adapters, {}, settings, refused=refused):
        groups = [frozenset(source.id for source in plan.sources) for plan in plans]
        assert not refused & set(groups)
        refused.add(data.draw(st.sampled_from(groups)))
