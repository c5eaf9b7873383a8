"""A real small environment, and webui folders as install.py meets them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

NEW_LOADER = "import modules.shared as shared\nuser_script_path = shared.user_data_dir / 'extensions'\n"
Pretend = Callable[..., None]


def _site_packages(folder: Path) -> Path:
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.check_output([str(python), "-c", code], encoding="utf-8").strip())


@pytest.fixture(scope="session")
def empty_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environments") / "empty"
    venv.EnvBuilder(with_pip=True, symlinks=sys.platform != "win32").create(folder)
    return folder


@pytest.fixture
def environment(empty_environment: Path, tmp_path: Path) -> Path:
    """A virtual environment that holds pip and nothing else."""
    return shutil.copytree(empty_environment, tmp_path / "environment", symlinks=True)


@pytest.fixture
def pretend(environment: Path) -> Pretend:
    """Write the metadata of packages into the environment, so that pip takes them for installed."""
    site_packages = _site_packages(environment)

    def write(**versions: str) -> None:
        for name, version in versions.items():
            folder = site_packages / f"{name}-{version}.dist-info"
            folder.mkdir()
            name = name.replace("_", "-")
            (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            (folder / "INSTALLER").write_text("pip\n")
            (folder / "RECORD").write_text("")

    return write


@pytest.fixture
def webui(tmp_path: Path) -> Path:
    """A folder that looks like a text-generation-webui, with a user's data in it."""
    folder = tmp_path / "webui"
    (folder / "modules").mkdir(parents=True)
    (folder / "server.py").write_text("")
    (folder / "modules" / "extensions.py").write_text(NEW_LOADER)
    (folder / "user_data" / "extensions").mkdir(parents=True)
    (folder / "user_data" / "cocolora").mkdir()
    (folder / "user_data" / "cocolora" / "journal.db").write_text("the user's")
    return folder
