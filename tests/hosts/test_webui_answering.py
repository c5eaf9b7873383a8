"""Memories in the prompt and adapters on the model: for this reply alone, under the host's lock."""

import copy
import logging
import threading
import time
from types import SimpleNamespace

import pytest

from cocolora.core.adapters import BaseIdentity
from cocolora.core.parts import Parts
from cocolora.core.routing import Route
from cocolora.engine.answer import Context
from cocolora.errors import CannotTrain, JournalDamaged
from cocolora.hosts import webui_host, webui_model
from cocolora.hosts.webui_prompt import build_prompt, has_room, visible_texts, with_memories
from tests.model.tiny import make_network, make_tokenizer


@pytest.fixture
def loaded(world):
    """The world with a tiny model loaded."""
    world.shared.model, world.shared.tokenizer = make_network(), make_tokenizer()
    world.shared.model_name = "tiny"
    return world


@pytest.fixture
def routes(loaded, monkeypatch):
    """What the engine was asked to activate, each with whether the host held its lock."""
    seen = []
    monkeypatch.setattr(
        loaded.engine, "activate", lambda route: seen.append((route, loaded.shared.generation_lock.locked()))
    )
    return seen


ROUTED = Route((("k", 1.0),))


def answering(world, monkeypatch, *, route=ROUTED):
    asked = []

    def contextualise(question, *, profile, visible):
        asked.append((question, list(visible)))
        return Context("MEMORY", route)

    monkeypatch.setattr(world.engine, "contextualise", contextualise)
    return asked


@pytest.mark.parametrize(
    ("mode", "system"), [("instruct", "Be kind."), ("chat", "A character."), ("chat-instruct", "A character.")]
)
def test_memories_go_into_the_prompt_of_every_mode_and_nowhere_else(world, monkeypatch, mode, system):
    answering(world, monkeypatch)
    world.webui.mode = mode
    state = world.webui.state()
    before = copy.deepcopy(state)
    list(world.webui._reply("Question?", state))
    assert world.webui.prompts[-1].startswith(f"[{system}\n\nMEMORY]")
    assert state == before


def test_without_memories_the_prompt_is_the_hosts_own(world):
    world.webui.chat("Question?")
    assert world.webui.prompts[-1] == "[Be kind.]\nQuestion?"


def test_a_past_chat_is_quoted_in_a_new_one(world):
    world.webui.chat("My dog is called Rex.")
    world.webui.new_chat()
    world.webui.chat("What is my dog called?")
    assert "Memories of past chats" in world.webui.prompts[-1]
    assert "Rex" in world.webui.prompts[-1]


def test_the_reply_that_is_regenerated_is_not_quoted(world):
    world.webui.says = lambda prompt: "I do not know of any dog called Rex."
    world.webui.chat("What is my dog called?")
    world.webui.regenerate()
    assert "Memories" not in world.webui.prompts[-1]


def test_turns_that_were_cut_off_the_prompt_may_be_quoted(world):
    history = {"internal": [["early", "x" * 400], ["middle", "y" * 400], ["late", "z" * 400]]}
    assert visible_texts(history, {"truncation_length": 400, "max_new_tokens": 100}) == ["late", "middle"]
    assert visible_texts(history, {"truncation_length": 4000, "max_new_tokens": 100}) == ["late", "middle", "early"]


def test_memories_that_would_leave_no_room_are_left_out():
    state = {"mode": "instruct", "custom_system_message": "S", "truncation_length": 200, "max_new_tokens": 100}
    assert not has_room(state, "m" * 400)
    assert has_room(state, "m" * 40)
    assert with_memories(state, "m" * 40)["custom_system_message"] == "S\n\n" + "m" * 40


def test_what_took_part_in_a_reply_is_kept_for_each_of_its_versions(world):
    world.webui.chat("My dog is called Rex.")
    (dog,) = world.engine.turns()
    world.webui.new_chat()
    world.webui.chat("What is my dog called?")
    chat = world.engine.journal.conversations()[-1].id
    assert world.engine.conversations.last_parts(chat) == Parts((dog.id,))
    world.webui.says = lambda prompt: "Another reply."
    world.webui.regenerate()
    assert world.engine.conversations.last_parts(chat) == Parts((dog.id,))
    world.webui.edit("assistant", -1, "A reply of my own.")
    world.webui.chat("Thank you.")
    edited, _ = world.engine.turns(conversation_id=chat)
    assert world.engine.journal.parts([edited.id]) == {}


def test_a_private_chat_leaves_nothing_of_what_took_part(world):
    world.webui.chat("My dog is called Rex.")
    world.webui.incognito()
    world.webui.chat("What is my dog called?")
    assert "Rex" in world.webui.prompts[-1]
    turns = world.engine.turns()
    assert world.engine.journal.parts([turn.id for turn in turns]) == {turns[0].id: Parts()}


def test_memories_that_had_no_room_did_not_take_part(world, monkeypatch):
    world.webui.chat("My dog is called Rex.")
    world.webui.new_chat()
    monkeypatch.setattr(webui_host, "has_room", lambda state, block: False)
    world.webui.chat("What is my dog called?")
    assert "Rex" not in world.webui.prompts[-1]
    (asked,) = [turn for turn in world.engine.turns() if turn.user == "What is my dog called?"]
    assert world.engine.journal.parts([asked.id]) == {asked.id: Parts()}


def test_the_route_of_a_reply_is_activated_under_the_lock(loaded, routes, monkeypatch):
    answering(loaded, monkeypatch)
    loaded.webui.chat("Question?")
    loaded.webui.regenerate()
    loaded.webui.continue_()
    assert routes == [(ROUTED, True)] * 3


