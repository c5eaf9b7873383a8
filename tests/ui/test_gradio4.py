"""The webui's generation of Gradio cannot live beside the one that the other tests run on: it has its own Python."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = (
    "gradio==4.37.2",
    "fastapi==0.112.4",
    "pydantic==2.11.0",
    "audioop-lts; python_version >= '3.13'",
)
"""Stock Gradio of the generation that the webui has a fork of, and what it needs beside it, as the webui pins it."""
OUT_OF_REACH = ("No matching distribution found", "Could not find a version")


def make_python(folder):
    """Return a Python that has the requirements, and all else from this one; it is made once, and kept."""
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        ready = folder / "ready"
        if not (ready.exists() and ready.read_text() == "\n".join(REQUIREMENTS)):
            venv.create(folder, with_pip=True, clear=False)
            beside = subprocess.check_output(
                [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
            )
            (Path(beside.strip()) / "zz_beside.pth").write_text(sysconfig.get_path("purelib"))
            install(python)
            ready.write_text("\n".join(REQUIREMENTS))
    return python


def install(python):
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"]
    installed = subprocess.run([*command, *REQUIREMENTS], capture_output=True, text=True, check=False, timeout=400)
    if any(sign in installed.stderr for sign in OUT_OF_REACH):
        pytest.skip("gradio 4.37 is out of reach: no package index; COCOLORA_GRADIO4_PYTHON may name a Python with it")
    assert installed.returncode == 0, installed.stderr


@pytest.fixture
def gradio4_python(tmp_path):
    if named := os.environ.get("COCOLORA_GRADIO4_PYTHON"):
        return Path(named)
    return make_python((Path(sys.prefix) if os.access(sys.prefix, os.W_OK) else tmp_path) / "gradio-4.37")


@pytest.mark.slow
def test_the_tab_works_on_the_webuis_gradio(gradio4_python, tmp_path):
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "extensions" / "cocolora"),
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    script = Path(__file__).with_name("on_gradio4.py")
    ran = subprocess.run(
        [gradio4_python, str(script), str(tmp_path / "home")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stderr
    assert "the tab works on gradio 4.37" in ran.stdout
