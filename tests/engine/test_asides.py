"""What cocolora answers in a chat by itself."""

from datetime import timedelta

import pytest

from cocolora.core.adapters import Activation
from cocolora.core.asides import MARK
from cocolora.core.conversations import Conversation
from cocolora.core.reconcile import Row
from tests.engine.conftest import BOAT, BOSS, DOG


@pytest.fixture
def say(engine):
    """Say something in a chat; return what cocolora answers without its mark, None when the model is to answer."""

    def say_it(message, chat="pets", **more):
        answer = engine.asides.answer(message, chat=chat, **more)
        assert answer is None or answer.startswith(MARK)
        return answer and answer.removeprefix(MARK)

    return say_it


def test_memory_says_what_was_said_and_when(engine, tell, say, clock):
    tell(engine, "pets", DOG, BOAT)
    clock.now += timedelta(days=2)
    answer = say("/memory my dog")
    assert "3 days ago" in answer
    assert "Biscuit" in answer
    assert "remembered, not learned" in answer
    assert "2 turns remembered" in say("/memory")
    assert "Nothing that was said fits" in say("/memory quantum chromodynamics")


def test_what_is_said_to_the_model_is_not_answered(engine, say):
    assert say("What is my dog called?") is None
    assert say("yes") is None


def test_a_chat_is_forgotten_after_a_yes_and_not_before(engine, tell, say):
    tell(engine, "pets", DOG)
    tell(engine, "job", BOSS)
    assert "Biscuit" in say("Please forget that conversation.")
    assert len(engine.turns()) == 2
    assert "Forgetting has begun" in say("Yes!")
    engine.jobs.wait()
    assert [turn.user for turn in engine.turns()] == [BOSS[0]]
    assert say("yes") is None


@pytest.mark.parametrize("instead", ["no", "What is the capital of France?", "/memory"])
def test_anything_but_a_yes_keeps_it(engine, tell, say, instead):
    tell(engine, "pets", DOG)
    say("/forget chat")
    say(instead)
    say("yes")
    engine.jobs.wait()
    assert len(engine.turns()) == 1


def test_a_yes_counts_in_the_chat_that_was_asked_alone(engine, tell, say):
    tell(engine, "pets", DOG)
    say("/forget chat")
    assert say("yes", chat="another") is None
    engine.jobs.wait()
    assert len(engine.turns()) == 1


def test_words_are_forgotten_within_the_profile_alone(engine, tell, say):
    tell(engine, "pets", DOG, BOAT)
    tell(engine, "office-dog", DOG, profile="work")
    assert "1 turn" in say("/forget Biscuit")
    say("yes")
    engine.jobs.wait()
    assert [turn.user for turn in engine.turns(profile="personal")] == [BOAT[0]]
    assert len(engine.turns(profile="work")) == 1
    assert "No turn holds" in say("/forget Biscuit")


def test_the_last_turn_is_forgotten(engine, tell, say):
    tell(engine, "pets", DOG, BOAT)
    say("Forget that.")
    say("yes")
    engine.jobs.wait()
    assert [turn.user for turn in engine.turns()] == [DOG[0]]


def test_a_private_chat_has_nothing_to_forget_or_move(engine, say):
    assert "private" in say("/forget chat", chat=None)
    assert "private" in say("/profile work", chat=None)


def test_a_chat_goes_to_another_profile_after_a_yes(engine, tell, say):
    tell(engine, "pets", DOG)
    assert 'belongs to "personal"' in say("/profile")
    assert "Move this chat" in say("/profile Work")
    say("yes")
    assert [turn.user for turn in engine.turns(profile="work")] == [DOG[0]]
    assert engine.asides.profile_of("pets") == "work"
    assert "There is no profile" in say("/profile wrok")


def test_a_new_chat_goes_to_another_profile_at_once(engine, say):
    assert "from now on" in say("/profile work", chat="new")
    assert engine.asides.profile_of("new", "instruct") == "work"
    assert engine.asides.profile_of("other", "instruct") == "instruct"


def test_a_new_instruct_chat_may_be_personal(engine):
    assert "from now on" in engine.asides.answer("/profile personal", chat="new", profile="instruct")
    assert engine.asides.profile_of("new", "instruct") == "personal"


def test_without_a_model_nothing_is_learned_and_the_reason_is_said(make_engine, tmp_path, tell):
    engine = make_engine(tmp_path / "bare", find_model=lambda: None)
    tell(engine, "pets", DOG)
    answer = engine.asides.answer("/learn", chat="pets")
    assert answer == MARK + engine.status().trouble


def test_why_is_answered_after_a_restart_and_without_what_was_forgotten(engine, make_engine, tell, say):
    tell(engine, "pets", DOG)
    (dog,) = engine.turns()
    context = engine.contextualise("What is my dog called?")
    rows = [Row("What is my dog called?", "I do not know.", engine.now())]
    engine.record(Conversation("later", "personal", "", "test", engine.now()), rows, parts=context.parts)
    engine.close()
    again = make_engine(engine.home.folder)
    assert "Biscuit" in again.asides.answer("/why", chat="later")
    again.journal.forget([dog.id], now=again.now())
    assert "quoted: something that is gone since" in again.asides.answer("/why", chat="later")
    assert "is not known here" in again.asides.answer("/why", chat=None)


@pytest.mark.slow
def test_what_was_learned_shapes_a_reply_and_is_taken_back(taught):
    assert "is not known here" in taught.asides.answer("/why", chat="pets")
    taught.asides.note("pets", taught.contextualise("What is the name of my dog?").parts)
    why = taught.asides.answer("/why", chat="pets")
    assert "Biscuit" in why
    assert "your message matches" in why
    assert "learned in" in taught.asides.answer("/memory dog", chat="pets")
    active = [one for one in taught.adapters() if one.activation is not Activation.OFF]
    for _ in active:
        assert "Switched off" in taught.asides.answer("/undo", chat="pets")
    assert all(one.activation is Activation.OFF for one in taught.adapters())
    assert "Nothing that was learned" in taught.asides.answer("/undo", chat="pets")
    assert "nothing new" in taught.asides.answer("/learn", chat="pets")