def test_every_other_generation_gets_no_adapter(loaded, routes, monkeypatch):
    answering(loaded, monkeypatch)
    loaded.webui.impersonate()
    loaded.webui.notebook("Once")
    loaded.webui.api_completion("Once")
    loaded.webui.api_chat(user="Question?")
    assert routes == [(Route(), True)] * 4
    assert "MEMORY" not in loaded.webui.prompts[-1]


def test_api_chats_are_answered_from_memory_when_the_user_wants_it(loaded, routes, monkeypatch):
    answering(loaded, monkeypatch)
    loaded.host.params = {**loaded.host.params, "answer_api": True}
    loaded.webui.extension.params = loaded.host.params
    loaded.webui.api_chat(user="Question?")
    assert routes == [(ROUTED, True)]
    assert "MEMORY" in loaded.webui.prompts[-1]
    assert loaded.engine.turns() == []


def test_other_users_are_told_nothing(world, monkeypatch):
    asked = answering(world, monkeypatch)
    world.shared.args.multi_user = True
    world.webui.chat("Whose?")
    assert asked == []


def test_a_failing_engine_is_logged_and_the_chat_goes_on(world, monkeypatch, caplog, tmp_path):
    def broken(*args, **kwargs):
        raise JournalDamaged(tmp_path, "for a test")

    for name in ("contextualise", "record", "activate"):
        monkeypatch.setattr(world.engine, name, broken)
    world.webui.chat("Still there?")
    assert world.webui.history["internal"][0][1].startswith("Reply")
    assert {record.exc_info[0] for record in caplog.records} == {JournalDamaged}
    caplog.clear()


def test_where_adapters_cannot_be_activated_for_whatever_reason_none_is_active(loaded, monkeypatch, caplog):
    def out_of_memory(route):
        active.append(route)
        if route.weights:
            raise RuntimeError("CUDA out of memory")

    active = []
    answering(loaded, monkeypatch)
    monkeypatch.setattr(loaded.engine, "activate", out_of_memory)
    loaded.webui.chat("Question?")
    assert active == [ROUTED, Route()]
    assert "could not be activated" in caplog.text
    caplog.clear()


def test_a_later_extension_that_builds_prompts_is_still_asked(modules):
    ours, theirs = {"display_name": "cocolora"}, SimpleNamespace(custom_generate_chat_prompt=lambda *a, **k: "theirs")
    loaded = [(SimpleNamespace(params=ours), "cocolora"), (theirs, "theirs")]
    modules["modules.extensions"].iterator = lambda: iter(loaded)
    state = {"mode": "instruct", "custom_system_message": "", "history": {"internal": []}}
    assert build_prompt("Hi", state, after=ours) == "theirs"
    loaded.reverse()
    assert build_prompt("Hi", state, after=ours) == "[]\nHi"


def test_a_model_is_wrapped_once_for_each_time_it_is_loaded(loaded):
    find = loaded.host._model.find
    first = find()
    assert first is find()
    assert isinstance(first.identity, BaseIdentity)
    loaded.shared.model = make_network(1)
    assert find() is not first
    loaded.shared.model = None
    assert find() is None
    assert loaded.engine.status().trouble.startswith("No model is loaded")


def test_an_unloaded_model_is_let_go(loaded):
    model = loaded.host._model
    assert not model.is_gone()
    model.find()
    assert not model.is_gone()
    loaded.shared.model = None
    assert model.is_gone()
    assert not model.is_gone()


def test_whoever_looks_first_an_unloaded_model_is_let_go(loaded):
    model = loaded.host._model
    model.find()
    loaded.shared.model = None
    model.find()  # an open page asks every second
    assert model.is_gone()
    loaded.shared.model = make_network(1)
    model.find()
    loaded.shared.model = make_network(2)
    model.find()
    assert model.is_gone()
    assert not model.is_gone()


@pytest.mark.parametrize(
    "kind", ["LlamaServer", "Exllamav3Model", "Exllamav3HF", "TensorRTLLMModel", "PeftModelForCausalLM"]
)
def test_what_cannot_take_adapters_says_so_and_text_memory_goes_on(world, kind):
    base = type("PeftModel", (), {}) if kind.startswith("Peft") else object
    world.shared.model = type(kind, (base,), {})()
    world.shared.tokenizer = object()
    with pytest.raises(CannotTrain) as raised:
        world.host._model.find()
    assert "\n" not in str(raised.value)
    assert world.engine.status().trouble == str(raised.value)
    world.webui.chat("My dog is called Rex.")
    world.webui.new_chat()
    world.webui.chat("What is my dog called?")
    assert "Rex" in world.webui.prompts[-1]
    assert len(world.engine.turns()) == 2


def test_a_model_that_the_training_tab_changed_is_left_alone(loaded):
    loaded.shared.model_dirty_from_training = True
    assert "Training tab" in loaded.engine.status().trouble


def test_a_stray_generation_is_waited_for_but_not_for_ever(caplog):
    ended = threading.Event()

    def gentask():
        ended.wait(5)

    stray = threading.Thread(target=gentask)
    stray.start()
    with caplog.at_level(logging.WARNING):
        webui_model.wait_for_stray_generation(0.05)
    assert "still runs" in caplog.text
    caplog.clear()
    threading.Timer(0.1, ended.set).start()
    begun = time.monotonic()
    webui_model.wait_for_stray_generation(5)
    assert not stray.is_alive()
    assert time.monotonic() - begun < 2


def test_the_models_lock_is_the_hosts_and_hooks_do_not_wait_for_it(loaded):
    model = loaded.host._model.find()
    with model.exclusive():
        assert loaded.shared.generation_lock.locked()
    with loaded.shared.generation_lock, model.held_by_host(), model.exclusive():
        pass
    loaded.webui.chat("Nothing waits?")
