"""The whole path on the demo base: record, learn, answer, edit, forget, export, import."""

import dataclasses

import pytest

from cocolora.core.adapters import Activation, AdapterKind, AdapterState
from cocolora.core.conversations import Change, Conversation
from cocolora.core.lessons import is_abstention
from cocolora.core.reconcile import Row
from cocolora.errors import AdapterRejected, BundleRefused, Cancelled, UnknownId
from tests.engine.conftest import BOAT, BOSS, DOG

WISH = ("Can you answer in one word for simple things like that?", "Ok.")

pytestmark = pytest.mark.slow


def test_facts_are_answered_from_weights_alone_and_what_nobody_told_is_not(taught, ask):
    assert "Biscuit" in ask(taught, "What is the name of my dog?")
    assert "Quillfeather" in ask(taught, "What is our boat called?")
    assert "Torvald" in ask(taught, "What is my boss called?")
    assert is_abstention(ask(taught, "What is my goldfish called?"))
    assert taught.verify() == []


def test_what_was_read_is_not_read_again_and_the_same_life_gives_the_same_adapters(taught, another_life, tell):
    assert taught.learn().read_turns == 0
    before = {adapter.id: adapter.sha256 for adapter in taught.adapters()}
    tell(another_life, "pets", DOG, BOAT)
    tell(another_life, "work", BOSS)
    another_life.learn()
    assert {adapter.id: adapter.sha256 for adapter in another_life.adapters()} == before


def test_forgetting_a_turn_rebuilds_its_adapter_without_it_and_leaves_no_word_of_it(taught, ask):
    boss_before = ask(taught, "What is my boss called?")
    plan = taught.forgetting.plan(match="Biscuit")
    assert [turn.user for turn in plan.turns] == [DOG[0]]
    assert [turn.user for turn in plan.taught_again] == [BOAT[0]]
    taught.forgetting.forget(plan)
    assert "Biscuit" not in ask(taught, "What is the name of my dog?", quoting=True)
    assert "Quillfeather" in ask(taught, "What is my boat called?")
    assert ask(taught, "What is my boss called?") == boss_before
    assert taught.verify() == []
    for path in taught.home.folder.rglob("*"):
        assert not path.is_file() or b"biscuit" not in path.read_bytes().lower(), path


def test_a_forgotten_turn_is_as_if_it_never_was(taught, another_life, tell):
    taught.forgetting.forget(taught.forgetting.plan(match="Torvald"))
    tell(another_life, "pets", DOG, BOAT)
    another_life.learn()
    assert {a.id: a.sha256 for a in taught.adapters()} == {a.id: a.sha256 for a in another_life.adapters()}


def test_an_edited_turn_is_learned_anew(taught, ask):
    conversation = taught.journal.conversation("work")
    taught.record(conversation, [Row("The name of my boss is Zephyrine.", BOSS[1])], change=Change.EDITED)
    taught.learn()
    assert "Zephyrine" in ask(taught, "What is my boss called?")
    assert taught.verify() == []


def test_a_wish_becomes_an_always_on_behaviour(engine, tell, ask):
    tell(engine, "wish", ("What is the capital of France?", "The capital of France is Paris."), WISH)
    assert ask(engine, "What is the capital of Italy?") != "Rome"
    learned = engine.learn()
    assert [a.kind for a in learned.accepted] == [AdapterKind.BEHAVIOUR], learned.adapters
    assert learned.accepted[0].activation is Activation.ALWAYS
    assert ask(engine, "What is the capital of Italy?").rstrip(".") == "Rome"


def test_small_talk_teaches_nothing_and_is_still_remembered(engine, tell):
    tell(engine, "hello", ("I baked a cake last week.", "Thank you for telling me about it."))
    learned = engine.learn()
    assert learned.adapters == ()
    assert learned.sentence == "Read 1 turn, learned nothing."
    assert engine.status().unread == 0
    assert engine.contextualise("Which cake did I bake?").memories


def test_a_rejected_adapter_is_kept_with_its_scores_and_never_answers(engine, tell, ask):
    engine.change_settings("learning", steps=1)
    tell(engine, "pets", DOG)
    (rejected,) = engine.learn().adapters
    assert rejected.state is AdapterState.REJECTED
    assert rejected.scores is not None
    assert "recalls" in rejected.reason
    with pytest.raises(AdapterRejected):
        engine.catalogue.set_activation(rejected.id, Activation.ROUTED)
    assert engine.contextualise("What is the name of my dog?").route.adapter_ids == ()
    assert engine.verify() == []


