"""The whole path in the webui's fake, on the demo base: told, learned, asked in a new chat, forgotten."""

import pytest

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
