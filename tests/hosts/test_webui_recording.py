"""Every row of the host's event table, in order, on the real journal: one turn for each reply, whatever happened."""

import copy
import json
import shutil

import pytest

from cocolora.core.conversations import Change
from cocolora.errors import UnknownId
from cocolora.ui.page import Lookout, Page
from tests.hosts.conftest import recorded_turns, visible_turns


def chat_of(webui):
    folder = "instruct" if webui.mode == "instruct" else f"chat/{webui.character}"
    return f"{folder}/{webui.unique_id}"


def recorded(world):
    return recorded_turns(world.engine, chat_of(world.webui))


def everything(world):
    return [(turn.user, turn.reply) for turn in world.engine.turns()]


def changes(world, turn_id):
    with world.engine.journal._database.reading() as connection:
        rows = connection.execute("SELECT change FROM versions WHERE turn_id = ? ORDER BY version", (turn_id,))
        return [row[0] for row in rows]


def test_a_chat_turn_is_recorded_raw_when_it_is_shown(world):
    world.webui.chat("Is <b> & 'c' bold? مرحبا 🙂")
    assert world.webui.heard == ["HM", "SM", "IM", "CGP", "TM🔒", "OM"]
    assert recorded(world) == [tuple(world.webui.history["internal"][0])]
    assert recorded(world)[0][0] == "Is <b> & 'c' bold? مرحبا 🙂"
    [conversation] = world.engine.journal.conversations()
    assert (conversation.id, conversation.source) == (chat_of(world.webui), "webui")


def test_the_time_is_the_one_that_the_host_shows(world):
    world.webui.chat("When?")
    [turn] = world.engine.turns()
    shown = turn.said_at.astimezone().strftime("%b %d, %Y %H:%M")
    assert shown == world.webui.history["metadata"]["user_0"]["timestamp"]


def test_page_load_and_new_chat_record_no_greeting(world):
    world.webui.mode, world.webui.greeting = "chat", "How can I help you <b>today</b>?"
    world.webui.new_chat()
    world.webui.unique_id = None
    world.webui.new_chat()
    assert world.webui.heard == ["OM", "OM"]
    assert everything(world) == []
    world.webui.chat("Hello")
    world.webui.new_chat()
    assert len(everything(world)) == 1
    world.webui.chat("Hello again")
    assert [turn.position for turn in world.engine.turns()] == [1, 1]


def test_regenerating_replaces_the_reply_and_keeps_the_rejected_one(world):
    world.webui.chat("One?")
    first = everything(world)
    world.webui.heard.clear()
    world.webui.regenerate()
    assert world.webui.heard == ["HM", "SM", "CGP", "TM🔒", "OM"]
    assert recorded(world) == visible_turns(world.webui.history) != first
    [turn] = world.engine.turns()
    assert turn.version == 2
    assert changes(world, turn.id) == [Change.RECORDED, Change.REGENERATED]


def test_continuing_records_the_full_text_once(world):
    world.webui.chat("Two?")
    world.webui.heard.clear()
    world.webui.continue_()
    assert world.webui.heard == ["HM", "SM", "CGP", "TM🔒", "OM"]
    assert recorded(world) == visible_turns(world.webui.history)
    [turn] = world.engine.turns()
    assert turn.reply.count("Reply") == 2
    assert changes(world, turn.id)[-1] == Change.CONTINUED


def test_start_reply_with_is_one_turn_with_the_start_in_it(world):
    world.webui.start_with = "Sure: "
    world.webui.chat("Three?")
    assert world.webui.heard[:2] == ["IM", "IM"]
    assert recorded(world) == visible_turns(world.webui.history)
    [turn] = world.engine.turns()
    assert turn.reply.startswith("Sure: Reply")
    world.webui.regenerate()
    assert recorded(world) == visible_turns(world.webui.history)


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_an_edit_is_seen_at_the_next_reply(world, role):
    world.webui.chat("Four?")
    world.webui.heard.clear()
    world.webui.edit(role, 0, "Edited & <changed>")
    assert world.webui.heard == ["IM"]
    world.webui.chat("Five?")
    assert recorded(world) == visible_turns(world.webui.history)
    assert "Edited & <changed>" in recorded(world)[0]
    assert world.engine.turns()[0].version == 2


