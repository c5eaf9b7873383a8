import json

import gradio as gr
import pytest

from cocolora.core.adapters import Activation, AdapterState
from cocolora.core.conversations import Conversation
from cocolora.core.parts import Parts
from cocolora.core.reconcile import Row
from cocolora.core.records import Outcome
from cocolora.core.told import Standing
from cocolora.errors import HostsChat, SettingsInvalid
from cocolora.ui import conversations, reading
from cocolora.ui.board import Board
from cocolora.ui.page import TURNS_SHOWN, Lookout
from cocolora.ui.why import NOT_KNOWN, NOTHING_TOOK_PART
from tests.ui.conftest import STARTED, blocks_of

DOG, CAT = "My dog is called Biscuit.", "My cat is called <b>Mog</b>."


@pytest.fixture
def read(engine, page):
    """Return a function that shows a conversation as the page does."""

    def read(name):
        conversations.choose_conversation(engine, page, name)
        return reading.show_conversation(Lookout(engine).look(page).told, zone=None)

    return read


@pytest.fixture
def mark(engine):
    """Return a function that notes what came of reading a turn."""

    def mark(turn, outcome, adapter=None):
        engine.journal.mark_read(
            [(turn.id, turn.version)],
            base_fingerprint="f" * 64,
            outcome=outcome,
            adapter_id=adapter and adapter.id,
            now=STARTED,
        )

    return mark


def listed(engine, page):
    view = Lookout(engine).look(page)
    choices = conversations._listed(view)
    assert isinstance(choices, dict)
    return [text for text, _ in choices["choices"]]


def test_each_turn_says_what_became_of_it(engine, tell, learned, mark, read):
    dog, cat, boat, _ = tell("pets", DOG, CAT, "Our boat is called Wren.", "Hello.")
    mark(dog, Outcome.LEARNED, learned("animals", [dog]))
    bad = learned("bad", [cat], state=AdapterState.REJECTED, activation=Activation.OFF, reason="it recalls 10%")
    mark(cat, Outcome.REJECTED, bad)
    mark(boat, Outcome.NOTHING)
    shown = read("pets")
    places = [
        shown.index(words)
        for words in ("Learned in animals", "Not learned: it recalls 10%", "Read, nothing to learn", ">Remembered<")
    ]
    assert places == sorted(places)
    assert "&lt;b&gt;Mog&lt;/b&gt;" in shown


def test_a_secret_and_a_document_say_that_they_were_kept_out(tell, mark, read):
    secret, document = tell("pets", "My password is swordfish.", "A long text.")
    mark(secret, Outcome.SECRET)
    mark(document, Outcome.DOCUMENT)
    shown = read("pets")
    assert "Holds a secret, never learned" in shown
    assert "A document, not learned" in shown
    assert set(reading.STANDINGS) == set(Standing)


def test_every_reply_says_why_it_is_as_it_is(engine, tell, read):
    (dog,) = tell("pets", DOG)
    rows = [Row("Hello.", "Hello.", STARTED), Row("What is my dog called?", "Biscuit.", STARTED)]
    for number, parts in ((1, Parts()), (2, engine.contextualise(rows[1].user).parts)):
        engine.record(Conversation("later", "personal", "", "test", STARTED), rows[:number], parts=parts)
    shown = read("later")
    assert shown.count("Why this reply?") == 2
    assert shown.index(NOTHING_TOOK_PART) < shown.index("<b>Quoted</b> “My dog is called Biscuit.”")
    assert NOT_KNOWN in read("pets")
    engine.journal.forget([dog.id], now=STARTED)
    assert "<b>Quoted</b> something that is gone since" in read("later")


def test_a_very_long_conversation_shows_its_newest_turns_and_earlier_ones_on_demand(engine, page, tell, read):
    tell("pets", *(f"I say {number}." for number in range(TURNS_SHOWN + 1)))
    shown = read("pets")
    assert "1 earlier turn not shown" in shown
    assert "I say 0." not in shown
    assert f"<b>{TURNS_SHOWN + 1}</b>" in shown
    assert reading._has_earlier(Lookout(engine).look(page))
    reading.show_earlier(engine, page)
    view = Lookout(engine).look(page)
    assert "I say 0." in reading._text_of(view)
    assert not reading._has_earlier(view)
    page.choose_conversation(None)
    assert page.shown_turns == TURNS_SHOWN


