"""The gate's verdict, when learning is due, stretches, identifiers and settings."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocolora.core.conversations import Turn
from cocolora.core.gate import Scores, holds_key, judge
from cocolora.core.ids import ID_LENGTH, derive_id, derive_seed
from cocolora.core.learning import cut_stretches, is_due
from cocolora.core.lessons import is_abstention
from cocolora.errors import SettingsInvalid
from cocolora.settings import Gate, Learning, Settings, load_settings, save_settings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def turn(ordinal, conversation="c1", text="hello"):
    return Turn(f"t{conversation}{ordinal}", conversation, ordinal, ordinal, text, text, NOW, 1)


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


def test_learning_is_due_by_turns_or_tokens_and_says_why():
    assert not is_due([], Learning()).now
    assert is_due([turn(n) for n in range(12)], Learning(due_turns=12)).now
    assert is_due([turn(0, text="x" * 4000)], Learning()).now
    few = is_due([turn(0)], Learning())
    assert not few.now
    assert "1 turn of" in few.reason
    assert "off" in is_due([turn(n) for n in range(50)], Learning(automatic=False)).reason


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), unique=True), st.integers(1, 5))
def test_stretches_hold_every_turn_once_and_never_cross_conversations(spots, most):
    turns = [turn(ordinal, conversation) for conversation, ordinal in spots]
    stretches = cut_stretches(turns, Learning(stretch_turns=most))
    assert sorted(t.id for stretch in stretches for t in stretch) == sorted(t.id for t in turns)
    for stretch in stretches:
        assert len({t.conversation_id for t in stretch}) == 1
        assert 1 <= len(stretch) <= most
        assert [t.ordinal for t in stretch] == sorted(t.ordinal for t in stretch)


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


def test_dates_of_stretches_do_not_matter():
    turns = [turn(0), turn(1)]
    later = [
        Turn(t.id, t.conversation_id, t.ordinal, t.position, t.user, t.reply, NOW + timedelta(1), 1) for t in turns
    ]
    assert [[t.id for t in s] for s in cut_stretches(turns, Learning())] == [
        [t.id for t in s] for s in cut_stretches(later, Learning())
    ]
