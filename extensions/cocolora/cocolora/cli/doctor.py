"""What the loaded model and the environment can do, in sentences."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
from pathlib import Path

from cocolora.engine.diagnose import diagnose
from cocolora.engine.embedding import why_no_minilm
from cocolora.engine.open_model import model_in
from cocolora.errors import CocoloraError

_PACKAGES = ("torch", "transformers", "peft", "chromadb", "gradio", "bitsandbytes", "gptqmodel")
_MISSING = {
    "chromadb": "search goes by words alone; `python install.py demo` installs it",
    "bitsandbytes": "4-bit and 8-bit bases cannot be loaded; `pip install bitsandbytes` installs it",
    "gptqmodel": "GPTQ bases cannot be loaded; `python install.py gptq` installs it",
}


def examine(base: Path, *, quantise: str = "") -> dict[str, str]:
    """Return a finding for Python, each package and the base model."""
    findings = {"Python": platform.python_version()}
    for package in _PACKAGES:
        findings[package] = _package(package)
    findings["search by meaning"] = why_no_minilm() or "chroma's MiniLM is on this machine"
    return {**findings, **_model(base, quantise=quantise)}


def _package(package: str) -> str:
    if importlib.util.find_spec(package) is None:
        return f"missing: {_MISSING.get(package, 'run `python install.py demo`')}"
    return importlib.metadata.version(package)


def _model(base: Path, *, quantise: str) -> dict[str, str]:
    try:
        model = model_in(base, quantise=quantise)()
    except CocoloraError as error:
        return {"model": str(error)}
    found = diagnose(model)
    can_train, can_stack = found.sentences
    return {
        "model": f"{model.identity}, {found.kind}, {found.layers} layers that adapters can change",
        "can be trained": can_train,
        "can be stacked": can_stack,
    }
