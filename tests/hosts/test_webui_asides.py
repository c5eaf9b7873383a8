"""Commands in the webui's chat: answered in the model's place, and neither recorded nor shown to it."""

import pytest

from cocolora.core.asides import MARK
from tests.hosts.conftest import recorded_turns


def last_reply(world):
    return world.webui.history["internal"][-1][1]


@pytest.mark.parametrize("mode", ["instruct", "chat"])
def test_a_command_is_answered_by_cocolora_and_the_model_never_hears_of_it(world, mode):
    world.webui.mode = mode
    world.webui.new_chat()
    world.webui.chat("My dog is called Rex.")
    world.webui.chat("/memory dog")
    assert last_reply(world).startswith(MARK)
    assert "Rex" in last_reply(world)
    assert len(world.webui.prompts) == 1
    world.webui.chat("And my cat is called Tom.")
    assert "/memory" not in world.webui.prompts[-1]
    assert MARK.strip() not in world.webui.prompts[-1]
    chats = [one.id for one in world.engine.journal.conversations()]
    assert [user for user, _ in recorded_turns(world.engine, chats[0])] == [
        "My dog is called Rex.",
        "And my cat is called Tom.",
    ]


def test_a_chat_is_forgotten_from_within_after_a_yes(world):
    world.webui.chat("My dog is called Rex.")
    world.webui.chat("Please forget that conversation.")
    assert "Say yes to forget" in last_reply(world)
    world.webui.chat("yes")
    assert "Forgetting has begun" in last_reply(world)
    world.engine.jobs.wait()
    world.webui.chat("Hello.")
    assert [turn.user for turn in world.engine.turns()] == ["Hello."]


def test_an_answer_is_given_again_and_not_continued(world):
    world.webui.chat("My dog is called Rex.")
    world.webui.chat("/memory dog")
    before = last_reply(world)
    world.webui.regenerate()
    assert last_reply(world) == before
    world.webui.continue_()
    assert last_reply(world) == before
    world.webui.chat("/forget chat")
    world.webui.chat("no")
    world.webui.regenerate()
    assert "Nothing waits" in last_reply(world)
    assert len(world.engine.turns()) == 1


def test_the_reply_after_an_aside_is_the_models(world):
    world.webui.chat("/why")
    world.webui.chat("Hello.")
    assert not last_reply(world).startswith(MARK)
    world.webui.api_chat(user="/memory dog")
    assert world.webui.prompts[-1].endswith("/memory dog")


def test_a_private_chat_is_answered_and_leaves_nothing(world):
    world.webui.chat("My dog is called Rex.")
    world.webui.incognito()
    world.webui.chat("/memory dog")
    assert "Rex" in last_reply(world)
    world.webui.chat("/forget chat")
    assert "private" in last_reply(world)
    assert len(world.engine.turns()) == 1


def test_commands_can_be_switched_off(world):
    world.engine.change_settings("asides", commands=False)
    world.webui.chat("/memory dog")
    assert not last_reply(world).startswith(MARK)


def test_a_new_chat_belongs_to_the_profile_that_the_rules_say(world):
    world.webui.mode = "instruct"
    world.webui.new_chat()
    world.webui.chat("My dog is called Rex.")
    world.webui.mode = "chat"
    world.webui.new_chat()
    world.webui.chat("What is my dog called?")
    assert "Rex" not in world.webui.prompts[-1]
    world.engine.change_settings("profiles", rules="chat/Boss/* = work")
    world.webui.character = "Boss"
    world.webui.new_chat()
    world.webui.chat("The budget is due on Friday.")
    assert {one.profile for one in world.engine.journal.conversations()} == {"instruct", "personal", "work"}


def test_a_chat_moves_by_command_and_stays_where_it_was_moved_to(world):
    world.webui.chat("The budget is due on Friday.")
    world.webui.chat("/profile work")
    world.webui.chat("yes")
    world.webui.chat("It is 300 pages long.")
    assert {turn.user for turn in world.engine.turns(profile="work")} == {
        "The budget is due on Friday.",
        "It is 300 pages long.",
    }
    assert world.engine.turns(profile="instruct") == []
