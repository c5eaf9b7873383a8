"""Loading a model from a folder on disk: local files and safetensors only, no code of the model's own."""

from __future__ import annotations

import importlib.util
import json
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from cocolora.errors import ModelUnreadable, PackageMissing
from cocolora.model.bases import Base, on_load
from cocolora.model.card import read_card
from cocolora.model.loaded import LoadedModel
from cocolora.model.lock import PlainLock

SMALL_BYTES = 2_000_000_000
TINY_BYTES = 100_000_000


def load_model(
    folder: Path,
    *,
    name: str = "",
    quantise: str = "",
    lock: PlainLock | None = None,
    quiet: Callable[[], None] | None = None,
) -> LoadedModel:
    """Load the model in ``folder``; it is named for the folder unless ``name`` is given.

    A quantised folder is loaded as it is; ``quantise`` ("nf4", "nf4-double" or "int8") quantises a plain one. On a
    CPU a small one is computed in float32, whatever it is stored in: adapters train better and CPUs are no
    slower for it. Others stay in the stored type. A tiny one, such as the demo base, is computed by one thread:
    several wait for each other longer than they compute, ten times so on a busy machine.

    Raises ModelUnreadable, and PackageMissing where the kind of base needs a package that is not there.
    """
    card = read_card(_checked(folder))
    config = _config(folder)
    base = on_load(config, quantise=quantise)
    if base.package and importlib.util.find_spec(base.package) is None:
        raise PackageMissing(folder, base.package)
    if _size_bytes(folder) <= TINY_BYTES:
        torch.set_num_threads(1)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        network = _load(folder, base, config)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        raise ModelUnreadable(folder, f"{type(error).__name__}: {error}") from error
    return LoadedModel(network, tokenizer, name=name or folder.resolve().name, card=card, lock=lock, quiet=quiet)


def _load(folder: Path, base: Base, config: Mapping[str, Any]) -> Any:
    """Return the network on its device, ready to answer; quantised ones cannot be moved once they are loaded."""
    dtype = _dtype(folder)
    # gptqmodel greets whoever reads the standard output, which may be a program that expects JSON.
    with _without_bars(), warnings.catch_warnings(), redirect_stdout(sys.stderr):
        if base.package:  # what quantisers deprecate is no matter of the user's
            warnings.simplefilter("ignore")
        network = AutoModelForCausalLM.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=dtype,
            device_map={"": "cuda" if torch.cuda.is_available() else "cpu"} if base.package else None,
            **base.loading(config, dtype=dtype),
        )
    if not base.package and torch.cuda.is_available():
        network.to("cuda")
    return network.eval()


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnreadable(folder, f"config.json: {error}") from error
    if not isinstance(config, dict):
        raise ModelUnreadable(folder, "config.json holds no object")
    return config


def _checked(folder: Path) -> Path:
    if not folder.is_dir():
        raise ModelUnreadable(folder, "there is no such folder")
    if not (folder / "config.json").is_file():
        raise ModelUnreadable(folder, "it has no config.json")
    if not any(folder.glob("*.safetensors")):
        raise ModelUnreadable(folder, "it has no weights (*.safetensors)")
    return folder


@contextmanager
def _without_bars() -> Iterator[None]:
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _dtype(folder: Path) -> torch.dtype | str:
    return torch.float32 if _size_bytes(folder) <= SMALL_BYTES and not torch.cuda.is_available() else "auto"


def _size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))
