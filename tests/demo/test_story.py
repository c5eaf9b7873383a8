"""The story that a newcomer sees first."""

import json
from datetime import date

import pytest

from cocolora.demo import script
from cocolora.demo.story import run_story


@pytest.mark.slow
def test_the_story_is_told_learned_remembered_forgotten_and_handed_over(tmp_path, capsys):
    assert run_story(tmp_path / "out", as_json=True, today=date(2026, 6, 1)) == 0
    told = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    base, text_memory, cocolora = (told[name] for name in ("base", "text_memory", "cocolora"))
    assert told["tokens_between"] >= script.BETWEEN_TOKENS
    assert base["facts_recalled"] == 0
    assert text_memory["style_kept"] == 0
    assert cocolora["facts_recalled"] == cocolora["facts_total"]
    assert cocolora["style_kept"] == 1
    assert cocolora["known_kept"] >= 0.98
    assert cocolora["abstention"] >= 0.95
    assert told["after_forget"] == {"forgotten_recalled": 0, "others_changed": 0}
    assert told["after_import"]["answers_equal"]
    assert told["verify_faults"] == 0
    assert (tmp_path / "out" / "transcript.json").exists()
    assert (tmp_path / "out" / "stack.zip").exists()
