import pytest

from cocolora.bench.training import run_training
from cocolora.core.events import ignore_progress


@pytest.mark.slow
def test_both_trainers_learn_the_same_stretch_to_about_the_same_loss(demo_base):
    result = run_training(demo_base, steps=40, repeats=1, on_progress=ignore_progress)

    live, other = result["live"], result["transformers_trainer"]
    assert live["seconds"] > 0
    assert live["final_loss"] == pytest.approx(other["final_loss"], abs=0.1)
    assert result["samples"] > 40
    assert result["times_less_work"] > 1


@pytest.mark.slow
def test_a_chat_beside_learning_says_what_it_says_alone(demo_base):
    result = run_training(demo_base, steps=30, chat=True, on_progress=ignore_progress)

    assert result["reply_ms_alone"]["p50"] > 0
    for part in ("training", "learning"):
        beside = result[part]
        assert beside["replies"] > 2
        assert beside["same_replies"]
        assert beside["reply_ms"]["p50"] > 0
        assert beside["slowdown"] > 0.5
