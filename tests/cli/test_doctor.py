"""``cocolora doctor``: a finding for Python, each package and the base, whatever is missing."""

import importlib.util
import json
import platform

import pytest

from cocolora.cli import main


@pytest.fixture
def doctor(capsys):
    """Return a function that runs the doctor and returns its findings."""

    def doctor(*words):
        assert main(["doctor", "--json", *map(str, words)]) == 0
        return json.loads(capsys.readouterr().out.strip().splitlines()[-1])["findings"]

    return doctor


def test_a_base_that_is_not_there_is_a_finding_like_any_other(doctor, tmp_path):
    findings = doctor("--base", tmp_path / "nowhere")
    assert findings["Python"] == platform.python_version()
    assert "there is no such folder" in findings["model"]
    assert "can be trained" not in findings


def test_a_package_that_is_missing_comes_with_the_command_that_installs_it(doctor, tmp_path, monkeypatch):
    find = importlib.util.find_spec
    missing = ("gptqmodel", "bitsandbytes", "gradio")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in missing else find(name))
    findings = doctor("--base", tmp_path / "nowhere")
    assert "`python install.py gptq`" in findings["gptqmodel"]
    assert "`pip install bitsandbytes`" in findings["bitsandbytes"]
    assert findings["gradio"] == "missing: run `python install.py demo`"
    assert findings["torch"][0].isdigit()


@pytest.mark.slow
def test_the_demo_base_can_be_trained_and_stacked_on(demo_base, doctor):
    findings = doctor("--base", demo_base)
    assert findings["model"].startswith("demo-base (")
    assert "layers that adapters can change" in findings["model"]
    assert findings["can be trained"].startswith("yes")
    assert findings["can be stacked"] == "yes"
