"""Identifiers: fixed-length, derived from what they name, so that the same life gives the same ids.

PEFT selects an adapter's tensors by substring of its name: with one length, no id is part of another.
"""

from __future__ import annotations

import hashlib

ID_LENGTH = 13


def derive_id(kind: str, *parts: object) -> str:
    """Return ``kind``'s first letter and 12 hexadecimal digits that depend on ``parts`` alone."""
    digest = hashlib.sha256("\x1f".join([kind, *map(str, parts)]).encode()).hexdigest()
    return kind[0] + digest[: ID_LENGTH - 1]


def derive_seed(*parts: object) -> int:
    """Return a seed in [0, 2**31) that depends on ``parts`` alone."""
    return int(hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:8], 16) >> 1
