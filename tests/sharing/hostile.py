"""Hostile bundles: each variant is a valid bundle with one fault, resealed, and the words its refusal must hold."""

from __future__ import annotations

import io
import json
import pickle
import struct
import warnings
import zipfile
from collections.abc import Callable

from tests.sharing.bundles import (
    Files,
    adapter_name,
    edit_json,
    edit_manifest,
    join_weights,
    reseal,
    split_weights,
    zipped,
)

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
Variant = tuple[Callable[[Files], Files], str]


def _manifest(edit: Callable[[dict], object]) -> Callable[[Files], Files]:
    return lambda files: edit_manifest(files, edit)


def _manifest_bytes(content: Callable[[bytes], bytes]) -> Callable[[Files], Files]:
    return lambda files: files | {"manifest.json": content(files["manifest.json"])}


def _adapter(**changes: object) -> Callable[[Files], Files]:
    return _manifest(lambda manifest: manifest["adapters"][0].update(changes))


def _recipe(**changes: object) -> Callable[[Files], Files]:
    return _manifest(lambda manifest: manifest["adapters"][0]["recipe"].update(changes))


def _replaced(name: str, content: Callable[[bytes], bytes]) -> Callable[[Files], Files]:
    def change(files: Files) -> Files:
        full = adapter_name(files, name)
        return reseal(files | {full: content(files[full])})

    return change


def _config(**changes: object) -> Callable[[Files], Files]:
    return _replaced(CONFIG, lambda content: edit_json(content, lambda values: values.update(changes)))


def _header(edit: Callable[[dict], object]) -> Callable[[Files], Files]:
    def change(content: bytes) -> bytes:
        header, data = split_weights(content)
        edit(header)
        return join_weights(header, data)

    return _replaced(WEIGHTS, change)


def _tensor(**changes: object) -> Callable[[Files], Files]:
    return _header(lambda header: _first(header).update(changes))


def _first(header: dict) -> dict:
    return header[next(name for name in header if name != "__metadata__")]


def _renamed(new: str) -> Callable[[Files], Files]:
    def edit(header: dict) -> None:
        old = next(name for name in header if name != "__metadata__")
        header[new] = header.pop(old)

    return _header(edit)


def _number(bits: bytes, dtype: str) -> Callable[[Files], Files]:
    """One tensor's type changed to ``dtype``, its offsets with it, and one number replaced by ``bits``."""

    def change(content: bytes) -> bytes:
        header, _ = split_weights(content)
        sizes = {"F32": 4, "F16": 2, "BF16": 2}
        data = b""
        for name, entry in header.items():
            if name != "__metadata__":
                entry["dtype"] = dtype
                rows, columns = entry["shape"]
                entry["data_offsets"] = [len(data), len(data) + rows * columns * sizes[dtype]]
                data += b"\x00" * (rows * columns * sizes[dtype])
        return join_weights(header, data[: -len(bits)] + bits)

    return _replaced(WEIGHTS, change)


def _without(name: str) -> Callable[[Files], Files]:
    return lambda files: {key: content for key, content in files.items() if not key.endswith(name)}


def _with(name: str, content: bytes) -> Callable[[Files], Files]:
    return lambda files: files | {name: content}


def _beside_weights(name: str, content: bytes) -> Callable[[Files], Files]:
    return lambda files: files | {adapter_name(files, WEIGHTS).replace(WEIGHTS, name): content}


