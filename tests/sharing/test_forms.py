"""Adapters that left in another form do to the base what they did here."""

import json
import shutil
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from cocolora.core.export import ExportForm, Number
from cocolora.errors import Cancelled, CannotExport, CannotMerge, CocoloraError
from cocolora.sharing import read_loading, write_bundle, write_form
from cocolora.sharing.deltas import AdapterWeights, LowRank, combine
from tests.model.tiny import logits, make_network, save_model
from tests.sharing.bundles import NOW
from tests.sharing.forms import BASE, dense, make_lora, order


@pytest.fixture(scope="module")
def base_folder(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("base") / "tiny-base")


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """Three adapters of mixed ranks, alphas, targets and weights."""
    home = tmp_path_factory.mktemp("home")
    return [
        make_lora(home, 0, rank=4, alpha=8),
        make_lora(home, 1, rank=2, alpha=7, targets=("q_proj", "down_proj"), weight=0.5),
        make_lora(home, 2, rank=8, alpha=4, targets=("down_proj", "v_proj"), weight=-1.5),
    ]


ALPHAS = (8, 7, 4)


def with_changes(changes, scale=1.0):
    """Return the tiny network with changes added to its weights: what any right export must equal."""
    network = make_network()
    for path, change in changes.items():
        network.get_submodule(path).weight.data += (scale * change).float()
    return network


def summed(adapters):
    total = {}
    for bundled, alpha in zip(adapters, ALPHAS, strict=True):
        for path, change in dense(bundled, alpha=alpha).items():
            total[path] = total.get(path, 0) + change
    return total


def assert_same(found, expected, tolerance=2e-4):
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)


def test_bundle_and_peft_folders_are_loaded_by_plain_peft_with_equal_logits(three, tmp_path):
    write_form(ExportForm.PEFT, tmp_path / "peft", order(*three))
    write_bundle(tmp_path / "bundle", three, base=BASE, now=NOW)
    for bundled, alpha in zip(three, ALPHAS, strict=True):
        expected = logits(with_changes(dense(bundled, alpha=alpha), 1 / bundled.adapter.weight))
        for folder in (tmp_path / "peft", tmp_path / "bundle" / "adapters"):
            assert_same(logits(PeftModel.from_pretrained(make_network(), folder / bundled.adapter.id)), expected)


def test_combined_adapter_is_loaded_by_plain_peft_and_equals_the_sum(three, tmp_path):
    write_form(ExportForm.COMBINED, tmp_path / "one", order(*three))
    found = logits(PeftModel.from_pretrained(make_network(), tmp_path / "one"))
    assert_same(found, logits(with_changes(summed(three))))
    assert not torch.allclose(found, logits(make_network()), atol=0.1)
    config = json.loads((tmp_path / "one" / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"]) == (14, 14)


SIDE = st.integers(1, 5)
PART = st.tuples(st.integers(1, 4), st.floats(0.1, 8), st.floats(-2, 2), st.sets(st.sampled_from("xyz"), min_size=1))


@settings(max_examples=100, deadline=None)
@given(parts=st.lists(PART, min_size=1, max_size=5), seed=st.integers(0, 1000))
def test_combination_is_the_dense_sum_for_any_ranks_scales_weights_and_targets(parts, seed):
    random = np.random.default_rng(seed)
    shapes = {"x": (3, 5), "y": (4, 4), "z": (6, 2)}
    adapters = []
    for rank, scale, weight, names in parts:
        layers = {
            name: LowRank(
                random.standard_normal((rank, shapes[name][1])).astype(np.float32),
                random.standard_normal((shapes[name][0], rank)).astype(np.float32),
            )
            for name in sorted(names)
        }
        adapters.append((AdapterWeights(rank, scale, layers, tuple(sorted(names))), weight))
    joined = combine(adapters)
    assert set(joined.layers) == {name for *_, names in parts for name in names}
    for name, pair in joined.layers.items():
        expected = sum(weight * adapter.delta(name) for adapter, weight in adapters if name in adapter.layers)
        np.testing.assert_allclose(joined.delta(name), expected, atol=1e-4)
        assert pair.a.shape[0] == pair.b.shape[1] == joined.rank


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16, torch.float16])
def test_merged_base_is_loaded_by_transformers_and_holds_the_sum_rounded_once(stored, three, tmp_path):
    base = save_model(tmp_path / "base")
    network = AutoModelForCausalLM.from_pretrained(base, dtype=stored)
    (base / "model.safetensors").unlink()
    network.save_pretrained(base, max_shard_size="200KB")
    assert len(list(base.glob("*.safetensors"))) > 1
    before = {path.name: path.read_bytes() for path in base.iterdir()}
    write_form(ExportForm.MERGED, tmp_path / "merged", order(*three, base_folder=base))
    kept = torch.float16 if stored is torch.float16 else torch.bfloat16
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    assert merged.dtype is kept
    changes = summed(three)
    for name, parameter in network.named_parameters():
        expected = parameter.float() + changes.get(name.removesuffix(".weight"), torch.zeros(1)).float()
        found = merged.get_parameter(name).float()
        assert (found - expected.to(kept).float()).abs().max() <= 0.01 * expected.abs().max()
        assert (found == expected.to(kept).float()).float().mean() > 0.98
    assert_same(logits(merged.float()), logits(with_changes(changes)), tolerance=0.2)
    assert {path.name: path.read_bytes() for path in base.iterdir()} == before


