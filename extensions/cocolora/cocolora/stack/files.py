"""An adapter on disk: PEFT's own files and a manifest, written in one step and checked before they are trusted."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from cocolora.errors import AdapterDamaged, AdapterMissing
from cocolora.stack.manifest import MANIFEST_NAME, Manifest, read_manifest

CONFIG_NAME = "adapter_config.json"
WEIGHTS_NAME = "adapter_model.safetensors"
_PREFIX = "base_model.model."
# LoRA as cocolora attaches it: anything else that PEFT knows would be silently dropped, so it is refused.
_UNSUPPORTED = (
    "use_dora",
    "use_qalora",
    "lora_bias",
    "fan_in_fan_out",
    "modules_to_save",
    "rank_pattern",
    "alpha_pattern",
    "layer_replication",
    "target_parameters",
    "trainable_token_indices",
    "alora_invocation_tokens",
    "arrow_config",
)


@dataclass(frozen=True)
class LowRankPair:
    """One layer's part of an adapter: ``a`` is (rank, inputs), ``b`` is (outputs, rank), both float32."""

    a: torch.Tensor
    b: torch.Tensor


@dataclass(frozen=True)
class AdapterFiles:
    """An adapter as read from disk; ``layers`` maps module paths in the bare network to weights."""

    manifest: Manifest
    alpha: float
    rank: int
    layers: Mapping[str, LowRankPair]


