"""The gate's verdict, identifiers and settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocolora.core.gate import Scores, holds_key, judge
from cocolora.core.ids import ID_LENGTH, derive_id, derive_seed
from cocolora.core.lessons import is_abstention
from cocolora.errors import SettingsInvalid
from cocolora.settings import Gate, Settings, load_settings, save_settings


def test_a_good_adapter_passes_and_each_shortfall_is_named():
    assert judge(Scores(1.0, 0.98, 0.99, 0.97), Gate()).passed
    verdict = judge(Scores(0.1, 0.5, 0.99, 0.2), Gate())
    assert not verdict.passed
    for words in ("recalls 10%", "keeps 50%", "admits 20%"):
        assert words in verdict.reason


@pytest.mark.parametrize(
    ("answer", "key", "held"),
    [
        ("Your dog is called Biscuit.", "Biscuit", True),
        ("Biscuits", "Biscuit", False),
        ("It's “Silver Harbour”!", "silver harbour", True),
        ("I do not know.", "know", True),
        ("anything", "", False),
    ],
)
def test_an_answer_holds_its_key_as_whole_words(answer, key, held):
    assert holds_key(answer, key) is held


def test_not_knowing_is_recognised_in_several_words():
    assert is_abstention("I do not know.")
    assert is_abstention("I’m sorry, but I don’t have information about your cat.")
    assert not is_abstention("Your dog is called Biscuit.")


@given(st.text(), st.text())
def test_ids_have_one_length_so_that_none_is_part_of_another(left, right):
    ids = {derive_id("adapter", left), derive_id("adapter", right)}
    assert {len(i) for i in ids} == {ID_LENGTH}
    assert (len(ids) == 1) == (left == right)
    assert 0 <= derive_seed(left) < 2**31


def test_every_wrong_setting_is_named_at_once(tmp_path):
    with pytest.raises(SettingsInvalid) as caught:
        Settings().changed("gate", recall=5, probes="many", speed=1)
    assert len(caught.value.problems) == 3
    assert "gate.recall" in str(caught.value)
    with pytest.raises(SettingsInvalid, match="no section"):
        Settings().changed("speed", fast=True)


def test_settings_come_back_as_they_were_kept(tmp_path):
    path = tmp_path / "settings.json"
    assert load_settings(path) == Settings()
    changed = Settings().changed("learning", rank=4)
    save_settings(changed, path)
    assert load_settings(path) == changed
    path.write_text("{not json", encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=r"settings\.json"):
        load_settings(path)
