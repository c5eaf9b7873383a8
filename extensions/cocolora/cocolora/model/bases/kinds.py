"""What every kind of base can be asked, and which kind a network is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import torch

from cocolora.model.bases.gptq import GPTQ
from cocolora.model.bases.int8 import Int8
from cocolora.model.bases.nf4 import NF4
from cocolora.model.bases.plain import Plain


class Base(Protocol):
    """One kind of base: how it is recognised, what it needs, and how one is loaded."""

    package: str
    """The package that runs it besides torch and transformers; empty when there is none."""

    def fits(self, network: Any) -> bool:
        """Say whether a loaded network is of this kind."""

    def name(self, network: Any) -> str:
        """Return the kind's name, with what varies within it."""

    def is_layer(self, module: torch.nn.Module) -> bool:
        """Say whether a module is a linear layer that an adapter can change."""

    def settle(self, network: Any) -> None:
        """Do what must be done before anything runs on the network; done twice, it is done."""

    def stored(self, config: Mapping[str, Any]) -> bool:
        """Say whether a folder with this ``config.json`` holds weights of this kind."""

    def loading(self, config: Mapping[str, Any], *, dtype: torch.dtype | str) -> dict[str, Any]:
        """Return what ``from_pretrained`` must be given besides ``dtype``; ``config`` is the folder's own."""


KINDS: tuple[Base, ...] = (GPTQ(), NF4(), Int8(), Plain())
_QUANTISED_ON_LOAD: dict[str, Base] = {
    "nf4": NF4(),
    "nf4-double": NF4(double=True),
    "int8": Int8(),
}


def base_of(network: Any) -> Base:
    """Return the kind of a loaded network; one without quantised layers is plain."""
    return next(kind for kind in KINDS if kind.fits(network))


def on_load(config: Mapping[str, Any], *, quantise: str = "") -> Base:
    """Return the kind that a folder's weights are of, or become: ``quantise`` is for plain ones, and may be empty."""
    stored = next(kind for kind in KINDS if kind.stored(config))
    return _QUANTISED_ON_LOAD[quantise] if quantise and isinstance(stored, Plain) else stored
