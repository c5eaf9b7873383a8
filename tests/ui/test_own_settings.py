import gradio as gr
import pytest

from cocolora.errors import SettingsInvalid
from cocolora.settings import OWN_SETTINGS, load_settings
from cocolora.ui import own_settings
from cocolora.ui.board import Board
from cocolora.ui.page import Lookout
from tests.ui.conftest import blocks_of


@pytest.fixture
def view(engine, page):
    """Return a function that looks at the engine for a page on the profile "work"."""
    page.choose_profile("work")
    lookout = Lookout(engine)
    return lambda: lookout.look(page)


def test_every_setting_that_may_differ_can_be_chosen_with_its_sentence_and_its_default(engine, page, view):
    assert set(own_settings.FIELDS) == {
        f"{section}.{name}" for section, names in OWN_SETTINGS.items() for name in names
    }
    assert "retrieval.embedder" not in own_settings.FIELDS
    for place, field in own_settings.FIELDS.items():
        own_settings.choose_setting(engine, page, place)
        shown = own_settings.show_setting(view())
        assert "Default: " in shown
        assert " in “work”, " in shown
        assert field.annotation in (int, float) or own_settings.options(field)


def test_a_setting_differs_in_one_profile_until_it_is_as_everywhere(engine, page, view):
    own_settings.choose_setting(engine, page, "learning.rank")
    assert own_settings.keep_own(engine, page, "4", None) == "Learning – Rank is 4 in “work” from now on."
    assert (engine.settings.of("work").learning.rank, engine.settings.learning.rank) == (4, 8)
    assert load_settings(engine.home.settings_file).profiles.own == {"work": {"learning": {"rank": 4}}}
    assert "<li>Learning – Rank: 4 in “work”, 8 everywhere</li>" in own_settings.show_differences(view())
    assert "Now: 4 in “work”, 8 everywhere." in own_settings.show_setting(view())
    assert own_settings.follow_everywhere(engine, page) == "Learning – Rank is as everywhere in “work”."
    assert engine.settings.profiles.own == {}
    assert "every setting is as everywhere" in own_settings.show_differences(view())


def test_a_switch_and_a_choice_are_picked(engine, page, view):
    own_settings.choose_setting(engine, page, "learning.automatic")
    assert "is off in “work”" in own_settings.keep_own(engine, page, "typed before", "off")
    assert engine.settings.of("work").learning.automatic is False
    own_settings.choose_setting(engine, page, "learning.trainer")
    assert own_settings._picked(view()) == gr.update(visible=True, choices=["live", "host"], value="live")
    assert own_settings._typed(view()) == gr.update(visible=False, value="live")
    own_settings.keep_own(engine, page, "", "host")
    assert engine.settings.of("work").learning.trainer == "host"
    own_settings.follow_everywhere(engine, page)
    assert engine.settings.profiles.own == {"work": {"learning": {"automatic": False}}}


@pytest.mark.parametrize("value", ["999", "many", "", None])
def test_a_wrong_value_is_named_and_changes_nothing(engine, page, view, value):
    own_settings.choose_setting(engine, page, "learning.rank")
    with pytest.raises(SettingsInvalid, match=r"learning\.rank: "):
        own_settings.keep_own(engine, page, value, None)
    assert engine.settings.profiles.own == {}


def test_nothing_is_changed_without_a_choice(engine, page):
    assert own_settings.keep_own(engine, page, "4", None) == own_settings.NOTHING_CHOSEN
    assert own_settings.follow_everywhere(engine, page) == own_settings.NOTHING_CHOSEN
    assert own_settings.choose_setting(engine, page, None) == ""


def test_what_is_typed_stays_while_other_settings_change(engine, page, view):
    def lay_out():
        board = Board(engine, profile="work")
        own_settings.build_own_settings(board)
        board.wire()
        return board

    _, board = blocks_of(lay_out)
    own_settings.choose_setting(engine, page, "gate.recall")
    assert gr.update(visible=True, value="0.6") in board.updates(page)
    engine.change_settings_in("work", "learning", rank=4)
    assert gr.update(visible=True, value="0.6") not in board.updates(page)
    engine.change_settings_in("work", "gate", recall=0.5)
    assert gr.update(visible=True, value="0.5") in board.updates(page)
