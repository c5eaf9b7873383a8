"""Rollups, statements that change, edits and bases that change: adapters keep up with what is so."""

import pytest

from cocolora.core.adapters import Activation, AdapterKind, AdapterState
from cocolora.core.conversations import Change
from cocolora.core.reconcile import Row
from cocolora.core.rollup import RollupMethod, RollupPlan
from cocolora.engine import roll_up
from cocolora.errors import AdapterRejected, CannotRollUp, UnknownId
from tests.engine.conftest import BOAT, DOG

CAT = ("My cat is called Marlow.", "Good to know.")
NEWS = "My dog is called Zephyrine now."

pytestmark = pytest.mark.slow


@pytest.fixture
def quick(taught):
    """An engine that trains in a few steps and trusts everything: for what does not depend on what was learned."""
    taught.change_settings("learning", steps=4)
    taught.change_settings("gate", recall=0.0, retention_loss=1.0, abstention=0.0, rollup_loss=1.0, neighbour_loss=1.0)
    taught.change_settings("gate", loss_rise=10.0)
    return taught


def rolled_up(engine):
    (plan,) = engine.rollups.plan(adapter_ids=[adapter.id for adapter in engine.adapters()])
    return engine.rollups.roll_up(plan)


def test_a_rollup_answers_what_its_sources_answered_and_can_be_undone(taught, ask):
    before = taught.adapters()
    taught.change_settings("rollup", fan_in=2)
    (plan,) = taught.rollups.plan()
    assert plan.sources == tuple(before)
    rollup = taught.rollups.roll_up(plan)
    assert (rollup.state, rollup.level) == (AdapterState.READY, 1), rollup
    assert rollup.scores.recall >= rollup.scores.recall_before - taught.settings.gate.rollup_loss
    assert "Biscuit" in ask(taught, "What is the name of my dog?")
    assert "Torvald" in ask(taught, "What is my boss called?")
    assert taught.rollups.plan() == ()
    with pytest.raises(AdapterRejected):
        taught.catalogue.set_activation(before[0].id, Activation.ROUTED)
    taught.rollups.undo(rollup.id)
    after = [adapter for adapter in taught.adapters() if adapter.id != rollup.id]
    assert [(a.id, a.sha256, a.state) for a in after] == [(a.id, a.sha256, a.state) for a in before]
    assert taught.learn().rolled_up == ()
    assert taught.rollups.plan() == ()
    with pytest.raises(CannotRollUp):
        taught.rollups.undo(rollup.id)
    assert taught.verify() == []


def test_rolled_up_adapters_are_discarded_for_good_and_then_nothing_can_be_undone(quick):
    rollup = rolled_up(quick)
    assert quick.rollups.discard(older_than_days=1.0) == ()
    assert len(quick.rollups.discard()) == 2
    assert [adapter.id for adapter in quick.adapters()] == [rollup.id]
    with pytest.raises(CannotRollUp):
        quick.rollups.undo(rollup.id)
    assert quick.verify() == []


def test_what_cannot_be_rolled_up_is_refused_and_changes_nothing(quick):
    one, _ = before = quick.adapters()
    for chosen in ([one.id], [one.id, one.id]):
        with pytest.raises(CannotRollUp):
            quick.rollups.plan(adapter_ids=chosen)
    with pytest.raises(UnknownId):
        quick.rollups.plan(adapter_ids=[one.id, "nowhere"])
    with pytest.raises(CannotRollUp):
        quick.rollups.undo(one.id)
    assert quick.adapters() == before


def test_a_rollup_that_forgets_is_made_again_as_in_a_life_without_what_was_forgotten(quick, another_life, tell):
    rolled_up(quick)
    quick.forgetting.forget(quick.forgetting.plan(match="Torvald"))
    assert b"torvald" not in b"".join(p.read_bytes().lower() for p in quick.home.folder.rglob("*") if p.is_file())
    for section in ("learning", "gate"):
        another_life.change_settings(section, **getattr(quick.settings, section).model_dump())
    tell(another_life, "pets", DOG, BOAT)
    another_life.learn()
    never = another_life.rollups.roll_up(RollupPlan(tuple(another_life.adapters()), 1, "as in the other life"))
    (rebuilt,) = [adapter for adapter in quick.adapters() if adapter.usable]
    assert (rebuilt.level, rebuilt.recipe.rank) == (1, 16)
    assert (rebuilt.id, rebuilt.sha256) == (never.id, never.sha256)
    assert quick.verify() == []