def _spoiled(name: str) -> Callable[[Files], Files]:
    def change(files: Files) -> Files:
        full = name if name in files else adapter_name(files, name)
        content = bytearray(files[full])
        content[len(content) // 2] ^= 1
        return files | {full: bytes(content)}

    return change


class _Attack:
    def __reduce__(self) -> tuple[object, ...]:
        return (print, ("this was run",))


_PICKLE = pickle.dumps(_Attack())
_OVERLAP = {"data_offsets": [0, 64]}

MANIFESTS: dict[str, Variant] = {
    "no manifest": (_without("manifest.json"), "manifest.json is missing"),
    "empty manifest": (_manifest_bytes(lambda _: b""), "not JSON"),
    "manifest is no JSON": (_manifest_bytes(lambda _: b"{'format': 1}"), "not JSON"),
    "manifest is a list": (_manifest_bytes(lambda _: b"[1]"), "not the manifest"),
    "manifest is UTF-16": (_manifest_bytes(lambda c: c.decode().encode("utf-16")), "not JSON"),
    "manifest is a pickle": (_manifest_bytes(lambda _: _PICKLE), "not JSON"),
    "manifest too deep": (_manifest_bytes(lambda _: b"[" * 100_000 + b"]" * 100_000), "levels deep"),
    "manifest of open strings": (_manifest_bytes(lambda _: b'"' + b'\\"' * 100_000), "not JSON"),
    "manifest too large": (_manifest_bytes(lambda c: c + b" " * (5 << 20)), "bytes; at most"),
    "huge integer": (_manifest_bytes(lambda c: c.replace(b'"format": 1', b'"format": ' + b"9" * 5_000)), "not JSON"),
    "key twice": (_manifest_bytes(lambda c: c.replace(b'"format": 1', b'"format": 1, "format": 1')), "twice"),
    "NaN in JSON": (_manifest_bytes(lambda c: c.replace(b'"weight": 1.0', b'"weight": NaN')), "no number"),
    "infinite weight": (_manifest_bytes(lambda c: c.replace(b'"weight": 1.0', b'"weight": 1e999')), "weight"),
    "newer format": (_manifest(lambda m: m.update(format=2)), "update cocolora"),
    "format 0": (_manifest(lambda m: m.update(format=0)), "not the manifest"),
    "format true": (_manifest(lambda m: m.update(format=True)), "not the manifest"),
    "format as text": (_manifest(lambda m: m.update(format="1")), "not the manifest"),
    "unknown key": (_manifest(lambda m: m.update(auto_map={"AutoModel": "evil.Model"})), "auto_map"),
    "no adapters": (_manifest(lambda m: m.update(adapters=[])), "adapters"),
    "adapter twice": (_manifest(lambda m: m["adapters"].append(m["adapters"][0])), "listed twice"),
    "other base": (_manifest(lambda m: m["base"].update(fingerprint="0" * 32)), "belong to"),
    "base without name": (_manifest(lambda m: m["base"].update(name="")), "base.name"),
    "base name with control characters": (_manifest(lambda m: m["base"].update(name="a\x1b[2Jb")), "base.name"),
    "fingerprint is a path": (_manifest(lambda m: m["base"].update(fingerprint="../../../etc")), "fingerprint"),
    "date without zone": (_manifest(lambda m: m.update(made_at="2026-01-01T00:00:00")), "made_at"),
    "id climbs out": (_adapter(id="../../../../x"), "id"),
    "id of another kind": (_adapter(id="t0123456789ab"), "id"),
    "id in capitals": (_adapter(id="A0123456789AB"), "id"),
    "id with a line break": (_adapter(id="a0123456789ab\n"), "id"),
    "id with other digits": (_adapter(id="a\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660ab"), "id"),
    "name too long": (_adapter(name="x" * 81), "name"),
    "empty name": (_adapter(name=""), "name"),
    "name with a line break": (_adapter(name="a\nb"), "name"),
    "name runs backwards": (_adapter(name="a\u202eb"), "name"),
    "name is a number": (_adapter(name=7), "name"),
    "weight beyond sense": (_adapter(weight=1e6), "weight"),
    "weight as text": (_adapter(weight="1"), "weight"),
    "unknown kind": (_adapter(kind="rootkit"), "kind"),
    "unknown activation": (_adapter(activation="at once"), "activation"),
    "negative turns": (_adapter(turns=-1), "turns"),
    "unknown field": (_adapter(post_install="rm -rf ~"), "post_install"),
    "score above 1": (
        _adapter(scores={"recall": 2.0, "retention": 1.0, "retention_base": 1.0, "abstention": 1.0}),
        "recall",
    ),
    "rank beyond limits": (_recipe(rank=513), "rank"),
    "rank is not the configuration's": (_recipe(rank=8), "has rank 4"),
    "alpha is not the configuration's": (_recipe(alpha=16.0), "has lora_alpha 8"),
    "seed beyond limits": (_recipe(seed=1 << 70), "seed"),
    "steps as a boolean": (_recipe(steps=True), "steps"),
    "unknown recipe": (_recipe(script="evil.py"), "script"),
    "hash too short": (_manifest(lambda m: m["card"].update(sha256="abc")), "sha256"),
    "size 0": (_manifest(lambda m: m["card"].update(size_bytes=0)), "size_bytes"),
    "lists a pickle": (
        _manifest(lambda m: m["adapters"][0]["files"].update({"x.pkl": m["card"]})),
        "other files than an adapter has",
    ),
    "lists no weights": (_manifest(lambda m: m["adapters"][0]["files"].pop(WEIGHTS)), "other files"),
}

FILES: dict[str, Variant] = {
    "no weights": (_without(WEIGHTS), "is missing"),
    "no configuration": (_without(CONFIG), "is missing"),
    "no card": (_without("README.md"), "is missing"),
    "code at the top": (_with("evil.py", b"import os"), "no place in a bundle"),
    "hidden file": (_with(".git", b"x"), "no place in a bundle"),
    "pickled weights beside": (_beside_weights("adapter_model.bin", _PICKLE), "no place in a bundle"),
    "code beside the weights": (_beside_weights("modeling.py", b"import os"), "no place in a bundle"),
    "manifest beside the weights": (_beside_weights("manifest.json", b"{}"), "no place in a bundle"),
    "deeper folder": (_beside_weights("deep/er/x", b"x"), "no place in a bundle"),
    "questions that are not listed": (_beside_weights("questions.json", b'["?"]'), "not in the manifest"),
    "another adapter that is not listed": (_with(f"adapters/a0123456789ab/{CONFIG}", b"{}"), "not in the manifest"),
    "name in other case": (_beside_weights(CONFIG.upper(), b"{}"), "no place in a bundle"),
    "weights are a pickle": (_replaced(WEIGHTS, lambda _: _PICKLE), "header"),
    "weights are a zip": (_replaced(WEIGHTS, lambda _: zipped({"data.pkl": _PICKLE})), "header"),
    "weights with one bit changed": (_spoiled(WEIGHTS), "hash"),
    "configuration with one bit changed": (_spoiled(CONFIG), "hash"),
    "card with one bit changed": (_spoiled("README.md"), "hash"),
    "card is not text": (lambda files: reseal(files | {"README.md": b"\xff\xfe\xff"}), "cannot be read"),
    "size is a lie": (
        _manifest(lambda m: m["adapters"][0]["files"][WEIGHTS].update(size_bytes=12)),
        "the manifest says 12",
    ),
}

CONFIGS: dict[str, Variant] = {
    "auto_map": (_config(auto_map={"AutoModel": "evil.Model"}), "auto_map"),
    "trust_remote_code": (_config(trust_remote_code=True), "trust_remote_code"),
    "unknown configuration key": (_config(custom_loader="evil"), "custom_loader"),
    "auto_mapping": (_config(auto_mapping={"parent_library": "os"}), "auto_mapping"),
    "other method": (_config(peft_type="LOHA"), "peft_type"),
    "other task": (_config(task_type="SEQ_CLS"), "task_type"),
    "rank 0": (_config(r=0), "r"),
    "rank 513": (_config(r=513), "r"),
    "rank as text": (_config(r="4"), "r"),
    "rank as a boolean": (_config(r=True), "r"),
    "alpha 0": (_config(lora_alpha=0), "lora_alpha"),
    "alpha beyond limits": (_config(lora_alpha=1e9), "lora_alpha"),
    "alpha NaN": (_config(lora_alpha=float("nan")), "no number"),
    "targets as a pattern": (_config(target_modules="(a+)+$"), "target_modules"),
    "no targets": (_config(target_modules=[]), "target_modules"),
    "target is a path": (_config(target_modules=["../q_proj"]), "target_modules"),
    "target with a line break": (_config(target_modules=["q_proj\n", "down_proj"]), "target_modules"),
    "whole modules saved": (_config(modules_to_save=["lm_head"]), "modules_to_save"),
    "DoRA": (_config(use_dora=True), "use_dora"),
    "rank pattern": (_config(rank_pattern={"q_proj": 8}), "rank_pattern"),
    "alpha pattern": (_config(alpha_pattern={"q_proj": 8}), "alpha_pattern"),
    "LoftQ": (_config(loftq_config={"bits": 4}), "loftq_config"),
    "EVA": (_config(eva_config={}), "eva_config"),
    "initialisation by another method": (_config(init_lora_weights="pissa"), "init_lora_weights"),
    "bias": (_config(bias="all"), "bias"),
    "revision": (_config(revision="main"), "revision"),
    "layers doubled": (_config(layer_replication=[[0, 4], [2, 5]]), "layer_replication"),
    "megatron": (_config(megatron_config={"a": 1}), "megatron_config"),
    "megatron from elsewhere": (_config(megatron_core="evil.core"), "megatron_core"),
    "configuration names another base": (_config(base_model_name_or_path="evil/model"), "names the base"),
    "configuration is a list": (_replaced(CONFIG, lambda _: b"[]"), CONFIG),
    "configuration is no JSON": (_replaced(CONFIG, lambda _: b"\x80\x04."), "not JSON"),
    "configuration too deep": (_replaced(CONFIG, lambda _: b'{"a":' * 50 + b"1" + b"}" * 50), "levels deep"),
}

TENSORS: dict[str, Variant] = {
    "header longer than the file": (_replaced(WEIGHTS, lambda c: (1 << 40).to_bytes(8, "little") + c[8:]), "claims"),
    "header of the largest length": (_replaced(WEIGHTS, lambda c: b"\xff" * 8 + c[8:]), "claims"),
    "header of no length": (_replaced(WEIGHTS, lambda c: b"\x00" * 8 + c[8:]), "claims"),
    "weights of four bytes": (_replaced(WEIGHTS, lambda _: b"\x01\x02\x03\x04"), "shorter"),
    "header is no JSON": (_replaced(WEIGHTS, lambda _: join_weights(b"{]", b"")), "not JSON"),
    "header is a list": (_replaced(WEIGHTS, lambda _: join_weights([], b"")), "no list of at most"),
    "header is empty": (_replaced(WEIGHTS, lambda _: join_weights({}, b"")), "does not describe tensors"),
    "header too deep": (_replaced(WEIGHTS, lambda _: join_weights({"a": {"b": [[1]]}}, b"")), "levels deep"),
    "too many tensors": (
        _replaced(WEIGHTS, lambda _: join_weights({f"t{i}": {} for i in range(20_002)}, b"")),
        "at most 20000 tensors",
    ),
    "metadata with text": (_header(lambda h: h.update(__metadata__={"chat": "my secret"})), "metadata"),
    "tensor name twice": (
        _replaced(
            WEIGHTS,
            lambda c: join_weights(
                json.dumps(split_weights(c)[0]).encode()[:-1] + b', "x": {}, "x": {}}', split_weights(c)[1]
            ),
        ),
        "twice",
    ),
    "integers": (_tensor(dtype="I32"), "header"),
    "doubles": (_tensor(dtype="F64"), "header"),
    "unknown type": (_tensor(dtype="PICKLE"), "header"),
    "one dimension": (_tensor(shape=[64]), "header"),
    "three dimensions": (_tensor(shape=[4, 4, 4]), "header"),
    "empty dimension": (_tensor(shape=[4, 0]), "header"),
    "negative dimension": (_tensor(shape=[-4, -16]), "header"),
    "enormous dimension": (_tensor(shape=[4, 1 << 62]), "header"),
    "boolean dimension": (_tensor(shape=[4, True]), "header"),
    "other rank": (_tensor(shape=[8, 8]), "does not fit rank 4"),
    "larger than its bytes": (_tensor(shape=[4, 17]), "does not lie"),
    "offsets overlap": (_header(lambda h: [e.update(_OVERLAP) for n, e in h.items() if n[0] != "_"]), "does not lie"),
    "offsets with a gap": (_tensor(data_offsets=[4, 260]), "does not lie"),
    "offsets backwards": (_tensor(data_offsets=[256, 0]), "does not lie"),
    "offsets negative": (_tensor(data_offsets=[-256, 0]), "header"),
    "offsets beyond the file": (_tensor(data_offsets=[1 << 40, (1 << 40) + 256]), "does not lie"),
    "three offsets": (_tensor(data_offsets=[0, 256, 512]), "header"),
    "unknown key of a tensor": (_tensor(loader="evil"), "header"),
    "data cut off": (_replaced(WEIGHTS, lambda c: c[:-8]), "describes"),
    "data with an appendix": (_replaced(WEIGHTS, lambda c: c + _PICKLE), "describes"),
    "one side missing": (_renamed("base_model.model.model.layers.9.q_proj.lora_A.weight"), "only one of its two"),
    "no LoRA weight": (_renamed("base_model.model.model.embed_tokens.weight"), "no LoRA weight"),
    "no target module": (_renamed("base_model.model.lm_head.lora_A.weight"), "no LoRA weight"),
    "tensor name is a path": (_renamed("base_model.model.../../q_proj.lora_A.weight"), "no LoRA weight"),
    "tensor name of a kilobyte": (_renamed(f"base_model.model.{'x' * 1000}.q_proj.lora_A.weight"), "no LoRA weight"),
    "NaN": (_number(struct.pack("<f", float("nan")), "F32"), "not finite"),
    "infinity": (_number(struct.pack("<f", float("inf")), "F32"), "not finite"),
    "signalling NaN": (_number(b"\x01\x00\x80\x7f", "F32"), "not finite"),
    "half infinity": (_number(struct.pack("<e", float("-inf")), "F16"), "not finite"),
    "half NaN": (_number(b"\x01\x7c", "F16"), "not finite"),
    "bfloat16 NaN": (_number(b"\xc0\x7f", "BF16"), "not finite"),
    "bfloat16 infinity": (_number(b"\x80\xff", "BF16"), "not finite"),
}

IN_BOTH = MANIFESTS | FILES | CONFIGS | TENSORS


def _named(*names: str) -> Callable[[Files], bytes]:
    return lambda files: zipped(files | dict.fromkeys(names, b"x"))


def _entry(name: str, content: bytes = b"x", **changes: object) -> Callable[[Files], bytes]:
    """The files, and one more entry whose directory record is changed."""

    def change(files: Files) -> bytes:
        buffer = io.BytesIO(zipped(files))
        with warnings.catch_warnings(), zipfile.ZipFile(buffer, "a") as archive:
            warnings.simplefilter("ignore", UserWarning)  # zipfile warns of duplicate names
            info = zipfile.ZipInfo(name)
            for field, value in changes.items():
                setattr(info, field, value)
            archive.writestr(info, content, compress_type=info.compress_type)
        return buffer.getvalue()

    return change


def _flagged(files: Files) -> bytes:
    """Every entry says that it is encrypted."""
    content = bytearray(zipped(files))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(signature, at + 4)
    return bytes(content)


def _nul(files: Files) -> bytes:
    return _named("README.md~.exe")(files).replace(b"README.md~.exe", b"README.md\x00.exe")


def _local_lie(files: Files) -> bytes:
    return zipped(files).replace(b"README.md", b"READYOU.x", 1)


def _wrong_crc(files: Files) -> bytes:
    content = zipped(files)
    return content.replace(b"base_model:", b"base_modem:", 1)


def _claims_less(files: Files) -> bytes:
    """The directory says that the manifest is one byte long."""
    content = bytearray(zipped(files))
    at = content.find(b"PK\x01\x02")
    while content[at + 46 : at + 46 + 13] != b"manifest.json":
        at = content.find(b"PK\x01\x02", at + 4)
    content[at + 24 : at + 28] = (1).to_bytes(4, "little")
    return bytes(content)


def _locator(files: Files) -> bytes:
    """A locator of a second, larger directory, hidden in the last entry's comment."""
    buffer = io.BytesIO(zipped(files))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.infolist()[-1].comment = b"PK\x06\x07" + b"\x00" * 16
        archive._didModify = True  # type: ignore[attr-defined]
    return buffer.getvalue()


def _bomb(files: Files) -> bytes:
    full = adapter_name(files, WEIGHTS)
    return zipped(reseal(files | {full: b"\x00" * (3 << 20)}), compression=zipfile.ZIP_DEFLATED)


_LINK = 0o120777 << 16
_DEVICE = 0o020666 << 16

ZIPS: dict[str, tuple[Callable[[Files], bytes], str]] = {
    "climbs out": (_named("../evil.txt"), "no place in a bundle"),
    "climbs out further in": (_named("adapters/../../evil.txt"), "no place in a bundle"),
    "absolute name": (_named("/etc/cron.d/evil"), "no place in a bundle"),
    "Windows drive": (_named("C:/evil.txt"), "no place in a bundle"),
    "backslashes": (_named("adapters\\..\\..\\evil.txt"), "no place in a bundle"),
    "network share": (_named("//server/share/evil"), "no place in a bundle"),
    "device name": (_named("CON"), "no place in a bundle"),
    "device name with an ending": (_named("nul.json"), "no place in a bundle"),
    "stream name": (_named("README.md:evil"), "no place in a bundle"),
    "name with a dot at its end": (_named("README.md."), "no place in a bundle"),
    "name in capitals": (_named("readme.MD"), "no place in a bundle"),
    "folder elsewhere": (_entry("home/", b""), "no place in a bundle"),
    "name cut by NUL": (_nul, "not a plain name"),
    "file twice": (_entry("README.md"), "there twice"),
    "manifest twice": (_entry("manifest.json"), "there twice"),
    "link": (_entry("adapters", b"/etc", external_attr=_LINK), "link or no plain file"),
    "device": (_entry("adapters", external_attr=_DEVICE), "link or no plain file"),
    "folder with content": (_entry("adapters/", b"x"), "folder with content"),
    "encrypted": (_flagged, "encrypted"),
    "unusual compression": (_entry("adapters", b"x" * 99, compress_type=zipfile.ZIP_LZMA), "unusual way"),
    "everything in bzip2": (lambda files: zipped(files, compression=zipfile.ZIP_BZIP2), "unusual way"),
    "bomb": (_bomb, "would grow"),
    "too many entries": (_named(*(f"x{i}" for i in range(1_200))), "entries"),
    "code before the zip": (lambda files: b"#!/bin/sh\n" + zipped(files), "not a plain zip"),
    "appendix after the zip": (lambda files: zipped(files) + b"x", "not a plain zip"),
    "second directory": (_locator, "not a plain zip"),
    "lies about a name": (_local_lie, "cannot be read"),
    "wrong checksum": (_wrong_crc, "cannot be read"),
    "claims less than there is": (_claims_less, "refused"),
    "cut in half": (lambda files: zipped(files)[: len(zipped(files)) // 2], "not a plain zip"),
    "empty file": (lambda _: b"", "neither a folder nor a zip"),
    "text file": (lambda _: b"hello, this is not a zip file at all", "not a plain zip"),
    "pickle": (lambda _: _PICKLE + b" " * 30, "not a plain zip"),
    "empty zip": (lambda _: zipped({}), "not a plain zip"),
    "zip in a zip": (lambda files: zipped({"bundle.zip": zipped(files)}), "no place in a bundle"),
}
