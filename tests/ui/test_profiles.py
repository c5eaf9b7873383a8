import pytest

from cocolora.errors import UnknownId
from cocolora.ui import privacy, profiles
from cocolora.ui.page import Lookout


def test_every_profile_says_what_it_holds_and_which_one_the_page_shows(engine, page, tell, learned):
    tell("pets", "My dog is called Biscuit.", "My cat is called Mog.", profile="<work>")
    learned("animals", profile="<work>")
    page.choose_profile("<work>")
    shown = profiles.show_profiles(Lookout(engine).look(page).held, chosen=page.profile)
    row = shown[shown.index("&lt;work&gt;") :]
    assert row.startswith("&lt;work&gt; <small>(this page)</small></th><td>1</td><td>2</td><td>1</td>")
    assert "personal" in shown


def test_a_profile_is_deleted_after_a_question_that_says_what_goes(engine, page, tell):
    tell("pets", "My dog is called Biscuit.", profile="trip")
    tell("home", "My cat is called Mog.")
    page.choose_profile("trip")
    asked = profiles.ask_delete(engine, page, "trip")
    assert asked.startswith("Delete 1 conversation, 1 turn and 0 adapters of “trip”?")
    assert profiles._is_asking(Lookout(engine).look(page))
    assert profiles.keep(engine, page) == "Nothing was deleted."
    assert len(engine.turns()) == 2
    profiles.ask_delete(engine, page, "trip")
    page.conversation_id = "pets"
    assert profiles.delete(engine, page) == "Deleted 1 conversation, 1 turn and 0 adapters of “trip”."
    assert page.conversation_id is None
    assert page.profile == "personal"  # there is no "trip" any more
    assert [turn.user for turn in engine.turns()] == ["My cat is called Mog."]


def test_a_page_stays_with_an_emptied_profile_that_the_settings_name(engine, page, tell):
    tell("home", "My cat is called Mog.")
    tell("talks", "My boss is called Torvald.", profile="work")
    page.choose_profile("work")
    profiles.ask_delete(engine, page, "work")
    profiles.delete(engine, page)
    assert page.profile == "work"


def test_an_empty_profile_and_no_choice_delete_nothing(engine, page, tell):
    tell("home", "My cat is called Mog.", profile="other")
    assert profiles.ask_delete(engine, page, None) == "Choose a profile first."
    assert profiles.ask_delete(engine, page, "nobody") == "Choose a profile first."
    assert profiles.ask_delete(engine, page, "personal") == profiles.HOLDS_NOTHING
    assert profiles.delete(engine, page) == "Choose a profile first."
    page.doomed = "gone meanwhile"
    with pytest.raises(UnknownId):
        profiles.delete(engine, page)


def test_looking_at_a_profile_drops_what_was_chosen_in_the_old_one(engine, page):
    page.adapter_id = "a1"
    assert profiles.look_at(engine, page, "work") == 'This page shows "work" now.'
    assert (page.profile, page.adapter_id) == ("work", None)
    assert profiles.look_at(engine, page, None) == "Choose a profile first."


def test_recording_is_switched_off_and_on_and_every_page_shows_it(engine, page):
    assert privacy.record(engine, page, False) == "Nothing that is said is recorded from now on."
    assert not privacy._is_recording(Lookout(engine).look(page))
    assert not engine.settings.recording.enabled
    privacy.record(engine, page, True)
    assert privacy._is_recording(Lookout(engine).look(page))


def test_what_is_stored_is_told_with_its_place_its_size_and_the_way_out(engine, page, tell):
    tell("pets", "My dog is called Biscuit.")
    view = Lookout(engine).look(page)
    journal = next(kept for kept in view.stored if kept.path == engine.home.journal_file)
    assert journal.size_bytes > 1000
    shown = privacy.show_stored(view)
    for words in ("What was said, with its lessons", "journal.db", "Adapters", "cocolora purge --home"):
        assert words in shown
    assert str(engine.home.folder) in shown
