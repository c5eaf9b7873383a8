"""Small adapters and bundles for the tests, and tools to make them wrong in one way only."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState, BaseIdentity, Recipe
from cocolora.core.gate import Scores
from cocolora.core.ids import derive_id
from cocolora.sharing import BundledAdapter, write_bundle

BASE = BaseIdentity("tiny-base", "feedc0de" * 4)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RANK = 4
MODULES = ("model.layers.0.self_attn.q_proj", "model.layers.0.mlp.down_proj")
CONFIG = {
    "base_model_name_or_path": "/home/someone/models/tiny-base",
    "bias": "none",
    "fan_in_fan_out": False,
    "inference_mode": True,
    "lora_alpha": 8.0,
    "lora_dropout": 0.0,
    "peft_type": "LORA",
    "r": RANK,
    "target_modules": ["q_proj", "down_proj"],
    "task_type": "CAUSAL_LM",
}
Files = dict[str, bytes]


def tensors(seed: int = 0, rank: int = RANK) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    shapes = {"A": (rank, 16), "B": (24, rank)}
    return {
        f"base_model.model.{module}.lora_{side}.weight": random.standard_normal(shape).astype(np.float32)
        for module in MODULES
        for side, shape in shapes.items()
    }


def make_adapter(
    folder: Path, index: int = 0, *, questions: tuple[str, ...] = (), rank: int = RANK, steps: int = 60, **changes
) -> BundledAdapter:
    """Write an adapter's folder and return it with its entry in the catalogue."""
    folder.mkdir(parents=True)
    weights = save(tensors(index, rank), metadata={"format": "pt"})
    (folder / "adapter_model.safetensors").write_bytes(weights)
    (folder / "adapter_config.json").write_text(json.dumps(CONFIG | {"r": rank}))
    (folder / "manifest.json").write_text('{"note": "the stack\'s own; stays at home"}')
    values: dict[str, Any] = {
        "id": derive_id("adapter", index),
        "name": f"garden {index}",
        "kind": AdapterKind.KNOWLEDGE,
        "profile": "secret-profile",
        "activation": Activation.ROUTED,
        "state": AdapterState.READY,
        "weight": 1.0,
        "base": BASE,
        "recipe": Recipe(rank, 8.0, 3e-3, steps, 8, 0),
        "sha256": hashlib.sha256(weights).hexdigest(),
        "size_bytes": len(weights),
        "made_at": NOW,
        "scores": Scores(1.0, 0.98, 0.99, 0.95),
        "turn_versions": (("t0123456789ab", 1), ("tba9876543210", 2)),
        "origin": "",
    }
    return BundledAdapter(Adapter(**(values | changes)), folder, questions)


def make_bundle(target: Path, home: Path, count: int = 2, **changes) -> list[BundledAdapter]:
    contents = [make_adapter(home / f"adapter{index}", index, **changes) for index in range(count)]
    write_bundle(target, contents, base=BASE, now=NOW)
    return contents


def files_of(folder: Path) -> Files:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def adapter_name(files: Files, name: str) -> str:
    """The name in the bundle of a file of its first adapter."""
    return next(found for found in files if found.endswith(f"/{name}"))


def edit_json(content: bytes, edit: Callable[[dict], object]) -> bytes:
    values = json.loads(content)
    edit(values)
    return json.dumps(values).encode()


def edit_manifest(files: Files, edit: Callable[[dict], object]) -> Files:
    return files | {"manifest.json": edit_json(files["manifest.json"], edit)}


def reseal(files: Files) -> Files:
    """Bring the manifest's hashes and sizes up to the files, so that only the intended fault is left."""

    def describe(name: str) -> dict:
        content = files[name]
        return {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}

    def edit(manifest: dict) -> None:
        manifest["card"] = describe("README.md")
        for adapter in manifest["adapters"]:
            for name in adapter["files"]:
                if f"adapters/{adapter['id']}/{name}" in files:
                    adapter["files"][name] = describe(f"adapters/{adapter['id']}/{name}")

    return edit_manifest(files, edit)


def split_weights(content: bytes) -> tuple[dict, bytes]:
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def join_weights(header: object, data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def zipped(files: Mapping[str, bytes], *, compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=compression)
    return buffer.getvalue()


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
