"""The forms that adapters can leave in."""

from __future__ import annotations

from enum import StrEnum


class ExportForm(StrEnum):
    """What an export writes.

    A bundle is what another cocolora takes in; PEFT folders are what other programs load; combined is one adapter
    that does what all do together; merged is a copy of the base with them inside; GGUF is llama.cpp's adapter file.
    """

    BUNDLE = "bundle"
    PEFT = "peft"
    COMBINED = "combined"
    MERGED = "merged"
    GGUF = "gguf"
