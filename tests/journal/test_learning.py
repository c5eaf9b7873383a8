"""Readings, lessons and adapters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cocolora.core.adapters import Activation, AdapterState, BaseIdentity
from cocolora.core.gate import Scores
from cocolora.core.records import Outcome
from cocolora.errors import SettingsInvalid, TurnChanged, UnknownId
from tests.journal.lives import BASE, NOON, adapter, chat, lesson, said

FINGERPRINT = BASE.fingerprint


@pytest.fixture
def turns(journal):
    journal.sync(chat(), said(("my dog is Rex", "nice"), ("I like tea", "me too")), now=NOON)
    return journal.turns()


def landed(journal, *turns, **values):
    learned = {(turn.id, turn.version): Outcome.LEARNED for turn in turns}
    return journal.land_adapter(adapter(*turns, **values), readings=learned, now=NOON)


def test_turns_are_unread_until_they_are_read_for_this_base(journal, turns):
    journal.mark_read([(turns[0].id, 1), ("gone", 1)], base_fingerprint=FINGERPRINT, outcome=Outcome.NOTHING, now=NOON)
    assert journal.unread("personal", FINGERPRINT) == turns[1:]
    assert journal.unread("personal", "another base") == turns
    assert journal.reading(turns[0].id).outcome is Outcome.NOTHING
    assert journal.reading(turns[1].id) is None


def test_a_revised_turn_is_unread_again_and_its_lessons_are_gone(journal, turns):
    landed(journal, *turns)
    journal.add_lessons([lesson(turn) for turn in turns], base_fingerprint=FINGERPRINT, now=NOON)
    journal.sync(chat(), said(("my dog is Max", "nice"), ("I like tea", "me too")), now=NOON)
    assert [turn.id for turn in journal.unread("personal", FINGERPRINT)] == [turns[0].id]
    assert [kept.turn_id for kept in journal.lessons()] == [turns[1].id]
    assert [stale.turn_ids for stale in journal.stale_adapters()] == [(turns[0].id, turns[1].id)]


def test_a_conversation_that_is_not_learned_is_recorded_but_never_unread(journal, turns):
    journal.set_learnable("chat-1", False)
    assert journal.unread("personal", FINGERPRINT) == []
    assert journal.unlearnable() == {"chat-1"}
    journal.sync(chat("branch"), said(("my dog is Rex", "nice"), ("new", "new")), now=NOON)
    assert [turn.user for turn in journal.unread("personal", FINGERPRINT)] == ["new"]
    journal.set_learnable("chat-1", True)
    assert len(journal.unread("personal", FINGERPRINT)) == 3
    with pytest.raises(UnknownId):
        journal.set_learnable("nowhere", True)


def test_a_turn_that_may_not_be_learned_is_never_unread_wherever_it_is_held(journal, turns):
    dog, tea = turns
    journal.set_turns_learnable([dog.id], False)
    assert [turn.learnable for turn in journal.turns()] == [False, True]
    assert journal.unread("personal", FINGERPRINT) == [tea]
    journal.sync(chat("branch"), said(("my dog is Rex", "nice")), now=NOON)
    journal.sync(chat("branch"), said(("my dog is Max", "nice")), now=NOON)
    journal.move_conversation("chat-1", profile="work", now=NOON)
    assert {turn.user for turn in journal.turns() if not turn.learnable} == {"my dog is Rex", "my dog is Max"}
    journal.set_turns_learnable([turn.id for turn in journal.turns()], True)
    assert len(journal.unread("work", FINGERPRINT)) == 2
    with pytest.raises(UnknownId):
        journal.set_turns_learnable(["nowhere"], False)


def test_an_adapter_of_a_turn_that_may_not_be_learned_is_to_be_made_again_without_it(journal, turns):
    dog, tea = turns
    both = landed(journal, *turns)
    journal.set_turns_learnable([dog.id], False)
    assert journal.retire_stale() == (both.id,)
    assert [rebuild.turn_ids for rebuild in journal.rebuilds()] == [(tea.id,)]
    assert journal.unread("personal", FINGERPRINT) == []
    journal.set_turns_learnable([dog.id], True)
    assert [rebuild.turn_ids for rebuild in journal.rebuilds()] == [(dog.id, tea.id)]


def test_what_is_kept_from_learning_while_it_is_learned_is_not_landed(journal, turns):
    journal.set_turns_learnable([turns[0].id], False)
    with pytest.raises(TurnChanged):
        landed(journal, *turns)
    assert journal.adapters() == []


def test_lessons_come_back_as_they_were_in_order_and_once(journal, turns):
    lessons = [lesson(turns[0], question=f"{number}?") for number in (3, 1, 2)]
    for base in (FINGERPRINT, FINGERPRINT, "other"):
        journal.add_lessons(lessons, base_fingerprint=base, now=NOON)
    assert journal.lessons([turns[0].id], FINGERPRINT) == lessons
    assert len(journal.lessons()) == 6
    assert journal.lessons([turns[1].id]) == []


def test_a_lesson_of_a_turn_that_changed_meanwhile_is_refused(journal, turns):
    journal.sync(chat(), said(("my dog is Max", "nice")), now=NOON)
    for turn in turns:
        with pytest.raises(TurnChanged):
            journal.add_lessons([lesson(turn)], base_fingerprint=FINGERPRINT, now=NOON)
    assert journal.lessons() == []


def test_an_adapter_comes_back_as_it_was(journal, turns):
    scores = Scores(recall=1.0, retention=0.9, retention_base=0.95, abstention=1.0)
    kept = landed(journal, *turns, scores=scores, reason="all well", name="Garten 🌱")
    assert journal.adapter(kept.id) == kept == adapter(*turns, scores=scores, reason="all well", name="Garten 🌱")
    assert journal.adapters("personal") == [kept]
    assert journal.adapters("work") == []
    assert journal.adapters_of([turns[1].id]) == [kept]
    assert journal.unread("personal", FINGERPRINT) == []
    assert journal.reading(turns[0].id).adapter_id == kept.id


def test_an_adapter_of_a_turn_that_changed_meanwhile_does_not_land(journal, turns):
    journal.forget([turns[0].id], now=NOON)
    with pytest.raises(TurnChanged):
        landed(journal, *turns)
    assert journal.adapters() == []
    assert journal.unread("personal", FINGERPRINT) == [turns[1]]


def test_landing_again_keeps_the_name_that_the_user_gave(journal, turns):
    kept = landed(journal, *turns, state=AdapterState.REJECTED)
    journal.change_adapter(kept.id, name="Mine")
    again = landed(journal, *turns, state=AdapterState.READY)
    assert (again.id, again.name, again.state) == (kept.id, "Mine", AdapterState.READY)
    assert len(journal.adapters()) == 1


def test_names_are_numbered_within_a_profile(journal, turns):
    first, second = landed(journal, turns[0]), landed(journal, turns[1])
    third = journal.add_adapters([adapter(profile="work")])[0]
    assert [first.name, second.name, third.name] == ["garden", "garden 2", "garden"]
    assert journal.change_adapter(second.id, name="garden").name == "garden 2"
    long = "n" * 80
    assert journal.change_adapter(first.id, name=long).name == long
    assert journal.change_adapter(second.id, name=long).name == "n" * 78 + " 2"


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "two\nlines", "right\u202eleft", "bell\a"])
def test_a_bad_name_is_refused(journal, turns, name):
    kept = landed(journal, *turns)
    with pytest.raises(SettingsInvalid):
        journal.change_adapter(kept.id, name=name)
    assert journal.adapter(kept.id) == kept


def test_an_adapter_is_changed_where_it_is_told_to(journal, turns):
    kept = landed(journal, *turns)
    changed = journal.change_adapter(kept.id, activation=Activation.OFF, weight=0.5, reason="")
    assert changed == replace(kept, activation=Activation.OFF, weight=0.5) == journal.adapter(kept.id)
    with pytest.raises(SettingsInvalid):
        journal.change_adapter(kept.id, weight=float("nan"))
    with pytest.raises(UnknownId):
        journal.change_adapter("nowhere", weight=1.0)


def test_without_its_adapter_a_turn_is_unread_again(journal, turns):
    kept = landed(journal, *turns)
    journal.remove_adapter(kept.id)
    assert journal.unread("personal", FINGERPRINT) == turns
    with pytest.raises(UnknownId):
        journal.remove_adapter(kept.id)


def test_without_a_rollup_its_sources_still_count_as_having_read(journal, turns):
    sources = [landed(journal, turn) for turn in turns]
    rollup = landed(journal, *turns, name="rollup")
    journal.remove_adapter(rollup.id)
    assert journal.unread("personal", FINGERPRINT) == []
    assert [journal.reading(turn.id).adapter_id for turn in turns] == [source.id for source in sources]


def test_an_imported_adapter_is_stale_only_for_turns_that_are_known_here(journal, turns):
    kept = journal.add_adapters([adapter(origin="bundle", turn_versions=(("t-from-elsewhere", 1), (turns[0].id, 1)))])[
        0
    ]
    assert journal.stale_adapters() == []
    assert journal.forget([turns[0].id], now=NOON).adapter_ids == (kept.id,)
    assert journal.adapters() == []
    assert journal.rebuilds() == ()


def test_adapters_of_two_bases_do_not_read_for_each_other(journal, turns):
    landed(journal, *turns, base=BaseIdentity("big", "other"))
    assert journal.unread("personal", FINGERPRINT) == turns
    assert journal.reading(turns[0].id, FINGERPRINT) is None
