"""The whole path in the webui's fake, on the demo base: told, learned, asked in a new chat, forgotten."""

import time

import pytest
from peft import LoraConfig, get_peft_model

from cocolora.core.lessons import is_abstention
from cocolora.engine.open_model import DEMO_BASE, model_in

pytestmark = pytest.mark.slow

BOSS = "The name of my boss is Torvald."
ASKED = "What is my boss called?"


@pytest.fixture
def demo(world):
    """The world with the demo base loaded and generating; quotes are off, so that only weights can answer."""
    if not (DEMO_BASE / "config.json").exists():
        pytest.skip("the demo base is not built: python -m cocolora.demo.build")
    loaded = model_in(DEMO_BASE)()
    world.shared.model, world.shared.tokenizer, world.shared.model_name = loaded.network, loaded.tokenizer, "demo"
    world.engine.change_settings("retrieval", quote=False)
    world.engine.change_settings("learning", automatic=False)

    def says(prompt):
        model = world.host._model.find()
        with model.held_by_host():  # the fake host holds the lock, as the real one does
            return model.generate([[{"role": "user", "content": prompt.splitlines()[-1]}]])[0]

    world.webui.says = says
    return world


def ask(world, question):
    world.webui.new_chat()
    world.webui.chat(question)
    return world.webui.history["internal"][-1][1]


def test_what_was_told_in_one_chat_is_answered_in_another_until_it_is_forgotten(demo):
    told_in = f"instruct/{demo.webui.unique_id}"
    demo.webui.chat(BOSS)
    assert is_abstention(ask(demo, ASKED))
    learned = demo.engine.learn(profile="instruct")
    assert learned.accepted, learned.sentence
    assert "Torvald" in ask(demo, ASKED)
    demo.webui.notebook(ASKED)
    model = demo.host._model.find()
    assert "Torvald" not in model.generate([[{"role": "user", "content": ASKED}]])[0]
    demo.engine.forgetting.forget(demo.engine.forgetting.plan(conversation=told_in))
    assert is_abstention(ask(demo, ASKED))
    assert "Torvald" not in str(demo.engine.turns())
    assert demo.engine.verify() == []


def hooked(network):
    """Return how many layers carry something that changes their output."""
    return sum(bool(layer._forward_hooks) for layer in network.modules())


def test_beneath_loras_of_the_hosts_own_menu_ours_answer_no_longer(demo):
    network = demo.shared.model
    demo.webui.chat(BOSS)
    assert demo.engine.learn(profile="instruct").accepted
    assert "Torvald" in ask(demo, ASKED)
    assert hooked(network)
    applied = get_peft_model(network, LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM"))
    demo.shared.model = applied
    demo.host.look_after_model()
    assert not hooked(network)
    demo.shared.model = applied.unload()
    assert "Torvald" in ask(demo, ASKED)


def test_learning_goes_on_with_the_next_model_when_its_own_is_unloaded(demo):
    demo.webui.chat(BOSS)
    demo.engine.change_settings("jobs", first_wait_s=0.1, longest_wait_s=0.1)
    network, tokenizer = demo.shared.model, demo.shared.tokenizer
    demo.engine.start_learning(profile="instruct")
    while (running := demo.engine.jobs.current) and not (running.progress and running.progress.doing == "Training"):
        time.sleep(0.01)
    demo.shared.model = demo.shared.tokenizer = None
    demo.host.look_after_model()
    assert not hooked(network)
    assert not demo.engine.jobs.wait(1), "it waits for a model"
    assert not demo.engine.adapters()
    demo.shared.model, demo.shared.tokenizer = network, tokenizer
    assert demo.engine.jobs.wait(120)
    assert [adapter.usable for adapter in demo.engine.adapters()] == [True]
    assert "Torvald" in ask(demo, ASKED)
    assert demo.engine.verify() == []
