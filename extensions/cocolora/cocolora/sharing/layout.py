"""The layout of a bundle: its only file names, its format and its limits."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cocolora.core.ids import ID_LENGTH

FORMAT = 1
LARGEST_RANK = 512
"""As large as a rollup may become (rollup.max_rank)."""
MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.minisig"
CARD = "README.md"
CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
QUESTIONS = "questions.json"
ID_PATTERN = rf"a[0-9a-f]{{{ID_LENGTH - 1}}}"
_ADAPTER_FILES = "|".join(map(re.escape, (CONFIG, WEIGHTS, QUESTIONS)))
_FILE = re.compile(
    rf"{re.escape(MANIFEST)}|{re.escape(SIGNATURE)}|{re.escape(CARD)}|adapters/{ID_PATTERN}/(?:{_ADAPTER_FILES})"
)
_FOLDER = re.compile(rf"adapters(?:/{ID_PATTERN})?")


class Refusal(ValueError):
    """Why a bundle is refused; ``read_bundle`` turns it into BundleRefused with the bundle's path."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a bundle may hold. ``ratio`` is uncompressed bytes per compressed byte of a file over 1 MiB."""

    adapters: int = 256
    weights_bytes: int = 2 << 30
    total_bytes: int = (4 << 30) - (16 << 20)
    text_bytes: int = 4 << 20
    signature_bytes: int = 4 << 10
    header_bytes: int = 8 << 20
    tensors: int = 20_000
    ratio: int = 100
    json_depth: int = 12

    @property
    def entries(self) -> int:
        """Files and folders in the whole bundle."""
        return 4 + 4 * self.adapters

    def bytes_for(self, name: str) -> int:
        """Return the most bytes that the file ``name`` may have."""
        if name == SIGNATURE:
            return self.signature_bytes
        return self.weights_bytes if name.endswith(WEIGHTS) else self.text_bytes


def adapter_file(adapter_id: str, name: str) -> str:
    """Return the name in the bundle of one of an adapter's files."""
    return f"adapters/{adapter_id}/{name}"


def is_file_name(name: str) -> bool:
    """Say whether a bundle may have a file of exactly this name."""
    return _FILE.fullmatch(name) is not None


def is_folder_name(name: str) -> bool:
    """Say whether a bundle may have a folder of exactly this name."""
    return _FOLDER.fullmatch(name) is not None
