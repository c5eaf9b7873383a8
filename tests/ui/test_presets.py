import threading

import pytest

from cocolora.core.presets import PRESETS
from cocolora.engine import estimate
from cocolora.engine.estimate import STEP_READINGS, Speed
from cocolora.settings import Learning
from cocolora.ui import presets
from cocolora.ui.tab import build
from tests.ui.conftest import blocks_of


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
    assert presets.ON_TOP not in presets.show_presets(learning, None)
    shown = presets.show_presets(learning, speed)
    assert shown.count("<tr>") == len(PRESETS) + 1
    assert presets.ON_TOP in shown


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
    assert presets.measure(engine, page) == ""
    assert engine.jobs.wait(timeout_s=30)
    assert "No model is loaded" in engine.jobs.last.message
    assert engine.speed is None


def opening(blocks):
    """Return what opening the settings calls, with the names of the events that call it."""
    (tab,) = (number for number, block in blocks.blocks.items() if block.elem_id == "cocolora-tab-settings")
    (called,) = (function for function in blocks.fns.values() if (tab, "select") in function.targets)
    assert len(called.targets) == 1
    return called.fn


@pytest.fixture
def measured(engine, monkeypatch):
    """Measurings that were done, of a model that is said to be loaded and able to learn."""
    done = []

    def measure_speed(*_, **__):
        done.append("measured")
        return Speed("tiny (ffffffff)", 8, reading_s=0.5)

    monkeypatch.setattr(estimate, "measure_speed", measure_speed)
    monkeypatch.setattr(estimate, "read_model", lambda rooms: ("tiny (ffffffff)", "", "tiny"))
    return done


def test_the_settings_once_opened_show_how_long_each_preset_takes_without_being_asked(engine, page, measured):
    blocks, _ = blocks_of(lambda: build(engine))
    assert not measured
    for _ in range(2):
        opening(blocks)(page)
        assert engine.jobs.wait(timeout_s=30)
        assert measured == ["measured"]
    assert presets.UNMEASURED not in presets.show_presets(Learning(), engine.speed)
    presets.measure(engine, page)
    assert engine.jobs.wait(timeout_s=30)
    assert len(measured) == 2


def test_nothing_is_measured_by_itself_while_a_job_runs(engine, page, measured):
    go_on = threading.Event()
    engine.jobs.handlers["evaluate"] = lambda task: str(go_on.wait(30))
    engine.jobs.submit("evaluate")
    assert presets.measure_when_opened(engine, page) == ""
    assert [job.kind for job in engine.jobs.pending] == ["evaluate"]
    go_on.set()
    assert engine.jobs.wait(timeout_s=30)
    assert not measured
