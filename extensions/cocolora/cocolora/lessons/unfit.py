"""What is never made into a lesson: secrets, and documents that were pasted into a message."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from stdnum import iban, luhn

from cocolora.core.conversations import Turn
from cocolora.core.learning import estimate_tokens
from cocolora.core.records import Outcome

_GUESSING = {"Base64 High Entropy String", "Hex High Entropy String", "Public IP (ipv4)", "Secret Keyword"}
"""Detectors for source code: in a conversation they find addresses and words."""
_SAID = re.compile(
    r"\b(?:pass(?:word|code|phrase)|pin(?: code| number)?|secret key|api key|access key|token|recovery code)s?\b"
    r"[^.!?\n]{0,40}?(?:\bis\b|\bare\b|[:=])\s*[\"'“]?(?P<secret>[^\s\"'”]{3,})",
    re.IGNORECASE,
)
_ORDINARY = re.compile(r"[a-z]+[.,;!?]*|(?:not|my|the|a|too|very)", re.DOTALL)
_DIGITS = re.compile(r"(?<![\w-])\d(?:[ -]?\d){11,18}(?![\w-])")
_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b")
_LEARN_THIS = re.compile(r"\s*(?:please,? )?(?:learn|remember|memori[sz]e) (?:this|the following)\b", re.IGNORECASE)


def unfit(turn: Turn, *, message_tokens: int) -> Outcome | None:
    """Say why a turn must not be learned; None when it may.

    A message of more than ``message_tokens`` tokens is taken for a document, unless it begins with "learn this" or
    the like; 0 is no limit.
    """
    if holds_secret(turn.text):
        return Outcome.SECRET
    is_long = 0 < message_tokens < estimate_tokens(turn.user)
    return Outcome.DOCUMENT if is_long and not _LEARN_THIS.match(turn.user) else None


def holds_secret(text: str) -> bool:
    """Say whether a text holds what looks like a key, a token, a password, or a card or account number.

    Keys and tokens are found by detect-secrets, numbers by their check digits (python-stdnum), passwords by how they
    are told in English. What is no longer than a word of letters is taken for a word: "my password is secret".
    """
    if any(any(detector.analyze_string(text)) for detector in _detectors()):
        return True
    if any(not _ORDINARY.fullmatch(found["secret"]) for found in _SAID.finditer(text)):
        return True
    if any(luhn.is_valid(re.sub(r"[ -]", "", found)) for found in _DIGITS.findall(text)):
        return True
    return any(iban.is_valid(found) for found in _ACCOUNT.findall(text))


@cache
def _detectors() -> tuple[Any, ...]:
    known: dict[str, Any] = get_mapping_from_secret_type_to_class()
    return tuple(known[kind]() for kind in sorted(known) if kind not in _GUESSING)
