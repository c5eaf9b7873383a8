"""A corpus of hostile bundles: seeded variations of every class of attack, each with the words its refusal holds."""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import zipfile
from collections.abc import Callable, Iterator

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
OF_EACH_CLASS = 10
Draw = random.Random
Attack = Callable[[Draw, Files], bytes]
_NO_PLACE = ("no place in a bundle", "not a plain name")


def _word(draw: Draw) -> str:
    return "".join(draw.choices("abcdefghij", k=draw.randint(1, 12)))


def _changed(files: Files, name: str, content: bytes) -> bytes:
    return zipped(reseal(files | {adapter_name(files, name): content}))


def _with_entry(files: Files, name: str, content: bytes = b"x", **changes: int) -> bytes:
    """Return the files zipped, and one more entry with these fields of its record changed."""
    buffer = io.BytesIO(zipped(files))
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo(name)
        for field, value in changes.items():
            setattr(info, field, value)
        archive.writestr(info, content)
    return buffer.getvalue()


def zip_slip(draw: Draw, files: Files) -> bytes:
    up = draw.choice(["../", "..\\", "adapters/../", "./../"]) * draw.randint(1, 9)
    return zipped(files | {f"{draw.choice(['', 'adapters/'])}{up}{_word(draw)}": b"x"})


def absolute_name(draw: Draw, files: Files) -> bytes:
    root = draw.choice(["/", "//", "C:/", "C:\\", "\\\\server\\share\\", "file:///", "~/"])
    return zipped(files | {f"{root}{_word(draw)}/{_word(draw)}": b"x"})


def device_name(draw: Draw, files: Files) -> bytes:
    device = draw.choice(["CON", "nul", "AUX", "PRN", "COM1", "lpt9", "CONIN$"])
    return zipped(files | {draw.choice(["", "adapters/"]) + device + draw.choice(["", ".json", ".txt", " "]): b"x"})


def link(draw: Draw, files: Files) -> bytes:
    kind = draw.choice([0o120777, 0o020666, 0o060666, 0o010666, 0o140777])
    return _with_entry(files, "adapters", f"/etc/{_word(draw)}".encode(), external_attr=kind << 16)


def same_name_twice(draw: Draw, files: Files) -> bytes:
    return _with_entry(files, draw.choice(sorted(files)), draw.randbytes(9))


def other_case(draw: Draw, files: Files) -> bytes:
    name = draw.choice(sorted(files))
    spelled = "".join(letter.upper() if draw.random() < 0.5 else letter.lower() for letter in name)
    return zipped(files | {name.swapcase() if spelled == name else spelled: b"x"})


def bomb(draw: Draw, files: Files) -> bytes:
    name = draw.choice(["README.md", adapter_name(files, WEIGHTS), adapter_name(files, CONFIG)])
    content = bytes([draw.randrange(256)]) * draw.randint(2 << 20, 3 << 20)
    return zipped(reseal(files | {name: content}), compression=zipfile.ZIP_DEFLATED)


def huge_header(draw: Draw, files: Files) -> bytes:
    content = files[adapter_name(files, WEIGHTS)]
    length = draw.choice([draw.randint(len(content), 1 << 62), (1 << 64) - draw.randint(1, 99)])
    return _changed(files, WEIGHTS, length.to_bytes(8, "little") + content[8:])


def lying_header(draw: Draw, files: Files) -> bytes:
    header, content = split_weights(files[adapter_name(files, WEIGHTS)])
    entry = header[draw.choice([name for name in header if name != "__metadata__"])]
    begin, end = entry["data_offsets"]
    entry["data_offsets"] = [max(0, begin + draw.choice([-4, 4, 64])), end + draw.choice([-8, 8, 1 << 40])]
    return _changed(files, WEIGHTS, join_weights(header, content))


def too_many_tensors(draw: Draw, files: Files) -> bytes:
    entry = {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]}
    names = (f"base_model.model.{_word(draw)}{i}.lora_A.weight" for i in range(502))
    return _changed(files, WEIGHTS, join_weights(dict.fromkeys(names, entry), b"\x00" * 4))


def wrong_dtype(draw: Draw, files: Files) -> bytes:
    header, content = split_weights(files[adapter_name(files, WEIGHTS)])
    entry = header[draw.choice([name for name in header if name != "__metadata__"])]
    entry["dtype"] = draw.choice(["F64", "I64", "I8", "U8", "BOOL", "F8_E4M3", "", "f32", None, 7, _word(draw)])
    return _changed(files, WEIGHTS, join_weights(header, content))


def wrong_shape(draw: Draw, files: Files) -> bytes:
    header, content = split_weights(files[adapter_name(files, WEIGHTS)])
    entry = header[draw.choice([name for name in header if name != "__metadata__"])]
    rows, columns = entry["shape"]
    wrong = [[rows], [rows, columns, 1], [columns + 1, rows], [0, columns], [-rows, -columns], [1 << 40, columns], []]
    entry["shape"] = draw.choice(wrong)
    return _changed(files, WEIGHTS, join_weights(header, content))


