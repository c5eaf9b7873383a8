from datetime import timedelta

import pytest

from cocolora.core.adapters import Activation, AdapterKind, AdapterState
from cocolora.errors import AdapterRejected, NoModel, SettingsInvalid, UnknownId
from cocolora.ui import adapters
from tests.ui.conftest import STARTED

HOSTILE = '<img src=x onerror="alert(1)"> ${1+1} {{value}}'


def table(engine, *, model="tiny (ffffffff)"):
    turns = {turn.id: turn for turn in engine.turns()}
    return adapters.show_table(tuple(engine.adapters()), turns, model=model)


def test_without_adapters_the_table_says_how_to_get_one(engine):
    assert table(engine) == f"<p>{adapters.NO_ADAPTERS}</p>"


def test_a_row_tells_what_was_learned_when_and_how_well(engine, tell, learned):
    turns = tell("pets", "My dog is called Biscuit.", "My cat is called Mog.")
    learned("pets", turns)
    shown = table(engine)
    for words in ("2 turns, Fri 20 Nov 2026", "95%", "98% (99%)", "90%", "Passed its tests", "When it fits the prompt"):
        assert words in shown
    assert shown.count("<tr>") == 2


def test_newest_adapters_come_first(engine, learned):
    learned("Anna")
    learned("Bert", made_at=STARTED + timedelta(days=9))
    shown = table(engine)
    assert shown.index("Bert") < shown.index("Anna")


def test_every_state_is_told_in_words(engine, learned):
    learned("bad", state=AdapterState.REJECTED, activation=Activation.OFF, reason="it recalls 10%", scores=None)
    learned("gift", state=AdapterState.IMPORTED, activation=Activation.OFF, origin="friend.zip")
    learned("quiet", activation=Activation.OFF)
    shown = table(engine)
    assert "Kept off: it recalls 10%" in shown
    assert "Imported, not tested here; off until you switch it on" in shown
    assert "Imported from friend.zip" in shown
    assert "Passed its tests; switched off" in shown


def test_an_adapter_of_another_model_says_so_and_a_renamed_model_is_the_same_one(engine, learned):
    learned("pets")
    assert "Made for another model, tiny" in table(engine, model="other (12345678)")
    assert "Made for another model" not in table(engine, model="renamed (ffffffff)")


def test_a_hostile_name_is_shown_and_not_obeyed(engine, learned):
    learned(HOSTILE)
    shown = table(engine)
    assert "<img" not in shown
    assert "${" not in shown
    assert "{{" not in shown


def test_the_chosen_adapter_is_renamed_and_weighed(engine, page, learned):
    adapters.choose(engine, page, learned("pets").id)
    assert adapters.save(engine, page, "Animals", 0.5) == 'Saved "Animals" with weight 0.5.'
    (adapter,) = engine.adapters()
    assert (adapter.name, adapter.weight) == ("Animals", 0.5)
    with pytest.raises(SettingsInvalid, match="name"):
        adapters.save(engine, page, " ", 0.5)


def test_the_chosen_adapter_is_switched_off_and_on_only_with_its_model(engine, page, learned):
    adapters.choose(engine, page, learned("pets").id)
    assert adapters.switch(engine, page, "off") == '"pets" takes part: off.'
    assert engine.adapters()[0].activation is Activation.OFF
    with pytest.raises(NoModel):
        adapters.switch(engine, page, "always")


def test_a_rejected_adapter_stays_off(engine, page, learned):
    adapters.choose(engine, page, learned("bad", state=AdapterState.REJECTED, activation=Activation.OFF).id)
    with pytest.raises(AdapterRejected):
        adapters.switch(engine, page, "routed")


def test_deleting_asks_first(engine, page, learned):
    adapters.choose(engine, page, learned("pets", kind=AdapterKind.BEHAVIOUR).id)
    assert adapters.ask_delete(engine, page).startswith('Delete "pets"?')
    assert page.deleting
    assert adapters.keep(engine, page) == "Nothing was deleted."
    assert not page.deleting
    assert len(engine.adapters()) == 1
    adapters.ask_delete(engine, page)
    assert adapters.delete(engine, page) == 'Deleted "pets".'
    assert engine.adapters() == []
    assert page.adapter_id is None


def test_an_action_without_a_choice_is_a_sentence(engine, page):
    with pytest.raises(UnknownId):
        adapters.switch(engine, page, "off")