@pytest.mark.parametrize("number", Number)
def test_a_merged_base_is_rounded_to_the_numbers_that_were_chosen(number, three, base_folder, tmp_path):
    wanted = order(*three, base_folder=base_folder, number=number)
    write_form(ExportForm.MERGED, tmp_path / "merged", wanted)
    assert json.loads((tmp_path / "merged" / "config.json").read_text())["dtype"] == number
    kept = load_file(tmp_path / "merged" / "model.safetensors")
    assert {tensor.dtype for tensor in kept.values()} == {getattr(torch, number)}


def test_merging_copies_the_tokenizer_and_no_code(three, base_folder, tmp_path):
    base = shutil.copytree(base_folder, tmp_path / "base")
    (base / "modeling.py").write_text("import os")
    (base / "pytorch_model.bin").write_bytes(b"x")
    write_form(ExportForm.MERGED, tmp_path / "merged", order(three[0], base_folder=base))
    written = {path.name for path in (tmp_path / "merged").iterdir()}
    assert {"tokenizer.json", "config.json", "model.safetensors"} <= written
    assert not {"modeling.py", "pytorch_model.bin"} & written


def quantised_in_name(base):
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"quantization_config": {"quant_method": "gptq"}}))


def quantised_in_fact(base):
    tensors = load_file(base / "model.safetensors")
    name = "model.layers.0.self_attn.q_proj.weight"
    save_file(tensors | {name: tensors[name].to(torch.int8)}, base / "model.safetensors")


def other_model(base):
    tensors = load_file(base / "model.safetensors")
    del tensors["model.layers.1.self_attn.q_proj.weight"]
    save_file(tensors, base / "model.safetensors")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [(quantised_in_name, "gptq"), (quantised_in_fact, "quantised"), (other_model, "hold no model.layers.1")],
)
def test_base_that_cannot_take_a_merge_is_refused_with_the_reason_and_nothing_is_written(
    spoil, reason, three, base_folder, tmp_path
):
    base = shutil.copytree(base_folder, tmp_path / "base")
    spoil(base)
    with pytest.raises(CannotMerge, match=reason):
        write_form(ExportForm.MERGED, tmp_path / "merged", order(three[0], base_folder=base))
    assert [path.name for path in tmp_path.iterdir()] == ["base"]


def test_gguf_file_is_of_the_kind_that_llama_cpp_loads_and_holds_the_same_changes(three, base_folder, tmp_path):
    import gguf

    write_form(ExportForm.GGUF, tmp_path / "gguf", order(*three, base_folder=base_folder))
    for bundled, alpha in zip(three, ALPHAS, strict=True):
        reader = gguf.GGUFReader(tmp_path / "gguf" / f"{bundled.adapter.id}.gguf")
        fields = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
        assert fields["general.type"] == "adapter"
        assert fields["adapter.type"] == "lora"
        assert fields["general.architecture"] == "llama"
        tensors = {tensor.name: torch.tensor(tensor.data.copy()) for tensor in reader.tensors}
        expected = dense(bundled, alpha=alpha)
        assert len(tensors) == 2 * len(expected)
        for path, change in expected.items():
            a, b = (tensors[f"{llama_name(path)}.weight.lora_{side}"].double() for side in "ab")
            delta = bundled.adapter.weight * fields["adapter.lora.alpha"] / a.shape[0] * (b @ a)
            assert_same(in_peft_order(delta, path), change, tolerance=1e-6)


