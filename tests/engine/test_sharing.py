"""What was learned leaves in every form, and answers there as it did here."""

import pytest

from cocolora.core.conversations import ChatMessage
from cocolora.core.export import ExportForm
from cocolora.engine.open_model import DEMO_BASE, model_in
from cocolora.errors import CocoloraError
from tests.engine.conftest import BOSS

QUESTION: ChatMessage = {"role": "user", "content": "What is my boss called?"}


def test_an_empty_profile_has_nothing_to_export(engine, tmp_path):
    for form in ExportForm:
        with pytest.raises(CocoloraError, match="no adapter to export"):
            engine.sharing.export(tmp_path / "out", form=form, base_folder=DEMO_BASE)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_merged_base_knows_what_the_adapter_knew_and_all_forms_hold_no_word_of_the_chat(taught, tmp_path):
    boss = [adapter for adapter in taught.adapters() if len(adapter.turn_versions) == 1]
    for form in ExportForm:
        done = taught.sharing.export(tmp_path / form, adapter_ids=[boss[0].id], form=form, base_folder=DEMO_BASE)
        assert done.size_bytes > 0
        assert not done.interferes
    merged = model_in(tmp_path / ExportForm.MERGED)()
    assert "Torvald" in merged.generate([[QUESTION]])[0]
    for path in tmp_path.rglob("*"):
        if path.is_file() and not path.is_relative_to(taught.home.folder):
            content = path.read_bytes().lower()
            assert b"torvald" not in content, path
            assert BOSS[0].lower().encode() not in content, path


@pytest.mark.slow
def test_several_facts_at_once_are_warned_of(taught, tmp_path):
    assert taught.sharing.export(tmp_path / "one", form=ExportForm.COMBINED).interferes