def test_the_list_is_searched_in_titles_and_turns_and_goes_on(engine, page, tell):
    for name in ("pets", "work", "boats"):
        tell(name, f"I say {name} and 100% of it.")
    assert len(listed(engine, page)) == 3
    assert conversations.search(engine, page, "say PETS") == "1 conversation found."
    assert [text.partition("\n")[0] for text in listed(engine, page)] == ["About pets"]
    assert conversations.search(engine, page, "about work") == "1 conversation found."
    assert conversations.search(engine, page, "100% of it") == "3 conversations found."
    assert conversations.search(engine, page, "elephant") == conversations.NOTHING_FOUND
    assert conversations.search(engine, page, " ") == ""
    page.shown = 1
    assert len(listed(engine, page)) == 1
    conversations.show_more(engine, page)
    assert len(listed(engine, page)) == 3


def test_an_edited_turn_has_its_new_text_and_its_adapter_is_stale(engine, page, tell, learned, read):
    dog, cat = tell("pets", DOG, CAT)
    learned("animals", [dog, cat])
    read("pets")
    assert reading.ask_edit(engine, page) == "Choose exactly one turn to edit."
    reading.choose_turns(engine, page, [dog.id])
    reading.ask_edit(engine, page)
    reading.save_edit(engine, page, "My dog is called Max.", "Ok.")
    assert page.editing is None
    assert [turn.user for turn in engine.turns(conversation_id="pets")] == ["My dog is called Max.", CAT]
    assert [adapter.name for adapter in engine.journal.stale_adapters()] == ["animals"]
    assert "Edited" in read("pets")
    assert engine.contextualise("What is my dog called?").memory_block.count("Max") == 1


def test_single_turns_are_kept_from_being_learned_and_let_in_again(engine, page, tell, learned, mark, read):
    dog, cat = tell("pets", DOG, CAT)
    mark(dog, Outcome.LEARNED, learned("animals", [dog, cat]))
    read("pets")
    assert reading.except_turns(engine, page) == "Choose the turns first."
    reading.choose_turns(engine, page, [dog.id])
    said = reading.except_turns(engine, page)
    assert said.startswith("1 chosen turn will never be learned, and will still be remembered.")
    assert "made again without" in said
    assert engine.adapters() == []
    shown = read("pets")
    assert shown.index("Remembered, never learned") < shown.index(">Remembered<")
    menu = reading._turns(Lookout(engine).look(page))
    assert isinstance(menu, dict)
    choices = menu["choices"]
    assert [text.endswith("never learned") for text, _ in choices] == [True, False]
    assert [memory.user for memory in engine.contextualise("What is my dog called?").memories] == [DOG]
    reading.choose_turns(engine, page, [dog.id])
    assert reading.admit_turns(engine, page) == "1 chosen turn may be learned."
    assert "never learned" not in read("pets")


def test_what_is_typed_into_an_edit_stays_when_the_turn_is_learned_meanwhile(engine, page, tell, learned, mark):
    def lay_out():
        board = Board(engine, profile="personal")
        reading.build_reading(board)
        board.wire()
        return board

    _, board = blocks_of(lay_out)
    (dog,) = tell("pets", DOG)
    conversations.choose_conversation(engine, page, "pets")
    reading.choose_turns(engine, page, [dog.id])
    reading.ask_edit(engine, page)
    assert gr.update(value=DOG) in board.updates(page)
    mark(dog, Outcome.LEARNED, learned("animals", [dog]))
    updates = board.updates(page)
    assert any("Learned in animals" in str(update) for update in updates)
    assert gr.update(value=DOG) not in updates
    engine.conversations.edit_turn(dog.id, conversation_id="pets", user="My dog is called Max.", reply="Ok.")
    assert gr.update(value="My dog is called Max.") in board.updates(page)