def llama_name(path):
    names = {
        "q_proj": "attn_q",
        "k_proj": "attn_k",
        "v_proj": "attn_v",
        "o_proj": "attn_output",
        "gate_proj": "ffn_gate",
        "up_proj": "ffn_up",
        "down_proj": "ffn_down",
    }
    parts = path.split(".")
    return f"blk.{parts[2]}.{names[parts[-1]]}"


def in_peft_order(delta, path):
    """Undo llama.cpp's order of the outputs of q (4 heads) and k (2 heads): row pairs back to two halves."""
    heads = {"q_proj": 4, "k_proj": 2}.get(path.rsplit(".", 1)[-1])
    if heads is None:
        return delta
    size = delta.shape[0] // heads
    rows = [head * size + 2 * (i % (size // 2)) + i // (size // 2) for head in range(heads) for i in range(size)]
    return delta[rows]


def test_gguf_of_an_architecture_that_is_not_known_is_refused(three, base_folder, tmp_path):
    base = shutil.copytree(base_folder, tmp_path / "base")
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"model_type": "mamba"}))
    with pytest.raises(CannotExport, match="convert_lora_to_gguf"):
        write_form(ExportForm.GGUF, tmp_path / "gguf", order(three[0], base_folder=base))
    assert [path.name for path in tmp_path.iterdir()] == ["base"]


@pytest.mark.parametrize("form", [ExportForm.PEFT, ExportForm.COMBINED, ExportForm.GGUF])
def test_lines_that_load_the_adapters_elsewhere_go_along(form, three, base_folder, tmp_path):
    write_form(form, tmp_path / "out", order(*three, base_folder=base_folder))
    text = (tmp_path / "out" / "LOADING.md").read_text(encoding="utf-8")
    for program in ("llama.cpp", "Ollama", *([] if form is ExportForm.GGUF else ["vLLM", "PEFT"])):
        assert program in text
    assert "tiny-base" in text
    assert str(base_folder) not in text


@pytest.mark.parametrize("form", [form for form in ExportForm if form is not ExportForm.BUNDLE])
def test_target_that_exists_is_left_alone(form, three, base_folder, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsError, match="Choose another name"):
        write_form(form, tmp_path / "out", order(three[0], base_folder=base_folder))
    assert list((tmp_path / "out").iterdir()) == []


def test_nothing_to_export_is_said(tmp_path):
    with pytest.raises(CocoloraError, match="no adapter to export"):
        write_form(ExportForm.PEFT, tmp_path / "out", order())


def test_forms_that_read_the_base_say_when_they_lack_it(three, tmp_path):
    for form in (ExportForm.MERGED, ExportForm.GGUF):
        with pytest.raises(CannotExport, match="--base"):
            write_form(form, tmp_path / "out", order(three[0]))


@pytest.mark.parametrize("form", [form for form in ExportForm if form is not ExportForm.BUNDLE])
def test_a_zip_file_holds_what_the_folder_holds(form, three, base_folder, tmp_path):
    wanted = order(three[0], base_folder=base_folder)
    write_form(form, tmp_path / "out", wanted)
    write_form(form, tmp_path / "out.zip", wanted)
    folder = {path.relative_to(tmp_path / "out").as_posix(): path for path in (tmp_path / "out").rglob("*")}
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    assert packed == {name: path.read_bytes() for name, path in folder.items() if path.is_file()}
    assert read_loading(tmp_path / "out.zip") == read_loading(tmp_path / "out")


@pytest.mark.parametrize("name", ["out", "out.zip"])
@pytest.mark.parametrize("form", [form for form in ExportForm if form is not ExportForm.BUNDLE])
def test_a_form_is_written_step_by_step_and_one_that_is_stopped_leaves_nothing(
    form, name, three, base_folder, tmp_path
):
    wanted, steps = order(*three, base_folder=base_folder), []
    write_form(form, tmp_path / "whole", wanted, step=lambda done, total: steps.append((done, total)))
    assert [done for done, _ in steps] == list(range(len(steps)))
    assert {total for _, total in steps} == {len(steps)}

    def stop(done, total):
        if done:
            raise Cancelled("Exporting")

    (tmp_path / "stopped").mkdir()
    with pytest.raises(Cancelled):
        write_form(form, tmp_path / "stopped" / name, wanted, step=stop)
    assert list((tmp_path / "stopped").iterdir()) == []
