"""Recognising quantised layers and folders without importing what made them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def has_class(module: object, name: str) -> bool:
    """Say whether a module is of a class of this name, or of one derived from it."""
    return any(kind.__name__ == name for kind in type(module).__mro__)


def quantisation_of(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a ``config.json`` says of its quantisation; nothing when it says nothing."""
    found = config.get("quantization_config")
    return found if isinstance(found, Mapping) else {}
