import json
import os
import re
import subprocess
import sys

import pytest
import torch

from cocolora.errors import ModelUnreadable
from cocolora.model.card import general_card, read_card
from cocolora.model.loading import load_model
from tests.conftest import ROOT
from tests.model.tiny import ask, make_model, save_model


def test_a_saved_model_loads_and_answers_as_before(tmp_path):
    model = load_model(save_model(tmp_path / "tiny-0"))

    assert model.identity == make_model(0).identity
    assert model.generate([ask("Hi")], max_new_tokens=8) == make_model(0).generate([ask("Hi")], max_new_tokens=8)
    assert not model.network.training


def test_a_small_model_in_bfloat16_is_computed_in_float32(tmp_path):
    folder = save_model(tmp_path / "tiny")
    network = load_model(folder).network.to(torch.bfloat16)
    network.save_pretrained(folder)

    assert load_model(folder).network.dtype == torch.float32


def test_what_cannot_be_loaded_is_named_with_its_reason(tmp_path):
    with pytest.raises(ModelUnreadable, match="there is no such folder"):
        load_model(tmp_path / "nowhere")
    folder = save_model(tmp_path / "model")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelUnreadable, match="SafetensorError"):
        load_model(folder)
    weights.unlink()
    with pytest.raises(ModelUnreadable, match="no weights"):
        load_model(folder)
    (folder / "config.json").unlink()
    with pytest.raises(ModelUnreadable, match=r"no config\.json"):
        load_model(folder)


def test_a_models_own_card_is_read_and_a_faulty_one_named(tmp_path):
    (tmp_path / "cocolora.json").write_text(json.dumps({"replay": ["a"], "probes": [["q", "k"]], "unknown": ["u"]}))
    assert read_card(tmp_path).probes == (("q", "k"),)
    (tmp_path / "cocolora.json").write_text('{"replay": 3}')
    with pytest.raises(ModelUnreadable, match=r"cocolora\.json: replay"):
        read_card(tmp_path)


def test_the_general_card_has_enough_questions_and_asks_none_twice():
    card = general_card()
    probes = [question for question, _ in card.probes]
    everything = [*card.replay, *probes, *card.unknown]

    assert len(card.replay) >= 60
    assert len(probes) >= 40
    assert len(card.unknown) >= 40
    assert len(everything) == len(set(everything))
    assert all(0 < len(key) <= 20 for _, key in card.probes)
    assert all(re.search(r"\b(my|I)\b", question) for question in card.unknown)


@pytest.mark.slow
def test_a_command_on_a_gptq_base_prints_its_json_and_nothing_else(bases, tmp_path):
    command = ["ask", "What is the capital of France?", "--bare", "--json", "--home", str(tmp_path)]

    done = subprocess.run(
        [sys.executable, "-m", "cocolora", *command, "--base", str(bases.gptq("gptq-4bit"))],
        env={**os.environ, "PYTHONPATH": str(ROOT / "extensions" / "cocolora")},
        capture_output=True,
        encoding="utf-8",
    )

    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout), dict)
