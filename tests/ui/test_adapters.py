from datetime import timedelta

import pytest

from cocolora.core.adapters import Activation, AdapterKind, AdapterState
from cocolora.errors import AdapterRejected, NoModel, SettingsInvalid, UnknownId
from cocolora.ui import adapters
from cocolora.ui.page import Lookout
from tests.ui.conftest import STARTED

HOSTILE = '<img src=x onerror="alert(1)"> ${1+1} {{value}}'


def told(engine, name, *, model="tiny (ffffffff)"):
    """Return what the page says about an adapter."""
    (adapter,) = [adapter for adapter in engine.adapters() if adapter.name == name]
    descents = engine.history().descent_of(adapter.id)
    return adapters.show_adapter(adapter, descents, gate=engine.settings.gate, model=model, zone=None)


def test_an_adapter_tells_what_it_learned_when_and_how_well(engine, tell, learned):
    turns = tell("pets", "My dog is called Biscuit.", "My cat is called Mog.")
    learned("animals", turns)
    shown = told(engine, "animals")
    for words in ("2 turns of “About pets” (Fri 20 Nov 2026)", "95%", "98%", "90%", "Passed its tests", "rank 8"):
        assert words in shown


def test_a_line_of_the_list_says_when_the_adapter_takes_part(engine, page, learned):
    assert adapters.label(learned("Anna")) == "Anna\nknowledge · on when it fits"
    assert adapters.label(learned("Bert", activation=Activation.OFF)).split(" · ")[1] == "off"
    learned("Carl", made_at=STARTED + timedelta(days=9))
    page.shown_adapters = 2
    listed = adapters._listed(Lookout(engine).look(page))
    assert isinstance(listed, dict)
    names = [text.partition("\n")[0] for text, _ in listed["choices"]]
    assert names[0] == "Carl"
    assert len(names) == 2
    adapters.show_more(engine, page)
    assert page.shown_adapters > 2


def test_every_state_is_told_in_words(engine, learned):
    learned("bad", state=AdapterState.REJECTED, activation=Activation.OFF, reason="it recalls 10%", scores=None)
    learned("gift", state=AdapterState.IMPORTED, activation=Activation.OFF, origin="friend.zip")
    learned("quiet", activation=Activation.OFF)
    assert "Kept off: it recalls 10%" in told(engine, "bad")
    assert "It was not tested here" in told(engine, "bad")
    assert "Imported, not tested here; off until you switch it on" in told(engine, "gift")
    assert "Imported from friend.zip" in told(engine, "gift")
    assert "Passed its tests; switched off" in told(engine, "quiet")


def test_an_adapter_of_another_model_says_so_and_a_renamed_model_is_the_same_one(engine, learned):
    learned("pets")
    assert "Made for another model, tiny" in told(engine, "pets", model="other (12345678)")
    assert "Made for another model" not in told(engine, "pets", model="renamed (ffffffff)")


def test_a_hostile_name_is_shown_and_not_obeyed(engine, learned):
    learned(HOSTILE)
    shown = told(engine, HOSTILE)
    assert "<img" not in shown
    assert "${" not in shown
    assert "{{" not in shown


def test_the_chosen_adapter_is_renamed_and_weighed(engine, page, learned):
    adapters.choose(engine, page, learned("pets").id)
    assert adapters.rename(engine, page, "Animals") == 'Saved as "Animals".'
    assert adapters.weigh(engine, page, 0.5) == '"Animals" now has weight 0.5.'
    (adapter,) = engine.adapters()
    assert (adapter.name, adapter.weight) == ("Animals", 0.5)
    assert [adapters.weigh(engine, page, typed) for typed in (None, 15, -1)] == ["", "", ""]
    assert engine.adapters()[0].weight == 0.5
    with pytest.raises(SettingsInvalid, match="name"):
        adapters.rename(engine, page, " ")


def test_adapters_are_moved_up_and_down_whenever_they_were_made(engine, page, learned):
    made = {name: learned(name, made_at=STARTED + timedelta(days=day)) for name, day in (("a", 1), ("b", 1), ("c", 2))}

    def order():
        listed = adapters._listed(Lookout(engine).look(page))
        assert isinstance(listed, dict)
        return "".join(text[0] for text, _ in listed["choices"])

    before = order()
    assert before[0] == "c"
    for name, steps in (("a", "^^^"), ("c", "vv"), ("b", "^v^"), ("b", "v"), ("a", "v")):
        adapters.choose(engine, page, made[name].id)
        for step in steps:
            at = order().index(name)
            (adapters.move_up if step == "^" else adapters.move_down)(engine, page)
            assert order().index(name) == max(0, min(2, at + (-1 if step == "^" else 1)))
    newest = learned("d", made_at=STARTED + timedelta(days=3))
    assert order()[0] == newest.name


def test_the_chosen_adapter_is_switched_off_and_on_only_with_its_model(engine, page, learned):
    pets = learned("pets")
    off, always = (adapters.choice_of(pets, activation) for activation in (Activation.OFF, Activation.ALWAYS))
    assert adapters.switch(engine, page, off) == '"pets" takes part: off.'
    assert engine.adapters()[0].activation is Activation.OFF
    with pytest.raises(NoModel):
        adapters.switch(engine, page, always)


def test_a_choice_that_the_page_was_given_changes_nothing_whatever_was_chosen_since(engine, page, learned):
    pets, garden = learned("pets"), learned("garden", activation=Activation.OFF)
    adapters.choose(engine, page, garden.id)
    adapters.ask_delete(engine, page)
    given = adapters._activations(Lookout(engine).look(page))["value"]
    adapters.choose(engine, page, garden.id)
    assert page.deleting
    adapters.choose(engine, page, pets.id)
    assert adapters.switch(engine, page, given) == ""
    assert {one.name: one.activation for one in engine.adapters()} == {
        "pets": Activation.ROUTED,
        "garden": Activation.OFF,
    }


def test_a_rejected_adapter_stays_off(engine, page, learned):
    bad = learned("bad", state=AdapterState.REJECTED, activation=Activation.OFF)
    with pytest.raises(AdapterRejected):
        adapters.switch(engine, page, adapters.choice_of(bad, Activation.ROUTED))


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