def not_finite(draw: Draw, files: Files) -> bytes:
    header, content = split_weights(files[adapter_name(files, WEIGHTS)])
    at = 4 * draw.randrange(len(content) // 4)
    bits = struct.pack("<f", draw.choice([float("nan"), float("inf"), float("-inf")]))
    return _changed(files, WEIGHTS, join_weights(header, content[:at] + bits + content[at + 4 :]))


def disguised_pickle(draw: Draw, files: Files) -> bytes:
    evil = pickle.dumps({_word(draw): print}, protocol=draw.randrange(6))
    evil = draw.choice([evil, zipped({"archive/data.pkl": evil}), b"PK\x03\x04" + evil])
    if draw.random() < 0.5:
        return _changed(files, draw.choice([WEIGHTS, CONFIG]), evil)
    name = draw.choice(["adapter_model.bin", "pytorch_model.pt", "x.ckpt", "optimizer.pth", "weights.pkl"])
    return zipped(files | {adapter_name(files, WEIGHTS).replace(WEIGHTS, name): evil})


def code_bearing_key(draw: Draw, files: Files) -> bytes:
    key = draw.choice(
        ["auto_map", "trust_remote_code", "auto_mapping", "custom_code", "_target_", "megatron_core", _word(draw)]
    )
    value = draw.choice([{"AutoModel": "evil.Model"}, True, "evil", ["os", "system"]])
    return _changed(
        files, CONFIG, edit_json(files[adapter_name(files, CONFIG)], lambda values: values.update({key: value}))
    )


def beyond_limits(draw: Draw, files: Files) -> bytes:
    key, wrong = draw.choice(
        [("r", draw.randint(513, 1 << 40)), ("r", -draw.randint(0, 99)), ("lora_alpha", 10.0 ** draw.randint(6, 300))]
    )
    return _changed(
        files, CONFIG, edit_json(files[adapter_name(files, CONFIG)], lambda values: values.update({key: wrong}))
    )


def wrong_hash(draw: Draw, files: Files) -> bytes:
    name = draw.choice([name for name in files if name != "manifest.json"])
    content = bytearray(files[name])
    # In the weights, the smallest bits of the last number: a fault of the header would be found before the hash.
    at = len(content) - 4 if name.endswith(WEIGHTS) else draw.randrange(len(content))
    content[at] ^= 1 << draw.randrange(8)
    return zipped(files | {name: bytes(content)})


def other_base(draw: Draw, files: Files) -> bytes:
    print_ = "".join(draw.choices("0123456789abcdef", k=32))
    return zipped(edit_manifest(files, lambda manifest: manifest["base"].update(fingerprint=print_)))


def newer_manifest(draw: Draw, files: Files) -> bytes:
    return zipped(edit_manifest(files, lambda manifest: manifest.update(format=draw.randint(2, 1 << 40))))


def unknown_key(draw: Draw, files: Files) -> bytes:
    def edit(manifest: dict) -> None:
        places = [
            manifest,
            manifest["base"],
            manifest["card"],
            manifest["adapters"][0],
            manifest["adapters"][0]["recipe"],
        ]
        draw.choice(places)[f"x_{_word(draw)}"] = draw.choice([1, "evil", {"a": []}, None])

    return zipped(edit_manifest(files, edit))


def broken_container(draw: Draw, files: Files) -> bytes:
    content = zipped(files)
    at = draw.randrange(1, len(content) - 1)
    return draw.choice([content[:at], content + draw.randbytes(9), draw.randbytes(9) + content])


def deep_json(draw: Draw, files: Files) -> bytes:
    depth = draw.randint(13, 50_000)
    deep = draw.choice([b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth])
    if draw.random() < 0.5:
        return zipped(files | {"manifest.json": deep})
    return _changed(files, CONFIG, deep)


CLASSES: dict[Attack, tuple[str, ...]] = {
    zip_slip: _NO_PLACE,
    absolute_name: _NO_PLACE,
    device_name: _NO_PLACE,
    link: ("link or no plain file",),
    same_name_twice: ("is there twice",),
    other_case: (*_NO_PLACE, "is there twice"),
    bomb: ("would grow", "bytes; at most"),
    huge_header: ("claims a header",),
    lying_header: ("does not lie where",),
    too_many_tensors: ("at most 500 tensors",),
    wrong_dtype: ("header",),
    wrong_shape: ("header", "does not fit rank", "does not lie where"),
    not_finite: ("not finite",),
    disguised_pickle: ("header", "not JSON", "no place in a bundle", "shorter"),
    code_bearing_key: (CONFIG,),
    beyond_limits: (CONFIG,),
    wrong_hash: ("has hash",),
    other_base: ("belong to",),
    newer_manifest: ("update cocolora",),
    unknown_key: ("x_",),
    broken_container: ("not a plain zip", "neither a folder nor a zip"),
    deep_json: ("levels deep",),
}


def corpus(attack: Attack, files: Files, *, seed: int = 0) -> Iterator[bytes]:
    """Yield bundles of one class: the same for the same seed."""
    for number in range(OF_EACH_CLASS):
        yield attack(random.Random(json.dumps([attack.__name__, seed, number])), files)
