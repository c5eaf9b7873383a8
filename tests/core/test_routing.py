"""Choosing adapters from retrieval's hits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cocolora.core.adapters import (
    Activation,
    Adapter,
    AdapterKind,
    AdapterState,
    BaseIdentity,
    Recipe,
    in_order,
    stack_mark,
)
from cocolora.core.routing import Hit, choose_route
from cocolora.settings import Routing

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def adapter(name, *turns, activation=Activation.ROUTED, state=AdapterState.READY, weight=1.0, age_days=0, origin=""):
    return Adapter(
        id=name,
        name=name,
        kind=AdapterKind.KNOWLEDGE,
        profile="personal",
        activation=activation,
        state=state,
        weight=weight,
        base=BaseIdentity("demo", "f" * 64),
        recipe=Recipe(8, 16, 3e-3, 60, 8, 0),
        sha256="0" * 64,
        size_bytes=1,
        made_at=NOW - timedelta(days=age_days),
        turn_versions=tuple((turn, 1) for turn in turns),
        origin=origin,
    )


def route(hits, *adapters, **routing):
    return choose_route(hits, {a.id: a for a in adapters}, routing=Routing(**routing))


def test_the_best_hit_chooses_the_adapter_that_learned_it():
    found = route([Hit("t1", 0.5), Hit("t2", 0.9)], adapter("a", "t1"), adapter("b", "t2"))
    assert found.adapter_ids == ("b",)
    assert found.reasons == (("b", Hit("t2", 0.9)),)


def test_nothing_is_chosen_when_nothing_fits():
    assert route([Hit("t1", 0.29)], adapter("a", "t1"), threshold=0.3).weights == ()


def test_always_on_adapters_take_part_in_every_answer_and_come_first():
    found = route([Hit("t1", 0.9)], adapter("a", "t1"), adapter("b", activation=Activation.ALWAYS, weight=0.5))
    assert found.weights == (("b", 0.5), ("a", 1.0))
    assert route([], adapter("b", activation=Activation.ALWAYS), enabled=False).adapter_ids == ("b",)


def test_rejected_and_switched_off_adapters_never_take_part():
    rejected = adapter("a", "t1", state=AdapterState.REJECTED)
    off = adapter("b", "t1", activation=Activation.OFF)
    always_rejected = adapter("c", activation=Activation.ALWAYS, state=AdapterState.REJECTED)
    assert route([Hit("t1", 1.0)], rejected, off, always_rejected).weights == ()


def test_of_two_equal_adapters_the_one_that_was_moved_up_wins():
    newer, older = adapter("new", "t1"), adapter("old", "t1", age_days=3)
    moved = replace(older, place=newer.standing + 1)
    assert route([Hit("t1", 0.9)], newer, older, max_adapters=1).adapter_ids == ("new",)
    assert route([Hit("t1", 0.9)], newer, moved, max_adapters=1).adapter_ids == ("old",)
    assert in_order([newer, moved]) == [moved, newer]


def test_the_newer_of_two_equal_adapters_wins():
    found = route([Hit("t1", 0.9)], adapter("old", "t1", age_days=3), adapter("new", "t1"))
    assert found.adapter_ids == ("new",)


def test_an_imported_adapter_answers_for_itself():
    imported = adapter("a", state=AdapterState.IMPORTED, origin="stack.zip")
    assert route([Hit("a", 0.9)], imported).adapter_ids == ("a",)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 1))), st.integers(1, 4))
def test_no_more_than_allowed_and_only_adapters_whose_turn_was_hit(hits, most):
    adapters = [adapter(f"adapter {turn}", turn) for turn in "abcdef"]
    found = route([Hit(*hit) for hit in hits], *adapters, max_adapters=most, threshold=0.3)
    fitting = {f"adapter {turn}" for turn, score in hits if score >= 0.3}
    assert len(found.weights) == min(most, len(fitting))
    assert set(found.adapter_ids) <= fitting


def test_the_mark_of_a_stack_changes_with_what_answers_and_with_nothing_else():
    one, other = adapter("one", "t1"), adapter("other", "t2", age_days=1)
    mark = stack_mark([one, other])
    assert mark == stack_mark([other, one]) == stack_mark([one, replace(other, name="renamed")])
    off, rejected = adapter("off", "t3", activation=Activation.OFF), adapter("bad", "t4", state=AdapterState.REJECTED)
    assert stack_mark([one, other, off, rejected]) == mark
    assert stack_mark([off, rejected]) == ""
    changed = [
        [one],
        [one, replace(other, weight=0.5)],
        [one, replace(other, activation=Activation.ALWAYS)],
        [one, replace(other, sha256="made again")],
        [one, replace(other, place=one.standing + 1)],
    ]
    assert len({mark, *map(stack_mark, changed)}) == 1 + len(changed)
