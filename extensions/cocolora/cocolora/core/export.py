"""The forms that adapters can leave in, and the numbers of a merged base."""

from __future__ import annotations

from enum import StrEnum


class Number(StrEnum):
    """The types that a merged base's numbers can be rounded to."""

    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


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
