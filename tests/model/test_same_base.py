"""The files of a base are told from those of another model of the same shape."""

import json
import shutil

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from cocolora.model.same_base import holds_base
from tests.model.tiny import make_network, save_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("base") / "tiny-base")


def test_the_files_of_a_base_are_known_and_those_of_another_model_of_its_shape_are_not(folder, tmp_path):
    assert holds_base(folder, make_network()) is True
    assert holds_base(folder, make_network(seed=1)) is False
    assert holds_base(folder, make_network(hidden=64)) is False
    sharded = tmp_path / "sharded"
    make_network().save_pretrained(sharded, max_shard_size="200KB")
    assert len(list(sharded.glob("*.safetensors"))) > 1
    assert holds_base(sharded, make_network()) is True


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("loaded", [torch.float32, torch.bfloat16, torch.float16])
def test_the_files_are_known_in_whatever_type_they_were_loaded_and_with_adapters_on(stored, loaded, tmp_path):
    make_network().to(stored).save_pretrained(tmp_path)
    network = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=loaded)
    assert holds_base(tmp_path, network) is True
    assert holds_base(tmp_path, get_peft_model(network, LoraConfig(r=2, target_modules=["q_proj"]))) is True


def test_one_other_weight_is_another_model(folder, tmp_path):
    base = shutil.copytree(folder, tmp_path / "base")
    tensors = load_file(base / "model.safetensors")
    name = "model.layers.1.mlp.down_proj.weight"
    save_file(tensors | {name: tensors[name] * 1.1}, base / "model.safetensors")
    assert holds_base(base, make_network()) is False


def test_what_cannot_be_compared_is_neither(folder, tmp_path):
    quantised = make_network()
    weight = quantised.model.layers[0].mlp.up_proj.weight
    quantised.model.layers[0].mlp.up_proj.weight = torch.nn.Parameter(weight.to(torch.uint8), requires_grad=False)
    assert holds_base(folder, quantised) is None
    assert holds_base(tmp_path, make_network()) is None
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    assert holds_base(tmp_path, make_network()) is None
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"x": "gone.safetensors"}}))
    assert holds_base(tmp_path, make_network()) is None
