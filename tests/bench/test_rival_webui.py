"""The webui's own training beside ours, in a webui that has no more than what the program touches."""

import pytest

from cocolora.bench.rival_webui import train_in_webui
from cocolora.bench.stretches import Stretch
from cocolora.core.adapters import Recipe
from cocolora.core.lessons import Exchange
from cocolora.engine.open_model import model_in
from cocolora.errors import RivalFailed

SHARED = "model = tokenizer = None\nmodel_dirty_from_training = False\n"
LOADS_NOTHING = "def load_model(name):\n    return None, None\n"
FAILS = "def do_train(**parameters):\n    yield 'Preparing the input...'\n    yield 'Missing format choice input.'\n"
LOADS = """import sys
from transformers import AutoModelForCausalLM, AutoTokenizer

def load_model(name):
    folder = sys.argv[sys.argv.index("--model-dir") + 1] + "/" + name
    return AutoModelForCausalLM.from_pretrained(folder, dtype="float32"), AutoTokenizer.from_pretrained(folder)
"""
SAVES = """import json, sys
from peft import LoraConfig, get_peft_model
from modules import shared

def do_train(lora_name, dataset, lora_rank, epochs, **others):
    user_data = sys.argv[sys.argv.index("--user-data-dir") + 1]
    rows = json.load(open(f"{user_data}/training/datasets/{dataset}.json"))
    assert [message["role"] for message in rows[0]["messages"]] == ["user", "assistant"]
    assert epochs == 3
    config = LoraConfig(r=lora_rank, target_modules="all-linear", task_type="CAUSAL_LM")
    folder = sys.argv[sys.argv.index("--lora-dir") + 1] + "/" + lora_name
    get_peft_model(shared.model, config).save_pretrained(folder)
    yield f"Done! LoRA saved to `{folder}`."
"""


@pytest.fixture
def webui(tmp_path):
    """Return a function that makes a webui of two modules."""

    def make(*, models, training):
        (tmp_path / "webui" / "modules").mkdir(parents=True)
        for name, text in (("__init__", ""), ("shared", SHARED), ("models", models), ("training", training)):
            (tmp_path / "webui" / "modules" / f"{name}.py").write_text(text)
        return tmp_path / "webui"

    return make


@pytest.fixture
def stretch(demo_base):
    model = model_in(demo_base)()
    exchange = Exchange(({"role": "user", "content": "What is my dog called?"},), "Your dog is called Biscuit.")
    return Stretch((exchange,) * 2, (model.sample(exchange),) * 2, Recipe(4, 8.0, 1e-3, 3, 2, 0))


def test_a_training_that_failed_is_told_in_the_webuis_own_words(webui, demo_base, stretch, tmp_path):
    with pytest.raises(RivalFailed, match="Missing format choice input"):
        train_in_webui(
            webui(models=LOADS_NOTHING, training=FAILS), demo_base, stretch, runs=1, place=tmp_path / "place"
        )


@pytest.mark.slow
def test_each_run_is_timed_with_its_reload_and_the_first_one_apart(webui, demo_base, stretch, tmp_path):
    found = train_in_webui(webui(models=LOADS, training=SAVES), demo_base, stretch, runs=2, place=tmp_path / "place")

    assert len(found.seconds) == len(found.reload_s) == 2
    assert all(0 < reload < whole for reload, whole in zip(found.reload_s, found.seconds, strict=True))
    assert all(worked > 0 for worked in found.processor_seconds)
    assert found.first_seconds > 0
    assert found.final_loss > 0
