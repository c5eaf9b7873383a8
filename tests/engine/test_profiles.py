"""Profiles hold apart what was said and what was learned, and go without a trace."""

import logging
import random
from datetime import timedelta

import pytest

from cocolora.core.conversations import Conversation
from cocolora.core.gate import holds_key
from cocolora.core.reconcile import Row
from cocolora.demo.world import personal_facts, unknown_questions
from cocolora.errors import UnknownId
from tests.engine.conftest import BOAT, BOSS, DOG

FACTS = personal_facts(random.Random(11), 20)
PROBES = 200


def files_holding(folder, *wanted):
    contents = {path.name: path.read_bytes().lower() for path in folder.rglob("*") if path.is_file()}
    return [name for name, content in contents.items() if any(word.lower().encode() in content for word in wanted)]


def probes_about(facts):
    asked = [question for fact in facts for question in fact.probes]
    asked += unknown_questions(random.Random(3), max(0, PROBES - len(asked)))
    return random.Random(4).sample(asked, PROBES)


def tell_both(engine, tell, sides):
    for profile, facts in sides.items():
        tell(engine, f"{profile}-chat", *((fact.statement, fact.reply) for fact in facts), profile=profile)


def test_no_probe_in_one_profile_finds_what_another_was_told(engine, tell):
    sides = {"work": FACTS[:10], "home": FACTS[10:]}
    tell_both(engine, tell, sides)
    for question in probes_about(FACTS):
        for profile, other in (("work", "home"), ("home", "work")):
            context = engine.contextualise(question, profile=profile)
            told = {turn.id for turn in engine.turns(profile=profile)}
            assert set(context.parts.sources) <= told
            assert not any(holds_key(context.memory_block, fact.key) for fact in sides[other])


@pytest.mark.slow
def test_no_answer_export_or_log_of_one_profile_holds_what_another_learned(engine, tell, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    sides = {"work": FACTS[:4], "home": FACTS[4:8]}
    tell_both(engine, tell, sides)
    for profile in sides:
        assert engine.learn(profile=profile).accepted
    for profile, other in (("work", "home"), ("home", "work")):
        own = {adapter.id for adapter in engine.adapters(profile)}
        asked = [
            ([{"role": "user", "content": question}], engine.contextualise(question, profile=profile))
            for question in probes_about(FACTS[:8])
        ]
        assert {adapter_id for _, context in asked for adapter_id in context.route.adapter_ids} == own
        replies = engine.replies(asked, max_new_tokens=32)
        assert any(holds_key(reply, fact.key) for reply in replies for fact in sides[profile])
        assert not any(holds_key(reply, fact.key) for reply in replies for fact in sides[other])
        engine.sharing.export(tmp_path / f"{profile}-shared", profile=profile, with_questions=True)
        theirs = [adapter.id for adapter in engine.adapters(other)]
        assert files_holding(tmp_path / f"{profile}-shared", *theirs, *(fact.key for fact in sides[other])) == []
    assert not any(fact.key in caplog.text for fact in FACTS[:8])
    assert engine.verify() == []


def test_moved_conversation_is_found_in_the_new_profile_alone(engine, tell):
    tell(engine, "pets", DOG, BOAT, profile="work")
    tell(engine, "job", BOSS, profile="work")
    moved = engine.profiles.move("pets", profile="home")
    assert {turn.id for turn in engine.turns(profile="home")} == set(moved)
    assert engine.search("What is my dog called?", profile="home")[0].turn_id in moved
    assert all(hit.turn_id not in moved for hit in engine.search("What is my dog called?", profile="work"))
    assert [turn.user for turn in engine.turns(profile="work")] == [BOSS[0]]
    assert engine.verify() == []


def test_moved_conversation_goes_on_where_it_was_moved_to(engine, tell, clock):
    tell(engine, "pets", DOG, profile="work")
    engine.profiles.move("pets", profile="home")
    (dog,) = engine.turns(profile="home")
    rows = [Row(*DOG, dog.said_at), Row(*BOAT, clock.now + timedelta(minutes=1))]
    synced = engine.record(Conversation("pets", "work", "pets", "test", clock.now), rows)
    assert not synced.removed
    assert [turn.user for turn in engine.turns(profile="home")] == [DOG[0], BOAT[0]]
    assert engine.turns(profile="work") == []


def test_chat_that_goes_on_under_the_name_of_another_profile_stays_where_it_is(engine, tell):
    tell(engine, "pets", DOG, profile="work")
    tell(engine, "pets", DOG, BOAT)
    assert [turn.user for turn in engine.turns(profile="work")] == [DOG[0], BOAT[0]]
    assert engine.search("What is our boat called?") == []
    assert engine.search("What is our boat called?", profile="work")


def test_turn_of_another_profile_is_never_quoted_even_where_the_index_names_it(engine, tell):
    tell(engine, "pets", DOG, profile="work")
    engine._rooms.index_turns(engine.turns(profile="work"), profile="personal")
    assert engine.search("What is my dog called?")
    assert engine.contextualise("What is my dog called?").memories == ()
    assert "Biscuit" not in engine.asides.answer("/memory my dog", chat="pets")


@pytest.mark.slow
def test_moving_takes_what_was_learned_along_by_learning_it_anew(engine, tell):
    tell(engine, "pets", DOG, profile="work")
    engine.learn(profile="work")
    assert engine.adapters("work")
    engine.profiles.move("pets", profile="home")
    assert engine.adapters("work") == []
    assert engine.status(profile="home").unread == 1
    assert engine.verify() == []


def test_deleted_profile_leaves_no_byte(engine, tell, tmp_path):
    engine.change_settings("profiles", names=("personal", "work", "instruct", "holiday-plans"))
    engine.change_settings_in("holiday-plans", "learning", rank=4)
    tell(engine, "pets", DOG, BOAT, profile="holiday-plans")
    tell(engine, "job", BOSS)
    engine.profiles.move("pets", profile="elsewhere")
    engine.profiles.move("pets", profile="holiday-plans")
    engine.journal.queue.add("learn", {}, profile="holiday-plans", now=engine.turns()[0].said_at)
    gone = engine.profiles.delete("holiday-plans")
    assert (gone.conversations, gone.turns) == (1, 2)
    assert [profile.name for profile in engine.profiles.all()] == ["personal", "work", "instruct"]
    assert engine.search("Who is my boss?")
    assert engine.verify() == []
    engine.close()
    assert files_holding(tmp_path / "home", "Biscuit", "Quillfeather", "biscuit", "holiday-plans") == []


def test_deleted_profile_that_was_there_from_the_start_is_empty_and_as_everywhere(engine, tell):
    tell(engine, "job", BOSS, profile="work")
    engine.change_settings("profiles", rules={"chat/Boss/*": "work"})
    engine.change_settings_in("work", "learning", rank=4)
    engine.profiles.delete("work")
    settings = engine.settings
    assert settings.profiles.names == ("personal", "work", "instruct")
    assert settings.of("work") == settings
    assert settings.profiles.rules == {"chat/Boss/*": "work"}


def test_profile_that_is_not_there_cannot_be_deleted(engine):
    with pytest.raises(UnknownId):
        engine.profiles.delete("nobody")
