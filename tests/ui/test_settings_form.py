import pytest

from cocolora.errors import SettingsInvalid
from cocolora.settings import Gate, Learning, Profiles, Settings, load_settings
from cocolora.ui import settings_form
from cocolora.ui.page import Lookout

FIELDS = [
    (section, name, field)
    for section, kind in settings_form.sections().items()
    for name, field in kind.model_fields.items()
]


def test_every_section_has_a_form():
    assert list(settings_form.sections()) == list(Settings.model_fields)


@pytest.mark.parametrize(("section", "name", "field"), FIELDS, ids=[f"{section}.{name}" for section, name, _ in FIELDS])
def test_every_setting_has_a_label_a_sentence_and_its_default(section, name, field):
    assert settings_form.label(name, field)
    told = settings_form.info(field)
    assert field.description in told
    assert told.endswith(".")
    assert "Default: " in told
    assert "Default: ." not in told


def test_units_are_in_the_label():
    fields = Learning.model_fields
    assert settings_form.label("due_tokens", fields["due_tokens"]) == "Due (tokens)"
    assert settings_form.label("slice_ms", fields["slice_ms"]) == "Slice (milliseconds)"
    recall = settings_form.sections()["gate"].model_fields["recall"]
    assert settings_form.label("recall", recall) == "Recall (share, from 0 to 1)"


def test_saved_settings_are_in_force_and_on_disk(engine, page):
    names = list(Learning.model_fields)
    save = settings_form.save("learning", names)
    values = {**engine.settings.learning.model_dump(), "rank": 4}
    assert save(engine, page, *(values[name] for name in names)) == "Saved."
    assert save(engine, page, *(values[name] for name in names)) == "Nothing was changed."
    assert load_settings(engine.home.settings_file).learning.rank == 4


def test_a_wrong_value_is_named_and_changes_nothing(engine, page):
    before = engine.settings
    with pytest.raises(SettingsInvalid, match=r"learning\.rank"):
        settings_form.save("learning", ["rank"])(engine, page, 999)
    with pytest.raises(SettingsInvalid, match=r"learning\.rank"):
        settings_form.save("learning", ["rank"])(engine, page, None)
    assert engine.settings == before


def test_a_section_goes_back_to_its_defaults(engine, page):
    engine.change_settings("learning", rank=4, steps=7)
    assert settings_form.reset("learning", Learning)(engine, page) == "Back to the defaults."
    assert engine.settings.learning == Learning()


def test_the_defaults_of_a_section_leave_each_profile_its_own_settings(engine, page):
    engine.change_settings_in("work", "learning", rank=4)
    engine.change_settings("profiles", names=("work",))
    settings_form.reset("profiles", Profiles)(engine, page)
    settings_form.reset("learning", Learning)(engine, page)
    assert engine.settings.profiles.names == Profiles().names
    assert engine.settings.of("work").learning.rank == 4


def test_a_form_names_the_settings_that_do_not_hold_in_the_profile(engine, page):
    engine.change_settings_in("work", "learning", rank=4, automatic=False)
    assert settings_form.show_own("learning", Learning, Lookout(engine).look(page)) == ""
    page.choose_profile("work")
    told = settings_form.show_own("learning", Learning, Lookout(engine).look(page))
    assert "“work” has settings of its own, which hold there instead of these: Automatic: off; Rank: 4." in told
    assert settings_form.show_own("gate", Gate, Lookout(engine).look(page)) == ""
