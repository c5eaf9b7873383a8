import pytest

from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.engine import Engine
from cocolora.engine.open_model import model_in
from cocolora.engine.trial import Trying
from cocolora.errors import BaseMismatch, NoModel
from cocolora.ui import trials


def test_a_trial_needs_a_question_and_a_model(engine, page):
    assert trials.try_out(engine, page, " ", [], trials.TOGETHER) == trials.ASK_FIRST
    with pytest.raises(NoModel):
        trials.try_out(engine, page, "What is my dog called?", [], trials.TOGETHER)


def test_any_choice_is_asked_beside_the_model_alone_one_by_one_or_together(engine, page, learned, monkeypatch):
    dog, cat, _ = (learned(name) for name in ("dog", "cat", "boat"))
    asked = []
    monkeypatch.setattr(engine, "try_out", lambda question, choices: asked.append(choices))
    for how, expected in ((trials.ONE_BY_ONE, [[], [dog], [cat]]), (trials.TOGETHER, [[], [dog, cat]])):
        assert trials.try_out(engine, page, "Who?", [dog.id, cat.id], how) == ""
        assert asked.pop() == expected


def test_answers_stand_side_by_side_under_the_names_of_their_adapters(learned):
    dog, cat = learned("dog"), learned("cat")
    trying = Trying("Who?", ((), (dog, cat)), ("I do not know.", ""), running=True)
    shown = trials.show_trying(trying)
    assert "The model alone" in shown
    assert "dog + cat" in shown
    assert "Answering 2 of 2" in shown


@pytest.fixture(scope="module")
def live(demo_base, tmp_path_factory):
    """An engine with the demo base loaded."""
    opened = Engine(tmp_path_factory.mktemp("live") / "home", model_in(demo_base))
    yield opened
    opened.close()


def test_the_model_alone_answers_a_trial_and_it_can_be_stopped(live, page):
    trials.try_out(live, page, "What is the capital of France?", [], trials.ONE_BY_ONE)
    assert page.trial.wait(timeout_s=60)
    assert page.trial.now.answers[0].strip()
    assert not page.trial.now.running
    trial = live.try_out("What is the capital of France?", [[]] * 40)
    trial.stop()
    assert trial.wait(timeout_s=60)
    assert "" in trial.now.answers


def test_an_adapter_of_another_base_is_refused_before_anything_is_asked(live, learned, page):
    stranger = learned("stranger")
    assert stranger.profile == DEFAULT_PROFILE
    with pytest.raises(BaseMismatch):
        live.try_out("Who?", [[], [stranger]])