def test_an_edit_can_be_left_and_an_empty_one_is_refused(engine, page, tell, read):
    (dog,) = tell("pets", DOG)
    read("pets")
    reading.choose_turns(engine, page, [dog.id])
    reading.ask_edit(engine, page)
    with pytest.raises(SettingsInvalid, match="the reply must not be empty"):
        reading.save_edit(engine, page, DOG, "  ")
    assert reading.cancel_edit(engine, page) == "Nothing was changed."
    assert engine.journal.turn(dog.id).version == dog.version


def test_a_chat_that_the_webui_keeps_is_edited_there(engine, page):
    engine.record(Conversation("w1", "personal", "Webui chat", "webui", STARTED), [Row(DOG, "Ok.", STARTED)])
    (dog,) = engine.turns()
    page.choose_conversation("w1")
    page.choose_turns([dog.id])
    with pytest.raises(HostsChat, match="Edit the message in the chat itself"):
        reading.ask_edit(engine, page)
    assert page.editing is None
    page.editing = dog.id
    with pytest.raises(HostsChat, match="Edit the message in the chat itself"):
        reading.save_edit(engine, page, "My dog is called Max.", "Ok.")


def test_a_conversation_that_is_not_to_be_learned_is_still_remembered(engine, page, tell, read):
    tell("pets", DOG)
    read("pets")
    reading.switch_learning(engine, page, False)
    assert "Remembered, never learned" in read("pets")
    assert listed(engine, page)[0].endswith("never learned")
    assert engine.status().unread == 0
    reading.switch_learning(engine, page, True)
    assert "never learned" not in read("pets")


def test_a_conversation_that_is_not_recorded_says_so_and_keeps_what_it_holds(engine, page, tell, read):
    tell("pets", DOG)
    read("pets")
    assert "What was recorded stays until you forget it" in reading.switch_recording(engine, page, False)
    assert listed(engine, page)[0].endswith("not recorded")
    assert not reading._recorded(Lookout(engine).look(page))
    tell("pets", DOG, CAT)
    assert CAT not in str(engine.turns())
    assert "from now on" in reading.switch_recording(engine, page, True)
    assert "not recorded" not in listed(engine, page)[0]
    engine.change_settings("recording", enabled=False)
    assert "under Privacy" in reading.switch_recording(engine, page, True)


def test_a_moved_conversation_is_found_under_its_new_profile_alone(engine, page, tell, read):
    tell("pets", DOG)
    read("pets")
    assert reading.move(engine, page, "personal") == 'It is under "personal" already.'
    assert reading.move(engine, page, " work ").startswith('Moved to "work"')
    assert listed(engine, page) == []
    assert engine.contextualise("What is my dog called?").memories == ()
    (memory,) = engine.contextualise("What is my dog called?", profile="work").memories
    assert memory.user == DOG
    page.choose_profile("work")
    read("pets")
    with pytest.raises(SettingsInvalid, match="The profile's name"):
        reading.move(engine, page, "")


def test_a_chat_file_is_imported_in_the_background_and_its_problems_are_told(engine, page, tmp_path):
    assert conversations.import_chat(engine, page, None) == "Choose a file first, and wait until it is uploaded."
    messages = [{"role": "user", "content": DOG}, {"role": "assistant", "content": "Ok."}]
    good = tmp_path / "chat.json"
    good.write_text(json.dumps({"messages": messages}))
    conversations.import_chat(engine, page, str(good))
    assert engine.jobs.wait(timeout_s=30)
    assert engine.jobs.last.message == "Recorded 1 new turn in 1 conversation."
    assert not good.exists()
    engine.conversations.start_import([good], profile=page.profile, uploaded=True)
    assert engine.jobs.wait(timeout_s=30)
    assert engine.jobs.last.message == "The chats are recorded."
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    conversations.import_chat(engine, page, str(bad))
    assert engine.jobs.wait(timeout_s=30)
    assert "is not a chat that cocolora reads" in engine.jobs.last.message
    assert not bad.exists()


def test_a_list_that_was_sent_anew_leaves_the_chosen_turns_as_they_are(engine, page, tell):
    (turn,) = tell("pets", "My dog is called Biscuit.")
    conversations.choose_conversation(engine, page, "pets")
    reading.choose_turns(engine, page, [turn.id])
    conversations.choose_conversation(engine, page, "pets")
    assert page.turn_ids == [turn.id]