def test_an_edit_is_seen_when_the_tab_opens(world):
    world.webui.chat("Six?")
    world.webui.edit("assistant", 0, "Corrected.")
    world.host.saved_chats.reconcile()
    assert recorded(world) == [("Six?", "Corrected.")]


def test_the_tab_opens_on_the_profile_that_was_spoken_in_since_it_was_seen(world):
    page = Page(profile="")
    lookout = Lookout(world.engine)
    lookout.look(page)  # the page of the host asks from the start on, behind the chat
    assert page.profile == "personal"
    world.webui.chat("My dog is called Biscuit.")
    world.host.open_tab(page)
    assert (page.profile, lookout.look(page).status.turns) == ("instruct", 1)
    page.choose_profile("work")
    world.host.open_tab(page)
    assert page.profile == "work"
    world.webui.mode = "chat"
    world.webui.new_chat()
    world.webui.chat("My cat is called Mog.")  # in the same minute, for the host
    world.host.open_tab(page)
    assert page.profile == "personal"


def test_dummy_messages_and_replies_become_turns_when_both_sides_exist(world):
    world.webui.dummy_message("Dummy?")
    world.host.saved_chats.reconcile()
    assert everything(world) == []
    world.webui.dummy_reply("Dummy.")
    assert world.webui.heard == ["IM", "IM"]
    world.host.saved_chats.reconcile()
    assert recorded(world) == [("Dummy?", "Dummy.")]
    world.webui.dummy_reply("Nobody asked.")
    world.webui.chat("Next?")
    assert recorded(world) == visible_turns(world.webui.history)


def test_removing_swiping_and_branching_reach_no_hook_and_are_seen_later(world):
    world.webui.chat("Seven?")
    world.webui.chat("Eight?")
    world.webui.regenerate()
    world.webui.heard.clear()
    world.webui.swipe(1, -1)
    assert world.webui.heard == []
    world.host.saved_chats.reconcile()
    assert recorded(world) == visible_turns(world.webui.history)
    eighth = world.engine.turns(conversation_id=chat_of(world.webui))[1]
    assert changes(world, eighth.id)[-1] == Change.SWIPED
    world.webui.remove_last()
    world.host.saved_chats.reconcile()
    assert recorded(world) == visible_turns(world.webui.history)
    assert len(recorded(world)) == 1
    before = chat_of(world.webui)
    world.webui.branch(0)
    world.webui.chat("Nine?")
    assert recorded(world) == visible_turns(world.webui.history)
    assert len(recorded_turns(world.engine, before)) == 1
    assert [turn.user for turn in world.engine.turns()] == ["Seven?", "Nine?"]


def test_a_renamed_chat_takes_its_turns_along(world):
    world.webui.chat("My dog is called Rex.")
    world.webui.rename("dogs")
    world.webui.chat("And?")
    world.webui.edit("user", 0, "My dog is called Max.")
    world.webui.chat("Well?")
    assert [turn.user for turn in world.engine.turns()] == ["My dog is called Max.", "And?", "Well?"]
    assert recorded(world) == visible_turns(world.webui.history)


@pytest.fixture
def unrecorded(world):
    """A webui with a chat of three turns that was not recorded."""
    world.engine.change_settings("recording", enabled=False)
    world.webui.chat("My dog is called Rex.")
    world.webui.chat("My cat is called Tom.")
    world.webui.chat("My boat is called Sue.")
    world.engine.change_settings("recording", enabled=True)
    return world


def import_it(world, path):
    return world.engine.conversations.import_chats([path], profile="instruct").turns


def test_a_chat_is_one_conversation_whether_it_is_recorded_or_imported_from_the_logs(unrecorded):
    saved = unrecorded.webui.path(unrecorded.webui.unique_id)
    assert import_it(unrecorded, saved) == 3
    unrecorded.webui.edit("user", 0, "My dog is called Max.")
    unrecorded.webui.chat("Well?")
    assert everything(unrecorded) == visible_turns(unrecorded.webui.history)
    assert import_it(unrecorded, saved) == 0
    [conversation] = unrecorded.engine.journal.conversations()
    assert (conversation.id, conversation.source) == (chat_of(unrecorded.webui), "webui")


