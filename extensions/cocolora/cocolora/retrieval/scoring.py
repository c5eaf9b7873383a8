"""How well a unit fits a question: figures in [0, 1] that mean the same in a journal of three turns and of 100,000."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

NAMED_DATE_BONUS = 0.3
NEIGHBOUR_SHARE = 0.3
ANSWER_SHARE = 0.6
"""What an exchange gets of the one before it, where that one ends with a question: it holds the answer."""
DENSE_SHARE = 0.5
_SATURATION = 0.9
_LENGTH_SHARE = 0.4
_USUAL_STEMS = 30
_ASKED_FOR = frozenset({"name", "call", "kind", "sort", "type"})
"""Stems that say what sort of answer is wanted, and nothing about what it is wanted of."""
_ASKED_FOR_SHARE = 1 / 3


def weigh_stems(stems: Iterable[str], *, turns_with: Mapping[str, int], turns: int) -> dict[str, float]:
    """Return the inverse document frequency of each distinct stem, always positive: ``ln(1 + N / max(n, 1/2))``.

    ``turns_with`` counts the turns that hold a stem, ``turns`` is N. A stem that no turn holds weighs most. One that
    asks for a name, or for some other sort of answer, counts as if a third of the turns held it: where few turns
    were said, "name" alone would make "What is my niece's name?" fit a dog's.
    """
    return {stem: math.log1p(max(turns, 1) / _turns_holding(stem, turns_with, turns)) for stem in stems}


def _turns_holding(stem: str, turns_with: Mapping[str, int], turns: int) -> float:
    return max(turns_with.get(stem, 0), 0.5, _ASKED_FOR_SHARE * turns if stem in _ASKED_FOR else 0.0)


def lexical_score(weights: Mapping[str, float], unit_stems: Sequence[str]) -> float:
    """Return how well a unit fits a question whose stems have ``weights``: BM25 over its own upper bound, in [0, 1].

    Each stem of the question counts with its weight times ``f (1 + k) / (f + k + 0.36 u / 30)``, at most
    1, where f is how often the unit holds it, u the unit's length in stems and k = 0.54; the sum is divided by the
    weight of all stems. A short text that holds every stem scores 1, whatever the size of the journal.
    Source: BM25 with k1 = 0.9, b = 0.4 (Robertson & Zaragoza, 2009, doi:10.1561/1500000019).
    """
    whole = sum(weights.values())
    held = [(stem, unit_stems.count(stem)) for stem in weights]
    if not whole:
        return 0.0
    floor = _SATURATION * (1 - _LENGTH_SHARE)
    half = floor + _SATURATION * _LENGTH_SHARE * len(unit_stems) / _USUAL_STEMS
    return sum(weights[stem] * min(1.0, often * (1 + floor) / (often + half)) for stem, often in held if often) / whole


def fuse(lexical: float, dense: float | None) -> float:
    """Return the score of a unit from its lexical and dense similarity; the lexical one where it has no vector."""
    if dense is None:
        return lexical
    return (1 - DENSE_SHARE) * lexical + DENSE_SHARE * max(0.0, min(1.0, dense))
