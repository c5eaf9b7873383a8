"""The webui's generation of Gradio cannot live beside the one that the other tests run on: it has its own Python."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def gradio4_python():
    found = os.environ.get("COCOLORA_GRADIO4_PYTHON")
    if not found:
        pytest.skip("COCOLORA_GRADIO4_PYTHON does not name a Python with gradio 4.37 (the webui's own will do)")
    return found


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
