import pytest

from cocolora.core.presets import PRESETS
from cocolora.engine import estimate
from cocolora.engine.estimate import STEP_READINGS, Speed
from cocolora.settings import Learning
from cocolora.ui import presets


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_every_preset_is_valid_and_is_known_again_when_in_force(engine, page, preset):
    engine.change_settings("learning", due_turns=5, rank=3)
    presets.choose_preset(engine, page, preset.name)
    assert presets.in_force(engine.settings.learning) == preset.name
    assert engine.settings.learning.due_turns == 5


def test_settings_of_ones_own_are_no_preset(engine, page):
    engine.change_settings("learning", rank=3)
    assert presets.in_force(engine.settings.learning) is None
    assert presets.choose_preset(engine, page, None) == "Choose a preset first."


def test_an_estimate_grows_with_steps_and_samples_and_is_shown_for_each_preset():
    speed = Speed("tiny (ffffffff)", batch_samples=8, reading_s=0.5)
    learning = Learning(steps=100, batch_samples=8)
    assert speed.stretch_s(learning) == 100 * 0.5 * STEP_READINGS
    assert speed.stretch_s(learning.model_copy(update={"batch_samples": 16})) == 200 * 0.5 * STEP_READINGS
    assert presets.UNMEASURED in presets.show_presets(learning, None)
    assert presets.show_presets(learning, speed).count("<tr>") == len(PRESETS) + 1


def test_what_one_model_was_measured_at_is_no_estimate_for_another(engine, page, monkeypatch):
    monkeypatch.setattr(estimate, "measure_speed", lambda *_, **__: Speed("tiny (ffffffff)", 8, reading_s=0.5))
    presets.measure(engine, page)
    assert engine.jobs.wait(timeout_s=30)
    for loaded, is_known in (("tiny (ffffffff)", True), ("large (eeeeeeee)", False)):
        monkeypatch.setattr(estimate, "read_model", lambda rooms, loaded=loaded: (loaded, "", loaded))
        assert (engine.speed is not None) is is_known


def test_there_are_gentle_quick_and_vision_presets():
    assert {"gentle", "quick", "vision"} <= {preset.name for preset in PRESETS}


def test_measuring_without_a_model_ends_with_its_reason(engine, page):
    assert presets.measure(engine, page) == presets.ON_TOP
    assert engine.jobs.wait(timeout_s=30)
    assert "No model is loaded" in engine.jobs.last.message
    assert engine.speed is None
