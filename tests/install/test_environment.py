"""install.py's own environment: made once, completed after an interruption, refused with one sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import install

ROOT = Path(install.__file__).parent
TORCH = "2.13.0+cpu" if install.wants_cpu_torch() else "2.13.0"


def constrained_versions() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.partition("==") for line in lines if "==" in line)
    versions = {name.replace("-", "_"): version for name, _, version in rows}
    return {**versions, "torch": TORCH}


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 10, 13), (3, 14, 0)])
def test_unsupported_python_is_named_with_those_that_are(version):
    with pytest.raises(install.Refused, match=rf"This is Python 3\.{version[1]}, but .* 3\.11, 3\.12 or 3\.13"):
        install.check_python(version)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9), (3, 13, 1)])
def test_supported_python_is_accepted(version):
    install.check_python(version)


def test_full_disk_is_refused_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=5 << 20))
    with pytest.raises(install.Refused, match=r"has 0\.0 GB free, but this needs \d+ GB"):
        install.Environment(tmp_path / ".venv").ensure()
    assert list(tmp_path.iterdir()) == []


def test_disk_that_fills_up_on_the_way_is_one_sentence_and_no_environment(tmp_path, monkeypatch, capsys):
    environment = install.Environment(tmp_path / ".venv")

    def fill_up(*_, **__):
        environment.folder.mkdir()
        raise OSError(28, "No space left on device", str(environment.folder))

    monkeypatch.setattr(install, "Environment", lambda: environment)
    monkeypatch.setattr(environment, "_fill", fill_up)
    assert install.main(["demo"]) == 1
    assert "The disk filled up" in capsys.readouterr().err
    assert not environment.folder.exists()


def test_no_network_is_one_sentence_and_no_environment(tmp_path):
    for name in ("install.py", *install.REQUIREMENTS["run"]):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    closed = "http://127.0.0.1:9"
    offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": closed, "PIP_PROXY": closed, "PIP_RETRIES": "1"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    done = subprocess.run(
        [sys.executable, "install.py", "demo"],
        cwd=tmp_path,
        env={**inherited, **offline},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 1
    assert "No network: pip could not reach its package index" in done.stderr.splitlines()[-1]
    assert not (tmp_path / ".venv").exists()


def test_interrupted_environment_is_completed_and_then_left_alone(environment, pretend, monkeypatch):
    pretend(**constrained_versions())
    install.Environment(environment).ensure("test")

    def start_nothing(*arguments, **_):
        raise AssertionError(f"started {arguments}")

    monkeypatch.setattr(install, "stream", start_nothing)
    install.Environment(environment).ensure("test")
    install.Environment(environment).ensure()
    assert (environment / "bin" / "cocolora").exists() or (environment / "Scripts" / "cocolora.cmd").exists()


def test_changed_requirements_are_noticed(environment, pretend, monkeypatch):
    pretend(**constrained_versions())
    install.Environment(environment).ensure()
    monkeypatch.setattr(install, "TORCH", "torch==2.13.1")
    monkeypatch.setattr(install.Environment, "_fill", lambda *_, **__: pytest.fail("filled again"))
    with pytest.raises(pytest.fail.Exception, match="filled again"):
        install.Environment(environment).ensure()


class NotingPip:
    """Notes what pip is asked for, one list of words for each call; fails where the word ``failing`` is among them."""

    def __init__(self):
        self.asked, self.failing = [], ""

    def __call__(self, _python, *arguments, **_):
        self.asked.append([str(word) for word in arguments])
        if self.failing in self.asked[-1]:
            raise install.Refused("pip failed")


@pytest.fixture
def pip(monkeypatch):
    noting = NotingPip()
    monkeypatch.setattr(install, "pip", noting)
    monkeypatch.setattr(install, "wants_cpu_torch", lambda: False)
    return noting


def test_what_gptq_needs_is_installed_before_gptqmodel_is_built_without_its_own_list(environment, pip):
    install.Environment(environment).ensure("gptq")
    *_, needs, built = pip.asked
    assert needs[-2:] == ["-r", str(ROOT / "requirements-gptq.txt")]
    assert built[-2:] == ["-r", str(ROOT / "requirements-gptq-nodeps.txt")]
    assert {"--no-deps", "--no-build-isolation"} <= set(built)
    assert "--no-deps" not in needs
    assert all(words[words.index("-c") + 1] == str(ROOT / "constraints.txt") for words in pip.asked)


def test_gptq_is_added_to_an_environment_that_is_there_and_once(environment, pip):
    install.Environment(environment).ensure()
    before = len(pip.asked)
    install.Environment(environment).ensure("gptq")
    assert len(pip.asked) == before + 2
    install.Environment(environment).ensure("gptq")
    assert len(pip.asked) == before + 2


def test_gptqmodel_that_could_not_be_built_is_tried_again(environment, pip):
    bare = str(ROOT / "requirements-gptq-nodeps.txt")
    pip.failing = bare
    with pytest.raises(install.Refused):
        install.Environment(environment).ensure("gptq")
    assert environment.exists()
    pip.failing = ""
    install.Environment(environment).ensure("gptq")
    assert sum(bare in words for words in pip.asked) == 2


def test_cuda_packages_on_a_machine_without_a_gpu_are_refused(environment, pretend, monkeypatch):
    monkeypatch.setattr(install, "wants_cpu_torch", lambda: True)
    pretend(**{**constrained_versions(), "torch": "2.13.0+cpu"}, nvidia_cublas="13.0.0", triton="3.5.0")
    with pytest.raises(install.Refused, match="CUDA packages \\(nvidia-cublas, triton\\)"):
        install.Environment(environment).ensure()
    assert not install.Environment(environment).stamp.exists()


def test_folder_that_is_no_environment_is_named(tmp_path):
    (tmp_path / ".venv").mkdir()
    with pytest.raises(install.Refused, match="is no working environment: delete that folder"):
        install.Environment(tmp_path / ".venv").ensure()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk filled up while installing"),
        ("WARNING: Retrying after connection broken by 'NewConnectionError(...)'", "No network"),
        ("/usr/bin/python: No module named pip", "has no pip"),
        ("ERROR: ResolutionImpossible: for help visit", "conflict with each other"),
        ("x\nERROR: No matching distribution found for six==99", "No matching distribution found for six==99"),
        ("", "pip failed while installing"),
    ],
)
def test_failures_of_pip_become_one_sentence(words, sentence):
    explained = install.explain_pip(words, "installing")
    assert sentence in explained
    assert "\n" not in explained


def test_check_runs_every_stage_and_fails_when_one_does(monkeypatch, capsys):
    def stages(python, arguments):
        return [
            ("format", [python, "-c", "raise SystemExit('not formatted')"]),
            ("tests", [python, "-c", "print('=== 7 passed in 0.1s ===')", *arguments]),
        ]

    monkeypatch.setattr(install, "check_stages", stages)
    environment = install.Environment()
    monkeypatch.setattr(environment, "ensure", lambda *extras: None)
    environment.python = Path(sys.executable)
    assert install.run_checks(environment, []) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("format   FAILED") for line in lines)
    assert any(line.startswith("tests    ok") for line in lines)
    assert lines[-1] == "7 passed in 0.1s"


def test_words_after_test_and_demo_are_passed_on(monkeypatch):
    given = []

    def take(environment, words):
        given.append(words)
        return 0

    monkeypatch.setattr(install, "run_checks", take)
    monkeypatch.setattr(install, "run_demo", take)
    assert install.main(["test", "-k", "routing", "--lf"]) == 0
    assert install.main(["demo", "--json"]) == 0
    assert given == [["-k", "routing", "--lf"], ["--json"]]
