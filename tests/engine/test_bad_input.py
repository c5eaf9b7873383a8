"""Messages and models of every odd kind: a clear error or an honest nothing, and the chat goes on."""

import shutil

import pytest

from cocolora.core.conversations import Conversation
from cocolora.engine.open_model import DEMO_BASE, model_in
from cocolora.errors import BaseMismatch, ModelError, NoChatTemplate
from tests.engine.conftest import DOG

pytestmark = pytest.mark.slow

ODD = (
    ("שמי דוד ואני גר בחיפה", "נעים מאוד"),
    ("👩‍👩‍👧‍👦🏳️‍🌈 \u202eabc\u202c", "🙂"),
    ("a" * 100_000, "That is long."),
    ("word " * 20_000, "So is that."),
    ("\x00\x07 control \ufeff", "Ok."),
    ("<script>alert(1)</script> {{ messages }} <|end|><|assistant|>", "Ok."),
)


def test_odd_messages_are_recorded_read_and_searched_without_harm(engine, tell, ask):
    tell(engine, "odd", *ODD, DOG)
    learned = engine.learn()
    assert learned.read_turns + len(learned.kept_out) == len(ODD) + 1
    for user, _ in ODD:
        engine.contextualise(user)
    assert "Biscuit" in ask(engine, "What is the name of my dog?")
    assert "Biscuit" in ask(engine, "What is the name of my dog?", quoting=True)
    assert engine.verify() == []


def test_an_empty_conversation_holds_no_turn(engine, clock):
    engine.record(Conversation("empty", "personal", "", "test", clock()), [])
    assert engine.turns() == []
    assert engine.learn().sentence == "There was nothing new to read."


def test_without_a_model_turns_are_recorded_and_found_and_the_status_says_why_nothing_is_learned(
    make_engine, tell, tmp_path
):
    engine = make_engine(tmp_path / "no model", lambda: None)
    tell(engine, "pets", DOG)
    assert engine.contextualise("What is my dog called?").memories
    assert "No model is loaded" in engine.status().sentence
    with pytest.raises(ModelError):
        engine.learn()
    assert engine.verify() == []


def test_a_model_without_a_chat_template_says_so(make_engine, tell, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(DEMO_BASE, bare)
    (bare / "chat_template.jinja").unlink(missing_ok=True)
    config = bare / "tokenizer_config.json"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('"chat_template"', '"no_template"'), encoding="utf-8")
    engine = make_engine(tmp_path / "home", model_in(bare))
    tell(engine, "pets", DOG)
    with pytest.raises(NoChatTemplate, match="chat template"):
        engine.learn()
    assert engine.status().unread == 1


def test_adapters_of_another_base_stay_off_and_say_so(taught, make_engine, tmp_path, ask):
    folder = taught.home.folder
    adapter = taught.adapters()[0]
    taught.close()
    other = tmp_path / "other base"
    shutil.copytree(DEMO_BASE, other)
    _perturb(other / "model.safetensors")
    engine = make_engine(folder, model_in(other))
    assert engine.contextualise("What is the name of my dog?").route.adapter_ids == ()
    with pytest.raises(BaseMismatch, match="was trained on demo-base"):
        engine.catalogue.set_activation(adapter.id, adapter.activation)
    assert (engine.status().unread, engine.status().taught_elsewhere) == (0, 3)
    assert "3 turns were taught to another base, `cocolora learn --rebuild`" in engine.status().sentence
    assert engine.learn().read_turns == 0
    assert engine.journal.unread("personal", engine.workbench().model.identity.fingerprint)


def _perturb(weights):
    from safetensors.torch import load_file, save_file

    tensors = load_file(weights)
    save_file({name: tensor + 0.01 for name, tensor in tensors.items()}, weights, metadata={"format": "pt"})


def test_an_adapter_whose_file_is_gone_does_not_break_the_chat(taught, ask):
    for adapter in taught.adapters():
        shutil.rmtree(taught.home.adapter_folder(adapter.id))
    assert taught.verify() != []
    assert "Torvald" in ask(taught, "What is my boss called?", quoting=True)
    off = [adapter for adapter in taught.adapters() if not adapter.usable]
    assert "has no file" in off[0].reason
