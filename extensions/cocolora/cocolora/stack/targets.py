"""What PEFT calls an adapter's layers, and whether PEFT is at work on a network."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import torch


def short_targets(network: torch.nn.Module, paths: Iterable[str]) -> list[str]:
    """Return PEFT's ``target_modules`` for paths: the last names where they say the same, else the paths."""
    wanted = set(paths)
    names = {path.rpartition(".")[2] for path in wanted}
    same = {path for path, _ in network.named_modules() if path.rpartition(".")[2] in names}
    return sorted(names if same == wanted else wanted)


def has_foreign_adapters(network: torch.nn.Module) -> bool:
    """Say whether the host put adapters on the network. PEFT is not imported for it: unless it is, there are none."""
    peft = sys.modules.get("peft.tuners.tuners_utils")
    tuned = peft is not None and any(isinstance(module, peft.BaseTunerLayer) for module in network.modules())
    return tuned or any(kind.__name__ == "PeftModel" for kind in type(network).__mro__)
