"""Secrets and pasted documents are remembered and never learned, and the user is told."""

import pytest

from cocolora.core.conversations import Change
from cocolora.core.reconcile import Row
from cocolora.core.told import Standing
from cocolora.engine.dataset import plan_dataset
from tests.engine.conftest import BOAT, DOG

SECRET = ("By the way, my password is hunter2.", "Ok.")
DOCUMENT = ("The committee met on Monday and agreed on nothing at all. " * 60, "Ok.")


def test_what_must_not_be_learned_is_marked_said_and_leaves_no_lesson(engine, tell):
    tell(engine, "chat", SECRET, DOCUMENT)
    learned = engine.learn()
    assert "never learned" in learned.sentence
    assert "1 long message" in learned.sentence
    standings = [told.standing for told in engine.conversations.read("chat")]
    assert standings == [Standing.SECRET, Standing.DOCUMENT]
    assert engine.journal.lessons() == []
    assert engine.adapters() == []
    assert engine.status().unread == 0
    assert engine.search("What is my password?")


def test_the_rest_of_a_conversation_is_read_as_ever(engine, tell):
    tell(engine, "chat", SECRET, DOG)
    engine.change_settings("learning", steps=2, attempts=1)
    engine.learn()
    assert {lesson.key for lesson in engine.journal.lessons() if lesson.key} == {"Biscuit"}


@pytest.fixture
def learned(engine, tell):
    """An engine that learned of a dog and a boat, in a step or two."""
    engine.change_settings("learning", steps=2, attempts=1)
    engine.change_settings("gate", recall=0.0, retention_loss=1.0, abstention=0.0, rollup_loss=1.0, neighbour_loss=1.0)
    engine.change_settings("gate", loss_rise=10.0)
    tell(engine, "chat", DOG, BOAT)
    assert engine.learn().accepted
    return engine


def reword_dog(engine, text):
    dog, boat = engine.turns(conversation_id="chat")
    rows = [Row(text, "Ok.", dog.said_at), Row(*BOAT, boat.said_at)]
    engine.record(engine.journal.conversation("chat"), rows, change=Change.EDITED)
    return dog.id


def taught_turns(engine):
    return {turn_id for adapter in engine.adapters() for turn_id in adapter.turn_ids}


@pytest.mark.slow
@pytest.mark.parametrize("unfit", [SECRET, DOCUMENT])
def test_a_learned_turn_that_is_edited_to_hold_what_must_not_be_learned_is_learned_no_longer(learned, unfit):
    dog = reword_dog(learned, unfit[0])
    assert dog in learned.learn().kept_out
    assert learned.journal.lessons([dog]) == []
    assert dog not in taught_turns(learned)
    assert len(taught_turns(learned)) == 1
    assert learned.status().unread == 0
    assert learned.verify() == []


@pytest.mark.slow
def test_an_adapter_is_made_again_without_a_turn_that_is_to_be_learned_no_longer_and_with_it_again(learned):
    dog, boat = learned.turns(conversation_id="chat")
    assert learned.conversations.set_turns_learnable([dog.id], False)
    assert taught_turns(learned) == set()
    assert learned.status().rebuilds == 1
    assert [told.standing for told in learned.conversations.read("chat")] == [Standing.PRIVATE, Standing.WAITING]
    learned.learn()
    assert taught_turns(learned) == {boat.id}
    assert dog.id not in {turn.id for turn in plan_dataset(learned._rooms, profile="personal").turns}
    assert learned.search("What is my dog called?")
    assert not learned.conversations.set_turns_learnable([dog.id], True)
    learned.learn()
    assert taught_turns(learned) == {dog.id, boat.id}
    assert learned.verify() == []


@pytest.mark.slow
def test_an_adapter_is_made_again_without_a_conversation_that_is_to_be_learned_no_longer(learned):
    dog = reword_dog(learned, "My dog is called Zephyrine.")
    learned.conversations.set_learnable("chat", False)
    learned.learn()
    assert learned.journal.lessons([dog]) == []
    assert taught_turns(learned) == set()
    learned.conversations.set_learnable("chat", True)
    assert learned.status().unread == 2
