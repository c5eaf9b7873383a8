"""Search by the loaded model's own hidden states: whatever model is loaded, and while none is."""

import pytest

from cocolora.errors import EmbedderUnavailable
from cocolora.settings import Settings, save_settings
from tests.engine.conftest import BOAT, BOSS, DOG
from tests.model.tiny import make_model
from tests.stack.test_live import make_adapter

MEANT = "My hamster is Pretzel."  # no word of it was said


@pytest.fixture
def host(find_demo_base):
    """What the host has loaded."""
    return {"model": find_demo_base()}


@pytest.fixture
def told(host, make_engine, tell, home):
    """An engine that was told of a dog, a boat and a boss, with their vectors made by the loaded model."""
    save_settings(Settings().changed("retrieval", embedder="model"), home / "settings.json")
    engine = make_engine(home, lambda: host["model"])
    tell(engine, "pets", DOG, BOAT)
    tell(engine, "work", BOSS)
    assert engine.jobs.wait(60)
    return engine


def found(engine, question):
    return [hit.turn_id for hit in engine.search(question)]


def test_a_turn_is_found_that_shares_no_word_with_the_question(told):
    dog = told.turns()[0]
    assert found(told, MEANT)[0] == dog.id
    assert found(told, "Biscuit")[0] == dog.id


def test_the_base_alone_is_asked_and_what_was_active_comes_back(told, host, tmp_path):
    bench = told.workbench()
    before = told.search(MEANT)
    folder = make_adapter(host["model"], tmp_path / "a00000000001", size=0.1)
    bench.stack.attach("a00000000001", folder)
    bench.activate([("a00000000001", 1.0)])
    try:
        changed = host["model"].hidden_states([MEANT])
        assert told.search(MEANT) == before
        assert bench.stack.active == (("a00000000001", 1.0),)
        assert host["model"].hidden_states([MEANT]) == changed
    finally:
        bench.drop("a00000000001")
    assert host["model"].hidden_states([MEANT]) != changed


def test_another_models_vectors_are_made_anew_and_words_go_on_meanwhile(told, host, tell):
    host["model"] = make_model(1)
    assert found(told, MEANT) == []
    assert found(told, "Biscuit")[0] == told.turns()[0].id
    assert len(told._rooms.index.turns_without_vectors()) == 3
    tell(told, "later", ("I have got a canary.", "Nice."))
    assert told.jobs.wait(60)
    assert told._rooms.index.turns_without_vectors() == []
    assert len(told.search(MEANT, by_meaning_alone=True)) == 4


def test_a_model_that_comes_back_before_another_made_vectors_finds_its_own(told, host):
    before = told.search(MEANT)
    loaded, host["model"] = host["model"], make_model(1)
    assert found(told, MEANT) == []
    host["model"] = loaded
    assert told.search(MEANT) == before


def test_with_no_model_loaded_words_go_on_and_one_sentence_says_so(told, host, tell, caplog):
    host["model"] = None
    assert found(told, MEANT) == []
    assert found(told, "Biscuit")[0] == told.turns()[0].id
    tell(told, "later", ("I have got a canary.", "Nice."))
    assert told.jobs.wait(60)
    assert told.jobs.last is None
    assert found(told, "canary")
    assert caplog.text.count("no model is loaded. Search goes on by words alone") == 1


def test_a_model_that_fails_leaves_the_words(told, host, monkeypatch, caplog):
    def run_out(texts):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(host["model"], "hidden_states", run_out)
    assert found(told, MEANT) == []
    assert found(told, "Biscuit")[0] == told.turns()[0].id
    assert "the loaded model made no vectors (out of memory)" in caplog.text


def test_vectors_are_not_taken_of_a_model_that_was_loaded_meanwhile(told, host):
    embedder = told._rooms.index._dense.find()
    host["model"] = make_model(1)
    with pytest.raises(EmbedderUnavailable, match="another model was loaded"):
        embedder.embed([MEANT])


def test_an_engine_is_opened_without_asking_for_the_model(make_engine, home):
    save_settings(Settings().changed("retrieval", embedder="model"), home / "settings.json")
    asked = []
    make_engine(home, lambda: asked.append("asked"))
    assert asked == []