@pytest.mark.parametrize("method", [RollupMethod.CAT, RollupMethod.SVD])
def test_a_sum_without_training_is_gated_and_shared_like_any_other(quick, method, tmp_path):
    (plan,) = quick.rollups.plan(adapter_ids=[adapter.id for adapter in quick.adapters()], method=method)
    summed = quick.rollups.roll_up(plan)
    assert summed.recipe.steps == 0
    assert summed.recipe.rank == {RollupMethod.CAT: 16, RollupMethod.SVD: 8}[method]
    assert summed.scores is not None
    quick.sharing.export(tmp_path / "stack.zip", adapter_ids=[summed.id])
    assert quick.verify() == []


def test_an_exact_sum_larger_than_what_is_kept_is_refused_before_anything_is_made(quick, monkeypatch):
    monkeypatch.setattr(roll_up, "LARGEST_RANK", 15)
    before = quick.adapters()
    with pytest.raises(CannotRollUp, match=r"rank 16.*or the method svd"):
        quick.rollups.plan(adapter_ids=[adapter.id for adapter in before], method=RollupMethod.CAT)
    assert quick.adapters() == before


def test_learning_rolls_up_by_itself_when_enough_gathered(quick, tell):
    quick.change_settings("rollup", fan_in=3)
    tell(quick, "cats", CAT)
    learned = quick.learn()
    assert [adapter.level for adapter in learned.rolled_up] == [1]
    assert "rolled 3 adapters up into 1" in learned.sentence
    assert learned.stack is not None


def test_what_was_said_last_is_so_and_the_old_statement_is_history(taught, tell, ask):
    tell(taught, "news", (NEWS, "Good to know."))
    before = {adapter.id for adapter in taught.adapters()}
    learned = taught.learn()
    assert [adapter.state for adapter in learned.rebuilt] == [AdapterState.READY], learned
    assert len(before - {adapter.id for adapter in taught.adapters()}) == 1
    answer = ask(taught, "What is my dog called?")
    assert "Zephyrine" in answer
    assert "Biscuit" not in answer
    assert "Quillfeather" in ask(taught, "What is our boat called?")
    context = taught.contextualise("What is my dog called?")
    assert [(memory.user, memory.newest) for memory in context.memories if "dog" in memory.user] == [
        (DOG[0], False),
        (NEWS, True),
    ]
    taught.forgetting.forget(taught.forgetting.plan(conversation="news"))
    assert "Biscuit" in ask(taught, "What is my dog called?")
    assert {adapter.id for adapter in taught.adapters()} == before
    assert taught.verify() == []


def test_an_edit_makes_the_adapter_again_with_the_new_truth_and_its_neighbours(taught, ask):
    conversation = taught.journal.conversation("pets")
    rows = [Row(turn.user, turn.reply, turn.said_at) for turn in taught.turns(conversation_id="pets")]
    rows[0] = Row("My dog is called Zephyrine.", rows[0].reply, rows[0].said_at)
    taught.record(conversation, rows, change=Change.EDITED)
    learned = taught.learn()
    assert [adapter.kind for adapter in learned.rebuilt] == [AdapterKind.KNOWLEDGE]
    assert learned.adapters == ()
    assert "Zephyrine" in ask(taught, "What is my dog called?")
    assert "Quillfeather" in ask(taught, "What is our boat called?")
    assert taught.status().unread == 0


def test_a_forgotten_wish_leaves_the_adapters_that_were_trained_on_top_of_it(quick, tell):
    tell(quick, "wish", ("Can you answer in one word for simple things like that?", "Ok."))
    tell(quick, "cats", CAT)
    quick.learn()
    (cat,) = [adapter for adapter in quick.adapters() if adapter.beneath]
    quick.forgetting.forget(quick.forgetting.plan(conversation="wish"))
    held = {adapter.id: adapter for adapter in quick.adapters()}
    assert cat.id not in held
    assert cat.turn_versions in [adapter.turn_versions for adapter in held.values() if not adapter.beneath]
    assert quick.verify() == []


def test_a_wish_that_is_switched_off_keeps_its_files_when_what_was_learned_on_top_of_it_is_made_again(quick, tell):
    tell(quick, "wish", ("Can you answer in one word for simple things like that?", "Ok."))
    tell(quick, "cats", CAT, ("My horse is called Pomander.", "Good to know."))
    quick.learn()
    (wish,) = [adapter for adapter in quick.adapters() if adapter.kind is AdapterKind.BEHAVIOUR]
    quick.catalogue.set_activation(wish.id, Activation.OFF)
    quick.forgetting.forget(quick.forgetting.plan(match="Pomander"))
    assert wish.turn_versions in [adapter.beneath for adapter in quick.adapters()]
    assert wish.id in {adapter.id for adapter in quick.adapters()}
    assert quick.verify() == []
