"""install.py webui: finds the webui and its Python, moves none of its packages, and leaves the user's data alone."""

from __future__ import annotations

import shutil
import sys
from types import SimpleNamespace

import pytest

import install

# As in a webui 4.7: these come together with its gradio, and stand in the way of a newer uvicorn[standard].
WEBUI_PINS = {
    "gradio": "4.37.2",
    "fastapi": "0.112.4",
    "huggingface_hub": "1.5.0",
    "numpy": "2.2.6",
    "pydantic": "2.11.0",
    "pydantic_core": "2.33.0",
    "safetensors": "0.7.0",
    "tokenizers": "0.22.2",
    "uvicorn": "0.54.0",
    "websockets": "11.0.3",
}
SATISFIED = {
    "bcrypt": "5.0.0",
    "build": "1.6.1",
    "chromadb": "1.5.9",
    "kubernetes": "37.0.2",
    "mmh3": "5.3.1",
    "onnxruntime": "1.32.0",
    "opentelemetry_api": "1.45.2",
    "opentelemetry_exporter_otlp_proto_grpc": "1.45.2",
    "opentelemetry_sdk": "1.45.2",
    "overrides": "7.7.0",
    "platformdirs": "4.14.7",
    "pybase64": "1.5.1",
    "pydantic_settings": "2.16.3",
    "pypika": "0.51.1",
    "tenacity": "9.2.1",
}


@pytest.fixture
def python(environment):
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


@pytest.fixture
def ready(webui, environment, pretend):
    """A webui whose own environment already holds what cocolora needs."""
    pretend(**WEBUI_PINS, **SATISFIED)
    environment.rename(webui / "venv")
    return webui


def refusal(*words, capsys):
    assert install.main(["webui", *map(str, words)]) == 1
    sentence = capsys.readouterr().err.strip()
    assert "\n" not in sentence
    return sentence


def test_folder_that_is_no_webui_is_refused(tmp_path, capsys):
    sentence = refusal(tmp_path, capsys=capsys)
    assert f"{tmp_path} is no text-generation-webui (server.py and modules/ were expected there)" in sentence


def test_path_that_does_not_exist_is_refused(tmp_path, capsys):
    assert "is no text-generation-webui" in refusal(tmp_path / "nowhere", capsys=capsys)


@pytest.mark.parametrize("age", ["no user_data", "loads extensions/ only"])
def test_webui_that_is_too_old_is_refused_with_the_version_needed(webui, capsys, age):
    if age == "no user_data":
        shutil.rmtree(webui / "user_data")
    else:
        (webui / "modules" / "extensions.py").write_text("import modules.shared as shared\n")
    assert "which 4.7 and newer do: update it" in refusal(webui, capsys=capsys)


def test_webui_without_an_environment_asks_for_its_python(webui, capsys, monkeypatch):
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    assert "name its Python with --python" in refusal(webui, capsys=capsys)


def test_python_without_gradio_is_not_the_webuis(webui, python, capsys):
    assert "has no gradio, so it is not the webui's Python" in refusal(webui, "--python", python, capsys=capsys)


def test_python_that_is_not_there_is_refused(webui, capsys):
    assert "There is no Python at" in refusal(webui, "--python", webui / "python", capsys=capsys)


def test_full_disk_is_refused(ready, capsys, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=5 << 20))
    assert "0.0 GB free" in refusal(ready, capsys=capsys)
    assert not (ready / "user_data" / "extensions" / "cocolora").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there that not every user has")
def test_link_is_made_twice_and_taken_out_without_the_users_data(ready, capsys):
    target = ready / "user_data" / "extensions" / "cocolora"
    for _ in range(2):
        assert install.main(["webui", str(ready)]) == 0
        assert target.is_symlink()
        assert target.resolve() == install.EXTENSION
    assert "would move     none" in capsys.readouterr().out
    assert install.main(["webui", str(ready), "--uninstall"]) == 0
    assert not target.is_symlink()
    assert (install.EXTENSION / "cocolora" / "__init__.py").is_file()
    assert (ready / "user_data" / "cocolora" / "journal.db").read_text() == "the user's"
    assert install.main(["webui", str(ready), "--uninstall"]) == 0


def test_copy_is_refreshed_and_taken_out_without_the_users_data(ready):
    target = ready / "user_data" / "extensions" / "cocolora"
    assert install.main(["webui", str(ready), "--copy"]) == 0
    (target / "left-over.txt").write_text("from an older version")
    assert install.main(["webui", str(ready), "--copy"]) == 0
    assert not target.is_symlink()
    assert not (target / "left-over.txt").exists()
    assert (target / "cocolora" / "__init__.py").is_file()
    assert install.main(["webui", str(ready), "--uninstall"]) == 0
    assert not target.exists()
    assert (ready / "user_data" / "cocolora" / "journal.db").read_text() == "the user's"


def test_copy_that_fails_leaves_the_installed_one(ready, capsys, monkeypatch):
    target = ready / "user_data" / "extensions" / "cocolora"
    assert install.main(["webui", str(ready), "--copy"]) == 0

    def fill_up(source, aside, **_):
        raise OSError(28, "No space left on device", aside)

    monkeypatch.setattr(shutil, "copytree", fill_up)
    assert "The disk filled up" in refusal(ready, "--copy", capsys=capsys)
    assert (target / "cocolora" / "__init__.py").is_file()
    assert sorted(path.name for path in (ready / "user_data").iterdir()) == ["cocolora", "extensions"]


def test_link_that_is_not_allowed_becomes_a_copy_and_says_so(ready, capsys, monkeypatch):
    def refuse(self, target, target_is_directory=False):
        raise OSError(1314, "A required privilege is not held by the client")

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)
    assert install.main(["webui", str(ready)]) == 0
    assert "the extension is copied instead" in capsys.readouterr().out
    assert (ready / "user_data" / "extensions" / "cocolora" / "cocolora" / "__init__.py").is_file()


def test_something_else_of_that_name_is_left_alone(ready, capsys):
    other = ready / "user_data" / "extensions" / "cocolora"
    other.mkdir()
    (other / "script.py").write_text("# another extension\n")
    assert "is not cocolora: move it away" in refusal(ready, capsys=capsys)
    assert "is not cocolora: move it away" in refusal(ready, "--uninstall", capsys=capsys)
    assert (other / "script.py").read_text() == "# another extension\n"


@pytest.mark.slow
def test_dry_run_beside_the_webuis_pins_moves_none_of_them(environment, pretend, python, tmp_path, capsys):
    pretend(**WEBUI_PINS)
    installed = install.installed_packages(python)
    constraints = tmp_path / "installed.txt"
    constraints.write_text("".join(f"{name}=={version}\n" for name, version in installed.items()))
    try:
        planned = install.plan_webui_packages(python, installed, constraints)
    except install.Refused as refused:
        if "No network" in str(refused):
            pytest.skip("no package index can be reached")
        raise
    assert {"chromadb", "onnxruntime", "platformdirs"} <= set(planned)
    assert not set(planned) & set(installed)
    assert "would move     none" in capsys.readouterr().out
    assert install.installed_packages(python) == installed
