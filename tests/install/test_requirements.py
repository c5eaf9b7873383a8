"""The requirement files: they name what the package imports, and hold the versions that the webui pins."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import install

ROOT = Path(install.__file__).parent
PACKAGE = install.EXTENSION / "cocolora"
# Imported where they are at hand, each behind a message that says how to get it; `modules` is the webui, which brings
# `datasets`.
OPTIONAL = {"datasets", "gptqmodel", "modules", "optimum", "ray"}


def names(*files: str) -> set[str]:
    lines = [line for file in files for line in (ROOT / file).read_text(encoding="utf-8").splitlines()]
    return {re.split(r"[^\w.-]", line)[0].lower() for line in lines if re.match(r"\w", line)}


def versions() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def imported_packages() -> set[str]:
    modules = set()
    for file in [*PACKAGE.rglob("*.py"), *install.EXTENSION.glob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    packages = packages_distributions()
    foreign = modules - set(sys.stdlib_module_names) - {"cocolora"}
    return {packages.get(module, [module])[0].lower().replace("_", "-") for module in foreign}


def test_every_imported_package_is_required():
    required = names("requirements.txt", *install.REQUIREMENTS["run"][2:])
    brought_by_transformers = {"tokenizers", "huggingface-hub"}
    assert imported_packages() - required - OPTIONAL - brought_by_transformers == set()


def test_every_required_package_is_imported():
    own = names("requirements.txt", "extensions/cocolora/requirements-chromadb.txt") | {"platformdirs"}
    through_transformers = {"accelerate", "bitsandbytes"}
    assert own - imported_packages() - through_transformers == set()


def test_every_directly_required_package_has_a_tested_version():
    required = names(
        "requirements.txt", "requirements-test.txt", "requirements-gptq.txt", *install.REQUIREMENTS["run"][2:]
    )
    assert required - set(versions()) == set()


def test_tested_versions_are_those_that_the_webui_pins():
    pinned = {"transformers": "5.6.", "peft": "0.18.", "accelerate": "1.13.", "bitsandbytes": "0.49.", "numpy": "2.2."}
    assert {name: versions()[name].startswith(start) for name, start in pinned.items()} == dict.fromkeys(pinned, True)


def test_torch_is_constrained_to_what_install_installs():
    assert f"torch=={versions()['torch']}" == install.TORCH


def test_chromadbs_dependencies_are_listed_or_are_the_webuis_own():
    webui_has = {
        "grpcio",
        "httpx",
        "importlib-resources",
        "jsonschema",
        "numpy",
        "orjson",
        "pydantic",
        "pyyaml",
        "rich",
        "tokenizers",
        "tqdm",
        "typer",
        "typing-extensions",
    }
    needed = {re.split(r"[^\w.-]", line)[0].lower() for line in requires("chromadb") or [] if "extra ==" not in line}
    listed = names("extensions/cocolora/requirements.txt")
    only_for_a_server_or_an_old_python = {"uvicorn", "graphlib-backport"}
    assert needed - listed - webui_has - only_for_a_server_or_an_old_python == set()


def test_constraints_name_no_package_index():
    for file in ROOT.glob("*.txt"):
        assert "://" not in file.read_text(encoding="utf-8"), file
