"""Plain PEFT folders: what ``PeftModel.from_pretrained`` and the servers that read PEFT's files load."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from cocolora.core.adapters import BaseIdentity
from cocolora.sharing.bundled import BundledAdapter, check_outgoing
from cocolora.sharing.deltas import PREFIX, AdapterWeights
from cocolora.sharing.layout import CONFIG, WEIGHTS
from cocolora.sharing.manifest import describe_base
from cocolora.sharing.tensors import planned, stored, write_tensors


def copy_folder(bundled: BundledAdapter, target: Path) -> None:
    """Copy an adapter's two PEFT files; the path of the base stays at home. Raises AdapterMissing, AdapterDamaged."""
    config, _ = check_outgoing(bundled)
    config = config.model_copy(update={"base_model_name_or_path": describe_base(bundled.adapter.base).name})
    target.mkdir(parents=True)
    _write_config(target, config.model_dump(exclude_unset=True))
    shutil.copyfile(bundled.folder / WEIGHTS, target / WEIGHTS)


def write_folder(weights: AdapterWeights, target: Path, *, base: BaseIdentity) -> None:
    """Write an adapter that lies in memory as a PEFT folder, in float32."""
    target.mkdir(parents=True, exist_ok=True)
    _write_config(
        target,
        {
            "base_model_name_or_path": describe_base(base).name,
            "bias": "none",
            "fan_in_fan_out": False,
            "inference_mode": True,
            "lora_alpha": weights.scale * weights.rank,
            "lora_dropout": 0.0,
            "peft_type": "LORA",
            "r": weights.rank,
            "target_modules": list(weights.targets),
            "task_type": "CAUSAL_LM",
        },
    )
    tensors = {}
    for path, pair in weights.layers.items():
        for side, numbers in (("lora_A", pair.a), ("lora_B", pair.b)):
            tensors[f"{PREFIX}{path}.{side}.weight"] = planned(stored(numbers, "F32"))
    write_tensors(target / WEIGHTS, tensors)


def _write_config(target: Path, values: dict[str, object]) -> None:
    text = json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (target / CONFIG).write_text(text, encoding="utf-8")