@pytest.mark.parametrize("seen_before", [False, True])
def test_an_edit_and_a_removal_reach_a_chat_that_was_imported_from_a_copy_of_its_file(
    unrecorded, tmp_path, seen_before
):
    saved = unrecorded.webui.path(unrecorded.webui.unique_id)
    copied = shutil.copy(saved, tmp_path / saved.name)
    import_it(unrecorded, copied)
    unrecorded.engine.conversations.set_learnable(saved.stem, False)
    if seen_before:
        unrecorded.host.saved_chats.reconcile()
    unrecorded.webui.edit("user", 0, "My dog is called Max.")
    unrecorded.webui.remove_last()
    unrecorded.webui.chat("Well?")
    assert sorted(everything(unrecorded)) == sorted(visible_turns(unrecorded.webui.history))
    assert chat_of(unrecorded.webui) in unrecorded.engine.journal.unlearnable()
    assert unrecorded.engine.verify() == []


def test_a_deleted_chat_is_still_remembered(world):
    world.webui.chat("My dog is called Rex.")
    world.webui.delete()
    world.webui.chat("And?")
    world.host.saved_chats.reconcile()
    assert [turn.user for turn in world.engine.turns()] == ["My dog is called Rex.", "And?"]


def test_a_stopped_reply_is_recorded_as_far_as_it_came(world):
    world.webui.stop("Ten?", after=5)
    assert world.webui.heard[-1] == "OM🔒"
    assert recorded(world) == [("Ten?", "Reply")]
    world.webui.continue_()
    assert recorded(world) == visible_turns(world.webui.history)


def test_impersonating_the_notebook_and_the_api_record_nothing(world):
    world.webui.chat("Eleven?")
    before = everything(world)
    world.webui.heard.clear()
    world.webui.impersonate()
    assert world.webui.heard == ["TM🔒"]
    world.webui.heard.clear()
    world.webui.notebook("Once upon a time")
    assert world.webui.heard == ["SM🔒", "IM🔒", "TM🔒", "OM🔒"]
    world.webui.api_completion("Once upon")
    for _ in range(2):
        world.webui.api_chat(("Eleven?", "Yes."), user="Twelve?")
    assert everything(world) == before


def test_incognito_turns_are_never_recorded_whatever_is_done_with_them(world):
    world.webui.chat("Public?")
    before = everything(world)
    world.webui.incognito()
    world.webui.chat("Secret?")
    world.webui.regenerate()
    world.webui.edit("assistant", 0, "Secret edit.")
    world.webui.chat("More secrets?")
    assert world.webui.path(None).name == "None.json"
    assert world.webui.path(None).exists()
    world.host.saved_chats.reconcile()
    assert everything(world) == before


def test_nothing_is_recorded_in_multi_user_mode_unless_the_user_opts_in(world):
    world.shared.args.multi_user = True
    world.webui.chat("Whose?")
    assert everything(world) == []
    world.engine.change_settings("recording", multi_user=True)
    world.webui.chat("Mine?")
    assert [user for user, _ in everything(world)] == ["Mine?"]


def test_nothing_is_recorded_while_recording_is_off(world):
    world.engine.change_settings("recording", enabled=False)
    world.webui.chat("Off?")
    world.host.saved_chats.reconcile()
    assert everything(world) == []


def test_tool_turns_leave_one_turn_with_the_final_answer(world):
    world.webui.tools = [{"function": {"name": "clock"}}]
    replies = iter(["CALL clock()", "It is noon.", "CALL clock()", "It is one.", "No tool needed."])
    world.webui.says = lambda prompt: next(replies)
    world.webui.chat("What time is it?")
    assert recorded(world) == [("What time is it?", "It is noon.")]
    world.webui.regenerate()
    assert recorded(world) == [("What time is it?", "It is one.")]
    world.webui.chat("Thanks.")
    assert recorded(world) == visible_turns(world.webui.history)
    assert not any("CALL" in turn.reply for turn in world.engine.turns())


def test_what_was_attached_to_a_message_or_found_in_the_web_for_it_is_not_recorded(world):
    page = {"name": "Tides", "type": "text/html", "url": "https://example.com", "content": "The flood comes at noon."}
    world.webui.attachments = [page]
    world.webui.chat("When does the water rise?")
    world.webui.regenerate()
    world.webui.attachments = []
    world.webui.chat("Thanks.")
    assert recorded(world) == visible_turns(world.webui.history)
    assert "flood" in str(world.webui.history["metadata"])
    assert all(b"flood" not in file.read_bytes() for file in world.engine.home.folder.rglob("*") if file.is_file())