def write_adapter(
    folder: Path, layers: Mapping[str, LowRankPair], *, alpha: float, targets: list[str], manifest: Manifest
) -> Manifest:
    """Write an adapter and return its manifest with the hash of its weights.

    ``targets`` are PEFT's ``target_modules``. The files are prepared aside, flushed to disk and made visible by
    one renaming; an older folder of that name gives way.
    """
    aside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    save_file(_named(layers), aside / WEIGHTS_NAME, metadata={"format": "pt"})
    rank = next(iter(layers.values())).a.shape[0]
    config = _config(rank=rank, alpha=alpha, targets=targets, base=manifest.base.name)
    (aside / CONFIG_NAME).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    manifest = manifest.model_copy(update={"sha256": hash_file(aside / WEIGHTS_NAME)})
    (aside / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    _flush(aside)
    _put_in_place(aside, folder)
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest in one step: when its name, kind or scores have become known."""
    aside = folder / f".{MANIFEST_NAME}.part"
    aside.write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    os.replace(aside, folder / MANIFEST_NAME)


def read_adapter(folder: Path, *, adapter_id: str) -> AdapterFiles:
    """Read and check an adapter's files. Raises AdapterMissing or AdapterDamaged."""
    return _guarded(folder, adapter_id=adapter_id, read=_read)


def _guarded(folder: Path, *, adapter_id: str, read: Callable[[Path], AdapterFiles]) -> AdapterFiles:
    path = folder / WEIGHTS_NAME
    if not path.is_file():
        raise AdapterMissing(adapter_id, path)
    try:
        return read(folder)
    except AdapterDamaged as error:
        raise AdapterDamaged(adapter_id, error.reason) from None
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise AdapterDamaged(adapter_id, f"its files cannot be read ({error})") from None


Stamp = tuple[int, int, int]


def stamp(folder: Path) -> Stamp:
    """Return what shows that an adapter's weights have not changed: size, time and file; zeros where it is gone."""
    try:
        found = (folder / WEIGHTS_NAME).stat()
    except OSError:
        return (0, 0, 0)
    return found.st_size, found.st_mtime_ns, found.st_ino


def read_again(folder: Path, *, adapter_id: str) -> AdapterFiles:
    """Read files that were checked before and have not changed: as ``read_adapter``, without hashing them."""
    return _guarded(folder, adapter_id=adapter_id, read=_read_unhashed)


def read_plain(folder: Path, *, adapter_id: str, manifest: Manifest) -> AdapterFiles:
    """Read PEFT's files where no manifest lies beside them. Raises AdapterMissing or AdapterDamaged."""
    return _guarded(folder, adapter_id=adapter_id, read=lambda place: _read_weights(place, manifest))


def check_files(folder: Path) -> list[str]:
    """Return what is wrong with an adapter's files, in words; nothing when they are sound."""
    try:
        read_adapter(folder, adapter_id=folder.name)
    except AdapterMissing:
        return [f"{WEIGHTS_NAME} is missing"]
    except AdapterDamaged as error:
        return [error.reason]
    return []


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(folder: Path) -> AdapterFiles:
    manifest = read_manifest(folder)
    found = hash_file(folder / WEIGHTS_NAME)
    if found != manifest.sha256:
        reason = f"{WEIGHTS_NAME} has hash {found[:12]}…, the manifest says {manifest.sha256[:12] or 'nothing'}…"
        raise AdapterDamaged(folder.name, reason)
    return _read_unhashed(folder)


def _read_unhashed(folder: Path) -> AdapterFiles:
    return _read_weights(folder, read_manifest(folder))


def _read_weights(folder: Path, manifest: Manifest) -> AdapterFiles:
    config = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
    layers = _layers(load_file(folder / WEIGHTS_NAME), name=folder.name)
    rank, alpha = _scale(config, name=folder.name)
    if any(pair.a.shape[0] != rank or pair.b.shape[1] != rank for pair in layers.values()):
        raise AdapterDamaged(folder.name, f"its weights do not have rank {rank}, as {CONFIG_NAME} says")
    return AdapterFiles(manifest, alpha=alpha, rank=rank, layers=layers)


def _scale(config: Mapping[str, object], *, name: str) -> tuple[int, float]:
    """Return rank and alpha, alpha in plain LoRA's meaning also where the adapter is rank-stabilised."""
    unsupported = [key for key in _UNSUPPORTED if config.get(key)]
    if config.get("peft_type") != "LORA" or config.get("bias", "none") != "none" or unsupported:
        found = ", ".join(unsupported) or f"{config.get('peft_type')}, bias {config.get('bias', 'none')}"
        raise AdapterDamaged(name, f"{CONFIG_NAME} asks for {found}; only plain LoRA is attached")
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not isinstance(rank, int) or rank < 1 or not isinstance(alpha, int | float):
        raise AdapterDamaged(name, f"{CONFIG_NAME} has r {rank!r} and lora_alpha {alpha!r}")
    return rank, float(alpha) * (rank**0.5 if config.get("use_rslora") else 1.0)


def _layers(tensors: Mapping[str, torch.Tensor], *, name: str) -> dict[str, LowRankPair]:
    sides: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        path, _, side = key.removeprefix(_PREFIX).removesuffix(".weight").rpartition(".")
        if side not in ("lora_A", "lora_B") or tensor.dim() != 2 or not tensor.is_floating_point():
            raise AdapterDamaged(name, f'"{key}" is not a LoRA weight')
        if not bool(torch.isfinite(tensor).all()):
            raise AdapterDamaged(name, f'"{key}" holds numbers that are not finite')
        sides.setdefault(path, {})[side] = tensor.float()
    incomplete = sorted(path for path, found in sides.items() if len(found) != 2)
    if incomplete or not sides:
        raise AdapterDamaged(name, f'"{incomplete[0]}" has only one of its two weights' if sides else "it is empty")
    return {path: LowRankPair(found["lora_A"], found["lora_B"]) for path, found in sides.items()}


def _named(layers: Mapping[str, LowRankPair]) -> dict[str, torch.Tensor]:
    sides = {f"{path}.lora_A": pair.a for path, pair in layers.items()}
    sides |= {f"{path}.lora_B": pair.b for path, pair in layers.items()}
    return {f"{_PREFIX}{key}.weight": tensor.detach().cpu().contiguous() for key, tensor in sides.items()}


def _config(*, rank: int, alpha: float, targets: list[str], base: str) -> dict[str, object]:
    return {
        "base_model_name_or_path": base,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "lora_alpha": alpha,
        "lora_dropout": 0.0,
        "peft_type": "LORA",
        "r": rank,
        "target_modules": targets,
        "task_type": "CAUSAL_LM",
    }


def _flush(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    if os.name != "nt":  # Windows flushes no folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _put_in_place(aside: Path, folder: Path) -> None:
    older = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(older, ignore_errors=True)
    if folder.exists():
        folder.rename(older)
    aside.rename(folder)
    shutil.rmtree(older, ignore_errors=True)
