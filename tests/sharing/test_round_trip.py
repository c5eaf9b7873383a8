"""What goes out comes back in, and nothing else goes out."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from cocolora.core.adapters import Activation, AdapterState, BaseIdentity
from cocolora.errors import AdapterDamaged, AdapterMissing, BundleRefused, CannotExport, CocoloraError
from cocolora.sharing import BundledAdapter, read_bundle, unpack, write_bundle
from cocolora.stack.files import check_files
from tests.sharing.bundles import BASE, NOW, files_of, make_adapter, make_bundle, tensors

SECRETS = (b"secret-profile", b"t0123456789ab", b"someone", b"stays at home")


@pytest.fixture(params=["bundle.zip", "bundle"])
def target(request, tmp_path):
    return tmp_path / request.param


def test_adapters_come_back_byte_for_byte(target, tmp_path):
    contents = make_bundle(target, tmp_path / "home")
    unpacked = unpack(read_bundle(target, base=BASE), tmp_path / "adapters")
    assert unpacked.added == tuple(sorted(bundled.adapter.id for bundled in contents))
    for bundled in contents:
        name = "adapter_model.safetensors"
        folder = tmp_path / "adapters" / bundled.adapter.id
        assert (folder / name).read_bytes() == (bundled.folder / name).read_bytes()


def test_what_the_catalogue_says_of_an_adapter_comes_back_without_what_is_private(target, tmp_path):
    (bundled,) = make_bundle(target, tmp_path / "home", count=1)
    checked = read_bundle(target, base=BASE).adapters[0]
    expected = replace(
        bundled.adapter, profile="", activation=Activation.OFF, state=AdapterState.IMPORTED, turn_versions=()
    )
    assert checked.adapter == expected
    assert (checked.turns, checked.offered) == (2, Activation.ROUTED)


@pytest.mark.parametrize("recipe", [{"steps": 0}, {"rank": 512}], ids=["summed, not trained", "the largest rank"])
def test_whatever_a_rollup_makes_can_be_shared(recipe, target, tmp_path):
    (bundled,) = make_bundle(target, tmp_path / "home", count=1, **recipe)
    checked = read_bundle(target, base=BASE)
    assert checked.adapters[0].adapter.recipe == bundled.adapter.recipe
    unpacked = unpack(checked, tmp_path / "adapters")
    assert check_files(tmp_path / "adapters" / unpacked.added[0]) == []


def test_unpacked_adapter_is_one_that_the_stack_takes(target, tmp_path):
    make_bundle(target, tmp_path / "home", count=1)
    unpacked = unpack(read_bundle(target, base=BASE), tmp_path / "adapters")
    assert check_files(tmp_path / "adapters" / unpacked.added[0]) == []


def test_same_adapters_give_the_same_bytes(tmp_path):
    contents = make_bundle(tmp_path / "one.zip", tmp_path / "home")
    write_bundle(tmp_path / "two.zip", contents[::-1], base=BASE, now=NOW)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_folder_and_zip_hold_the_same_files(tmp_path):
    contents = make_bundle(tmp_path / "bundle", tmp_path / "home")
    report = write_bundle(tmp_path / "bundle.zip", contents, base=BASE, now=NOW)
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files_of(tmp_path / "bundle")
    assert report.size_bytes == (tmp_path / "bundle.zip").stat().st_size


def test_no_profile_turn_path_or_question_goes_out(tmp_path):
    make_bundle(tmp_path / "bundle", tmp_path / "home", origin="someone.zip")
    files = files_of(tmp_path / "bundle")
    assert not [name for name, content in files.items() for secret in SECRETS if secret in content]
    assert not [name for name in files if "question" in name]
    assert b"No text of any conversation" in files["README.md"]


def test_questions_go_out_when_they_are_given_and_come_back(target, tmp_path):
    questions = ("What is my dog called?", "Wie heißt mein Hund? 🐕", "\ud800", "", "x" * 3_000)
    make_bundle(target, tmp_path / "home", count=1, questions=questions)
    checked = read_bundle(target, base=BASE).adapters[0]
    assert checked.questions == ("?", "What is my dog called?", "Wie heißt mein Hund? 🐕")


def test_card_has_the_front_matter_that_hubs_read(tmp_path):
    make_bundle(tmp_path / "bundle", tmp_path / "home")
    card = (tmp_path / "bundle" / "README.md").read_text(encoding="utf-8")
    assert card.startswith('---\nbase_model: "tiny-base"\nbase_model_relation: adapter\nlibrary_name: peft\n')
    front = card.split("---")[1].splitlines()
    assert {"pipeline_tag: text-generation", "- lora", "- cocolora"} <= set(front)
    assert "| 4 | 2 | 1.00 | 0.98 | 0.95 |" in card  # rank, turns, scores


def test_importing_twice_changes_nothing(target, tmp_path):
    make_bundle(target, tmp_path / "home")
    checked = read_bundle(target, base=BASE)
    first = unpack(checked, tmp_path / "adapters")
    before = files_of(tmp_path / "adapters")
    second = unpack(checked, tmp_path / "adapters")
    assert (second.added, second.present) == ((), first.added)
    assert files_of(tmp_path / "adapters") == before


def test_adapter_that_is_here_with_other_weights_is_not_overwritten(target, tmp_path):
    make_bundle(target, tmp_path / "home")
    checked = read_bundle(target, base=BASE)
    mine = tmp_path / "adapters" / checked.adapters[1].adapter.id
    mine.mkdir(parents=True)
    (mine / "adapter_model.safetensors").write_bytes(b"mine")
    with pytest.raises(BundleRefused, match="here already"):
        unpack(checked, tmp_path / "adapters")
    assert files_of(tmp_path / "adapters") == {f"{mine.name}/adapter_model.safetensors": b"mine"}


def test_another_base_is_refused_unless_any_is_taken(target, tmp_path):
    make_bundle(target, tmp_path / "home")
    with pytest.raises(BundleRefused, match="tiny-base"):
        read_bundle(target, base=BaseIdentity("other", "0" * 32))
    assert read_bundle(target, base=None).base == BASE


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_half_and_single_precision_are_taken(kind, tmp_path):
    bundled = make_adapter(tmp_path / "home")
    weights = bundled.folder / "adapter_model.safetensors"
    save_file({name: tensor.astype(kind) for name, tensor in tensors().items()}, weights, metadata={"format": "pt"})
    contents = [BundledAdapter(replace(bundled.adapter, sha256=sha256(weights)), bundled.folder)]
    write_bundle(tmp_path / "b.zip", contents, base=BASE, now=NOW)
    unpacked = unpack(read_bundle(tmp_path / "b.zip", base=BASE), tmp_path / "adapters")
    found = load_file(tmp_path / "adapters" / unpacked.added[0] / "adapter_model.safetensors")
    assert all(tensor.dtype == kind for tensor in found.values())


def sha256(path):
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_target_that_exists_is_left_alone(target, tmp_path):
    target.mkdir()
    with pytest.raises(FileExistsError, match="Choose another name"):
        make_bundle(target, tmp_path / "home")
    assert list(target.iterdir()) == []


def test_nothing_to_export_is_said(tmp_path):
    with pytest.raises(CocoloraError, match="no adapter to export"):
        write_bundle(tmp_path / "b.zip", [], base=BASE, now=NOW)


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda folder: (folder / "adapter_model.safetensors").unlink(), AdapterMissing),
        (lambda folder: (folder / "adapter_model.safetensors").write_bytes(b"\x00" * 99), AdapterDamaged),
        (lambda folder: (folder / "adapter_config.json").unlink(), AdapterDamaged),
        (lambda folder: (folder / "adapter_config.json").write_text('{"peft_type": "LOHA"}'), AdapterDamaged),
        (lambda folder: save_file(tensors(7), folder / "adapter_model.safetensors"), AdapterDamaged),
    ],
)
def test_damaged_adapter_is_not_exported_and_leaves_no_half_bundle(spoil, error, target, tmp_path):
    bundled = make_adapter(tmp_path / "home" / "one")
    spoil(bundled.folder)
    with pytest.raises(error):
        write_bundle(target, [bundled], base=BASE, now=NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_value_that_a_reader_would_refuse_is_named_and_the_adapter_is_not_called_damaged(target, tmp_path):
    with pytest.raises(CannotExport, match=r'"garden 0" has a value that no bundle may hold: weight: .* 100\.'):
        make_bundle(target, tmp_path / "home", count=1, weight=1_000.0)
    assert not target.exists()


def test_adapter_of_another_base_is_not_exported(tmp_path):
    bundled = make_adapter(tmp_path / "home", base=BaseIdentity("other", "0" * 32))
    with pytest.raises(AdapterDamaged, match="another base"):
        write_bundle(tmp_path / "b.zip", [bundled], base=BASE, now=NOW)


@pytest.mark.parametrize("name", ["x" * 200, "a\nb", "\u202e", "", "| pipe `tick` |"])
def test_any_name_that_a_user_gave_can_be_exported(name, tmp_path):
    contents = [make_adapter(tmp_path / "home", name=name)]
    write_bundle(tmp_path / "b.zip", contents, base=BASE, now=NOW)
    found = read_bundle(tmp_path / "b.zip", base=BASE).adapters[0].adapter.name
    assert found.isprintable()
    assert 0 < len(found) <= 80


@pytest.mark.parametrize("name", ["/home/someone/models/tiny-base", "~/someone/tiny-base/", r"C:\someone\tiny-base"])
def test_path_of_the_base_stays_at_home(name, tmp_path):
    base = replace(BASE, name=name)
    bundled = make_adapter(tmp_path / "home", base=base)
    write_bundle(tmp_path / "bundle", [bundled], base=base, now=NOW)
    assert read_bundle(tmp_path / "bundle", base=base).base.name == "tiny-base"
    assert not [path for path, content in files_of(tmp_path / "bundle").items() if b"someone" in content]


def test_full_configuration_as_peft_writes_it_is_taken(tmp_path):
    from peft import LoraConfig

    bundled = make_adapter(tmp_path / "home")
    config = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "down_proj"], task_type="CAUSAL_LM").to_dict()
    config["target_modules"] = sorted(config["target_modules"])
    (bundled.folder / "adapter_config.json").write_text(json.dumps(config, default=str))
    write_bundle(tmp_path / "b.zip", [bundled], base=BASE, now=NOW)
    assert len(read_bundle(tmp_path / "b.zip", base=BASE).adapters) == 1


def test_zip_that_someone_packed_again_is_taken(tmp_path):
    make_bundle(tmp_path / "bundle", tmp_path / "home")
    with zipfile.ZipFile(tmp_path / "again.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((tmp_path / "bundle").rglob("*")):
            archive.write(path, path.relative_to(tmp_path / "bundle"))
    assert len(read_bundle(tmp_path / "again.zip", base=BASE).adapters) == 2