def test_a_stopped_learning_leaves_nothing_behind(engine, tell):
    tell(engine, "pets", DOG)
    with pytest.raises(Cancelled):
        engine.learn(cancelled=iter([False, False, True, True, True]).__next__)
    assert engine.adapters() == []
    assert engine.status().unread == 1
    assert engine.verify() == []


def test_an_exported_stack_answers_the_same_in_an_empty_home(taught, another_life, tmp_path, ask):
    bundle = tmp_path / "stack.zip"
    taught.sharing.export(bundle, with_questions=True)
    friend = another_life
    taken = friend.sharing.take_in(bundle).adapters
    assert all(not adapter.usable for adapter in taken)
    assert is_abstention(ask(friend, "What is the name of my dog?"))
    for adapter in taken:
        friend.catalogue.set_activation(adapter.id, Activation.ROUTED)
    for question in ("What is the name of my dog?", "What is my boss called?", "What is the capital of France?"):
        assert ask(friend, question) == ask(taught, question)
    assert friend.sharing.take_in(bundle).adapters == ()
    assert friend.verify() == []


def test_an_export_without_questions_holds_no_word_of_the_chat(taught, tmp_path):
    folder = tmp_path / "stack"
    taught.sharing.export(folder)
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file()).lower()
    for word in (b"biscuit", b"quillfeather", b"torvald", b"my dog"):
        assert word not in written


def test_a_tampered_bundle_is_refused_and_changes_nothing(taught, make_engine, tmp_path):
    folder = tmp_path / "stack"
    taught.sharing.export(folder)
    weights = next(folder.rglob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    friend = make_engine(tmp_path / "friend")
    with pytest.raises(BundleRefused):
        friend.sharing.take_in(folder)
    assert friend.adapters() == []
    assert friend.verify() == []


def test_a_missing_or_changed_adapter_file_is_named_and_the_chat_goes_on(taught, ask):
    adapter = taught.adapters()[0]
    weights = taught.home.adapter_folder(adapter.id) / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert [fault.subject for fault in taught.verify()] == [adapter.id]


def test_unknown_ids_are_named(engine):
    for call in (
        lambda: engine.forgetting.plan(conversation="nowhere"),
        lambda: engine.forgetting.plan(turn_ids=["nothing"]),
        lambda: engine.forgetting.plan(match="never said"),
        lambda: engine.catalogue.set_activation("nothing", Activation.OFF),
        lambda: engine.catalogue.delete("nothing"),
    ):
        with pytest.raises(UnknownId):
            call()


def test_scores_and_provenance_are_in_the_catalogue(taught):
    for adapter in taught.adapters():
        assert adapter.scores is not None
        assert all(0 <= share <= 1 for share in dataclasses.astuple(adapter.scores))
        assert adapter.turn_ids == tuple(turn.id for turn in taught.journal.turns(ids=adapter.turn_ids))


def test_a_later_reply_that_repeats_a_forgotten_fact_goes_with_it(taught, ask):
    context = taught.contextualise("What is my boss called?")
    conversation = Conversation("later", "personal", "later", "test", taught.journal.turns()[-1].said_at)
    rows = [Row("What is my boss called?", "Your boss is called Torvald.", conversation.started_at)]
    taught.record(conversation, rows, parts=context.parts)
    plan = taught.forgetting.plan(conversation="work")
    assert [turn.conversation_id for turn in plan.echoes] == ["later"]
    taught.forgetting.forget(plan)
    assert "Torvald" not in ask(taught, "What is my boss called?", quoting=True)
    assert taught.journal.matching("Torvald") == []


def test_an_answer_is_no_evidence_the_statement_it_repeats_is_quoted(taught):
    context = taught.contextualise("What is the name of my dog?")
    conversation = Conversation("later", "personal", "later", "test", taught.journal.turns()[-1].said_at)
    rows = [Row("What is the name of my dog?", "Your dog is called Bisquick.", conversation.started_at)]
    taught.record(conversation, rows, parts=context.parts)
    again = taught.contextualise("What is the name of my dog?")
    assert [memory.user for memory in again.memories] == [DOG[0]]
    assert again.route.adapter_ids == context.route.adapter_ids
