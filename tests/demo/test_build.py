"""A build of the demo base depends on its recipe alone, and goes on where it was killed."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file

from cocolora.demo.build.trainer import Build, Recipe, run

RECIPE = Recipe(steps=4, layers=2, rows=1, length=128, warm_steps=1)
NEVER = 1_000


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """Provide the folder of a build that was killed after two of its steps."""
    folder = tmp_path_factory.mktemp("build")
    build = Build(RECIPE, folder)
    build.train_step()
    build.train_step()
    build.save()
    build.train_step()  # killed before this was saved
    return folder


def finished(folder):
    run(Build(RECIPE, folder), examine_every=NEVER)
    return load_file(folder / "state.safetensors")


def test_killed_build_comes_to_the_same_weights_as_one_in_one_go(begun, tmp_path):
    resumed, whole = tmp_path / "resumed", tmp_path / "whole"
    shutil.copytree(begun, resumed)
    shutil.copytree(begun / "tokenizer", whole / "tokenizer")
    ours, theirs = finished(resumed), finished(whole)
    assert int(ours["step"]) == RECIPE.steps
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_what_was_half_written_is_not_taken_up(begun, tmp_path):
    folder = tmp_path / "killed"
    shutil.copytree(begun, folder)
    (folder / "state.new").write_bytes(b"half")
    (folder / "tokenizer").rename(folder / "tokenizer.new")
    (folder / "tokenizer.new" / "tokenizer.json").write_text("{")
    assert Build(RECIPE, folder).step == 2
    assert json.loads((folder / "tokenizer" / "tokenizer.json").read_text())


def test_another_recipe_does_not_go_on_with_a_build(begun):
    with pytest.raises(ValueError, match="another recipe"):
        Build(Recipe(steps=5, layers=2, rows=1, length=128, warm_steps=1), begun)
