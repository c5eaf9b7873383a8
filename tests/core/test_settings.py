"""Settings: those of all profiles, and what differs in one."""

import pytest

from cocolora.errors import SettingsInvalid
from cocolora.settings import Settings, SettingsFile, load_settings, save_settings


def test_a_profile_has_what_differs_there_and_the_rest_as_everywhere(tmp_path):
    settings = Settings().changed_in("work", "learning", rank=4).changed_in("work", "learning", steps=50)
    settings = settings.changed("learning", rank=16, alpha=32.0)
    assert (settings.learning.rank, settings.of("work").learning.rank, settings.of("personal").learning.rank) == (
        16,
        4,
        16,
    )
    assert (settings.of("work").learning.steps, settings.of("work").learning.alpha) == (50, 32.0)
    save_settings(settings, tmp_path / "settings.json")
    assert load_settings(tmp_path / "settings.json") == settings


def test_a_wrong_value_for_one_profile_is_refused_and_named():
    with pytest.raises(SettingsInvalid, match=r"learning\.rank"):
        Settings().changed_in("work", "learning", rank=0)
    with pytest.raises(SettingsInvalid, match="no section of which"):
        Settings().changed_in("work", "stack", memory_bytes=1)


@pytest.mark.parametrize(
    ("place", "profile"),
    [("chat/Boss/20261120-09-00-00", "work"), ("instruct/20261120", "instruct"), ("chat/Ada/x", "otherwise")],
)
def test_the_first_rule_that_fits_says_where_a_new_chat_belongs(place, profile):
    settings = Settings().changed(
        "profiles", rules="chat/boss/* = work\ninstruct/* = instruct\n\nchat/Boss/* = personal"
    )
    assert settings.profiles.of_chat(place, "otherwise") == profile


def test_a_rule_that_is_none_is_refused():
    with pytest.raises(SettingsInvalid, match="an equals sign"):
        Settings().changed("profiles", rules="instruct")


def test_what_another_process_or_an_editor_writes_holds_at_once(tmp_path, caplog):
    path = tmp_path / "settings.json"
    ours, theirs = SettingsFile(path), SettingsFile(path)
    theirs.keep(theirs.read().changed("recording", enabled=False))
    ours.keep(ours.read().changed("learning", rank=4))
    assert not theirs.read().recording.enabled
    assert theirs.read().learning.rank == 4
    path.write_text('{"learning": ', encoding="utf-8")
    assert ours.read().learning.rank == 4
    assert "stay as they were" in caplog.text
    path.unlink()
    assert ours.read() == Settings()


def test_the_settings_are_the_owners_alone(tmp_path):
    path = tmp_path / "settings.json"
    SettingsFile(path).keep(Settings())
    assert path.stat().st_mode & 0o077 == 0


def test_what_differs_in_a_profile_is_kept_as_read_and_none_is_as_everywhere():
    differing = (
        Settings().changed_in("work", "learning", rank="16", automatic="off").changed_in("work", "gate", probes=9)
    )
    assert differing.profiles.own == {"work": {"learning": {"rank": 16, "automatic": False}, "gate": {"probes": 9}}}
    fewer = differing.changed_in("work", "learning", rank=None, automatic=None)
    assert fewer.profiles.own == {"work": {"gate": {"probes": 9}}}
    assert fewer.changed_in("work", "gate", probes=None) == Settings()


@pytest.mark.parametrize("section", ["recording", "nowhere"])
def test_a_section_that_all_profiles_share_is_refused(section):
    with pytest.raises(SettingsInvalid, match="no section of which a profile has its own"):
        Settings().changed_in("work", section, enabled=False)


def test_a_setting_that_all_profiles_share_is_named():
    with pytest.raises(SettingsInvalid, match=r"retrieval\.time_zone: it is the same in every profile"):
        Settings().changed_in("work", "retrieval", time_zone="Europe/Berlin")