def test_a_thinking_models_thoughts_are_not_recorded(world):
    world.webui.says = lambda prompt: "<think>Hmm.</think>Paris."
    world.webui.chat("The capital of France?")
    assert recorded(world) == [("The capital of France?", "Paris.")]


def test_another_extension_that_replaces_the_history_does_not_hide_the_reply(world):
    listen = world.webui.extension.history_modifier
    world.webui.extension.history_modifier = lambda history: copy.deepcopy(listen(history))
    world.webui.chat("Thirteen?")
    assert recorded(world) == visible_turns(world.webui.history)
    world.webui.regenerate()
    assert recorded(world) == visible_turns(world.webui.history)


def test_the_hosts_state_is_left_as_it_is(world):
    world.webui.chat("My dog is called Rex.")
    state = world.webui.state()
    before = copy.deepcopy(state)
    for _ in world.webui._reply("What is my dog called?", state):
        assert state == before


def test_a_chat_file_that_is_no_chat_is_passed_over(world, caplog):
    world.webui.chat("Fourteen?")
    world.webui.path(world.webui.unique_id).write_text("{not JSON", encoding="utf-8")
    world.webui.path("20991231-00-00-00").write_text(json.dumps(["no", "history"]), encoding="utf-8")
    world.host.saved_chats.reconcile()
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    caplog.clear()
    assert len(recorded(world)) == 1


def test_a_reply_under_way_is_not_mistaken_for_a_removal(world):
    world.webui.chat("Fifteen?")
    [turn] = world.engine.turns()
    state = {**world.webui.state(), "tools": []}
    for history in world.webui._reply("", state, regenerate=True):
        world.webui.history = copy.deepcopy(history)
        world.webui.save()
        world.host.saved_chats.reconcile()
    world.webui.save()
    world.host.saved_chats.reconcile()
    assert [one.id for one in world.engine.turns()] == [turn.id]
    assert recorded(world) == visible_turns(world.webui.history)


def test_a_huge_message_and_odd_characters_are_recorded_as_they_are(world):
    text = "x" * 100_000 + " \u202eמימין\u202c 👩\u200d🚀 \x00 end"
    world.webui.chat(text)
    assert recorded(world) == visible_turns(world.webui.history)


def test_what_is_said_while_recording_is_off_is_not_recorded_later(world):
    world.webui.chat("My dog is called Rex.")
    world.engine.change_settings("recording", enabled=False)
    world.webui.chat("My bank is called Hidden.")
    world.webui.regenerate()
    world.webui.chat("Hello.")
    assert len(world.engine.turns()) == 1
    world.engine.change_settings("recording", enabled=True)
    world.webui.chat("My cat is called Tom.")
    world.webui.chat("Hello.")
    told = [turn.user for turn in world.engine.turns()]
    assert told == ["My dog is called Rex.", "My cat is called Tom.", "Hello."]
    assert not kept_with(world, b"Hidden")
    assert world.engine.verify() == []


@pytest.mark.parametrize("go_on", ["say more", "regenerate", "branch"])
def test_a_chat_that_began_while_recording_was_off_is_not_named_for_what_was_said_then(world, go_on):
    world.engine.change_settings("recording", enabled=False)
    world.webui.chat("My bank is called Hidden.")
    world.engine.change_settings("recording", enabled=True)
    if go_on == "regenerate":
        world.webui.regenerate()
    if go_on == "branch":
        world.webui.branch(0)
    world.webui.chat("My cat is called Tom.")
    assert [turn.user for turn in world.engine.turns()] == ["My cat is called Tom."]
    assert [one.title for one in world.engine.journal.conversations()] == [""]
    assert not kept_with(world, b"Hidden")
    assert world.engine.verify() == []


def switch(world, how, recorded):
    """Switch recording off or on, everywhere or in the chat alone."""
    if how == "everywhere":
        world.engine.change_settings("recording", enabled=recorded)
    else:
        world.engine.conversations.set_recorded(chat_of(world.webui), recorded)


def told(world):
    return [turn.user for turn in world.engine.turns()]


