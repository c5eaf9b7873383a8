"""An adapter that goes out, held against everything that an import will check."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cocolora.core.adapters import Adapter
from cocolora.errors import AdapterDamaged, AdapterMissing
from cocolora.sharing.layout import CONFIG, WEIGHTS, Limits, Refusal
from cocolora.sharing.lora_config import LoraConfig
from cocolora.sharing.manifest import SharedFile
from cocolora.sharing.strict_json import parse_model
from cocolora.sharing.weights import check_weights


@dataclass(frozen=True, slots=True)
class BundledAdapter:
    """An adapter to share: its folder in PEFT's format, and the questions it answers if they are to be shared too."""

    adapter: Adapter
    folder: Path
    questions: tuple[str, ...] = ()


def check_outgoing(bundled: BundledAdapter) -> tuple[LoraConfig, SharedFile]:
    """Return an adapter's configuration and what its weights are. Raises AdapterMissing, AdapterDamaged."""
    adapter, limits = bundled.adapter, Limits()
    weights = bundled.folder / WEIGHTS
    if not weights.is_file():
        raise AdapterMissing(adapter.name, weights)
    try:
        content = (bundled.folder / CONFIG).read_bytes()
        config = parse_model(LoraConfig, content, name=CONFIG, depth=limits.json_depth)
        with weights.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            found = check_weights(file, size_bytes=size, config=config, limits=limits)
    except (Refusal, OSError) as error:
        raise AdapterDamaged(adapter.name, str(error)) from None
    if found != adapter.sha256 or (config.r, config.lora_alpha) != (adapter.recipe.rank, adapter.recipe.alpha):
        raise AdapterDamaged(adapter.name, "its weights are not those that the catalogue knows")
    return config, SharedFile(sha256=found, size_bytes=size)
