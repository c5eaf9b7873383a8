"""The demo base in every form that a base comes in."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

from cocolora.engine.open_model import DEMO_BASE
from cocolora.model.loaded import LoadedModel
from cocolora.model.loading import load_model
from cocolora.model.quantising import write_gptq

ON_LOAD = ("nf4", "nf4-double", "int8")
GPTQ = ("gptq-4bit", "gptq-8bit")
KINDS = ("float32", "bfloat16", *ON_LOAD, *(pytest.param(kind, marks=pytest.mark.slow) for kind in GPTQ))
ALL = ("float32", "bfloat16", *ON_LOAD, *GPTQ)


class Bases:
    """Loads the demo base in a form; GPTQ copies are written once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, kind: str) -> LoadedModel:
        if kind in GPTQ:
            return load_model(self.gptq(kind), name="demo-base")
        if kind in ON_LOAD:
            pytest.importorskip("bitsandbytes")
            return load_model(DEMO_BASE, name="demo-base", quantise=kind)
        model = load_model(DEMO_BASE, name="demo-base")
        if kind == "float32":
            return model
        network = model.network.to(torch.bfloat16)
        return LoadedModel(network, model.tokenizer, name="demo-base", card=model.card)

    def gptq(self, kind: str) -> Path:
        if importlib.util.find_spec("gptqmodel") is None:
            pytest.skip("gptqmodel is not installed: python install.py gptq")
        target = self.folder / kind
        return target if target.exists() else write_gptq(DEMO_BASE, target, bits=int(kind[5]))
