"""A copy of the base with adapters inside its weights, written one tensor at a time; the base stays as it is."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cocolora.core.events import Step, go_on
from cocolora.core.export import Number
from cocolora.errors import CannotMerge
from cocolora.sharing.aside import made_aside
from cocolora.sharing.deltas import AdapterWeights
from cocolora.sharing.tensors import (
    Array,
    PlannedTensor,
    StoredTensor,
    open_tensors,
    planned,
    planned_as,
    write_tensors,
)

_STORED = {Number.BFLOAT16: "BF16", Number.FLOAT16: "F16"}
# What belongs to a model besides its weights; never its code, and no weights in another format.
_BESIDE = (".json", ".txt", ".model", ".jinja", ".tiktoken", ".md", ".spm")


def write_merged(
    target: Path,
    base: Path,
    adapters: Sequence[tuple[AdapterWeights, float]],
    *,
    number: Number | None = None,
    step: Step = go_on,
) -> None:
    """Write the folder ``target``: the model in the folder ``base`` plus the weighted sum of the adapters.

    Sums are made in float32 and rounded once, to ``number``, or to the base's own type where that has 16 bits, else
    to bfloat16. Raises CannotMerge for a quantised base, one that lacks a layer, and a disk without room;
    FileExistsError.
    """
    config = _read_config(base)
    number = number or _own_number(config)
    dtype = _STORED[number]
    shards = {path: open_tensors(path) for path in _weight_files(base)}
    _check_layers(shards, adapters, base=base)
    _check_room(shards, target, dtype=dtype)
    with made_aside(target) as aside:
        aside.mkdir()
        _copy_beside(base, aside)
        _write_config(aside, config, number=number)
        written, total = itertools.count(), sum(map(len, shards.values()))
        for path, tensors in shards.items():
            plan = _plan_shard(tensors, adapters, dtype=dtype)
            try:
                write_tensors(aside / path.name, plan, before_each=lambda: step(next(written), total))
            except OverflowError as error:
                raise CannotMerge(base, str(error)) from None


def _read_config(base: Path) -> dict[str, Any]:
    try:
        config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CannotMerge(base, f"its config.json cannot be read ({error})") from None
    if not isinstance(config, dict):
        raise CannotMerge(base, "its config.json is no configuration")
    if method := config.get("quantization_config"):
        name = method.get("quant_method", "") if isinstance(method, dict) else ""
        raise CannotMerge(base, f"it is quantised ({name or 'in an unknown way'}), and merging into it would ruin it")
    return config


def _weight_files(base: Path) -> list[Path]:
    """Return the files that transformers would load: folders may hold the weights in other forms too."""
    if (base / "model.safetensors").is_file():
        return [base / "model.safetensors"]
    try:
        index = json.loads((base / "model.safetensors.index.json").read_text(encoding="utf-8"))
        return sorted({base / Path(name).name for name in index["weight_map"].values()})
    except (OSError, ValueError, KeyError) as error:
        raise CannotMerge(base, f"it has no model.safetensors, and no index of several ({error!r})") from None


def _own_number(config: Mapping[str, Any]) -> Number:
    own = config.get("dtype") or config.get("torch_dtype")
    return Number.FLOAT16 if own == Number.FLOAT16 else Number.BFLOAT16


def _check_layers(
    shards: Mapping[Path, Mapping[str, StoredTensor]], adapters: Sequence[tuple[AdapterWeights, float]], *, base: Path
) -> None:
    there = {name: tensor for tensors in shards.values() for name, tensor in tensors.items()}
    for adapter, _ in adapters:
        for path, pair in adapter.layers.items():
            tensor = there.get(f"{path}.weight")
            if tensor is None:
                raise CannotMerge(base, f"its files hold no {path}.weight")
            if not tensor.is_float or tensor.shape != (pair.b.shape[0], pair.a.shape[1]):
                raise CannotMerge(
                    base, f"its {path}.weight is {tensor.dtype} {list(tensor.shape)}: it is quantised or other"
                )


def _check_room(shards: Mapping[Path, Mapping[str, StoredTensor]], target: Path, *, dtype: str) -> None:
    needed = sum(tensor.size_in(dtype) for tensors in shards.values() for tensor in tensors.values())
    folder = next(parent for parent in target.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise CannotMerge(target, f"it needs {needed / 1e9:.1f} GB on a disk that has {free / 1e9:.1f} GB free")


def _copy_beside(base: Path, aside: Path) -> None:
    for path in sorted(base.iterdir()):
        if path.is_file() and path.suffix in _BESIDE and path.name != "config.json":
            shutil.copyfile(path, aside / path.name)


def _write_config(aside: Path, config: Mapping[str, Any], *, number: Number) -> None:
    written = {key: value for key, value in config.items() if key != "torch_dtype"} | {"dtype": number}
    (aside / "config.json").write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _plan_shard(
    tensors: Mapping[str, StoredTensor], adapters: Sequence[tuple[AdapterWeights, float]], *, dtype: str
) -> dict[str, PlannedTensor]:
    plan: dict[str, PlannedTensor] = {}
    for name, tensor in tensors.items():
        layer = name.removesuffix(".weight")
        changes = [(adapter, weight) for adapter, weight in adapters if layer in adapter.layers]
        if changes or (tensor.is_float and tensor.dtype != dtype):
            plan[name] = planned_as(dtype, tensor.shape, partial(_summed, tensor, changes, layer))
        else:
            plan[name] = planned(tensor)
    return plan


def _summed(tensor: StoredTensor, changes: Sequence[tuple[AdapterWeights, float]], layer: str) -> Array:
    numbers = tensor.numbers()
    for adapter, weight in changes:
        numbers = numbers + np.float32(weight) * adapter.delta(layer)
    return numbers
