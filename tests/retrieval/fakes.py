"""Units to search, and an embedder that needs no model: it counts what pairs of letters a text holds."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cocolora.errors import EmbedderUnavailable
from cocolora.retrieval import Unit

SAID_AT = datetime(2026, 5, 3, 12, tzinfo=UTC)


def unit(turn_id: str, text: str, **changes) -> Unit:
    values: dict[str, Any] = {
        "unit_id": turn_id,
        "turn_id": turn_id,
        "profile": "personal",
        "text": text,
        "said_at": SAID_AT,
    }
    return Unit(**(values | changes))


def question(turn_id: str, text: str, **changes) -> Unit:
    return unit(turn_id, text, **({"unit_id": f"{turn_id}-{text}", "kind": "question"} | changes))


class LetterPairs:
    """Texts with the same letters are alike, also where no word is the same."""

    baseline = 0.0

    def __init__(self, name: str = "letter-pairs", dimension: int = 64) -> None:
        self.name = name
        self.dimension = dimension
        self.available = True
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if not self.available:
            raise EmbedderUnavailable("it is switched off")
        self.texts += texts
        return [self._vector(text.lower()) for text in texts]

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * self.dimension
        for start in range(len(text) - 1):
            vector[zlib.crc32(text[start : start + 2].encode("utf-8", "replace")) % self.dimension] += 1.0
        return vector


def files_holding(folder: Path, *wanted: bytes) -> list[str]:
    """The files under a folder that hold any of these bytes, in any case."""
    contents = {path.name: path.read_bytes().lower() for path in folder.rglob("*") if path.is_file()}
    return [name for name, content in contents.items() if any(item.lower() in content for item in wanted)]