@pytest.mark.parametrize("how", ["everywhere", "in this chat"])
def test_what_is_said_while_a_chats_recording_is_off_is_passed_over(world, how):
    world.webui.chat("My dog is called Rex.")
    switch(world, how, False)
    world.webui.chat("My bank is called Hidden.")
    world.webui.regenerate()
    world.host.saved_chats.reconcile()
    assert told(world) == ["My dog is called Rex."]
    switch(world, how, True)
    world.host.saved_chats.reconcile()
    world.webui.chat("My cat is called Tom.")
    assert told(world) == ["My dog is called Rex.", "My cat is called Tom."]
    assert not kept_with(world, b"Hidden")
    assert world.engine.verify() == []


@pytest.mark.parametrize("how", ["everywhere", "in this chat"])
@pytest.mark.parametrize("change", ["regenerate", "edit", "edit twice", "regenerate and swipe back", "say another"])
def test_what_a_turn_is_changed_to_while_recording_is_off_is_not_recorded_later(world, how, change):
    world.webui.chat("My dog is called Rex.")
    before = everything(world)
    switch(world, how, False)
    world.webui.says = lambda prompt: "Hidden."
    if change.startswith("regenerate"):
        world.webui.regenerate()
    if change == "regenerate and swipe back":
        world.webui.swipe(0, -1)
    if change.startswith("edit"):
        world.webui.edit("user", 0, "My bank is called Hidden.")
    if change == "edit twice":
        world.host.saved_chats.reconcile()
        world.webui.edit("user", 0, "My bank is called Hidden, I said.")
    if change == "say another":
        world.webui.remove_last()
        world.webui.chat("My bank is called Hidden.")
    world.host.saved_chats.reconcile()
    assert everything(world) == before
    switch(world, how, True)
    world.webui.says = lambda prompt: "Ok."
    world.webui.chat("My cat is called Tom.")
    assert everything(world) == [*before, ("My cat is called Tom.", "Ok.")]
    assert not kept_with(world, b"Hidden")
    assert world.engine.verify() == []


def test_a_turn_that_is_changed_once_more_when_recording_is_on_again_follows(world):
    world.webui.chat("My dog is called Rex.")
    switch(world, "in this chat", False)
    world.webui.regenerate()
    switch(world, "in this chat", True)
    world.webui.says = lambda prompt: "Woof."
    world.webui.regenerate()
    assert everything(world) == [("My dog is called Rex.", "Woof.")]


@pytest.mark.parametrize("copy", ["branch", "rename"])
def test_a_branch_of_a_chat_that_is_not_recorded_is_not_either_until_it_is_switched_on(world, copy):
    world.webui.chat("My dog is called Rex.")
    switch(world, "in this chat", False)
    world.webui.chat("My bank is called Hidden.")
    world.webui.branch(1) if copy == "branch" else world.webui.rename("pets")
    world.webui.chat("My boat is called Hidden.")
    assert told(world) == ["My dog is called Rex."]
    assert recorded(world) == everything(world)
    switch(world, "in this chat", True)
    world.webui.chat("My cat is called Tom.")
    assert told(world) == ["My dog is called Rex.", "My cat is called Tom."]
    assert not kept_with(world, b"Hidden")


def test_a_branch_that_was_there_before_is_recorded(world):
    world.webui.chat("My dog is called Rex.")
    chat = chat_of(world.webui)
    world.webui.branch(0)
    world.webui.chat("My cat is called Tom.")
    world.engine.conversations.set_recorded(chat, False)
    world.webui.chat("My boat is called Sue.")
    assert told(world) == ["My dog is called Rex.", "My cat is called Tom.", "My boat is called Sue."]


def test_a_chat_that_is_not_recorded_stays_so_when_all_of_it_is_forgotten(world):
    world.webui.chat("My dog is called Rex.")
    switch(world, "in this chat", False)
    world.engine.forgetting.forget(world.engine.forgetting.plan(conversation=chat_of(world.webui)))
    world.webui.chat("My bank is called Hidden.")
    assert told(world) == []
    switch(world, "in this chat", True)
    world.webui.chat("My cat is called Tom.")
    assert told(world) == ["My cat is called Tom."]


def test_only_a_conversation_that_there_was_can_be_switched(world):
    with pytest.raises(UnknownId, match="nowhere"):
        world.engine.conversations.set_recorded("nowhere", False)


def kept_with(world, text):
    """Return the files of the home that hold a text."""
    return [path for path in world.engine.home.folder.rglob("*") if path.is_file() and text in path.read_bytes()]
