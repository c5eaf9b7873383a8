"""Ranking: what one question finds in one profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from cocolora.core.day_words import Period
from cocolora.core.routing import Hit
from cocolora.retrieval.dates import NamedDate
from cocolora.retrieval.scoring import ANSWER_SHARE, NAMED_DATE_BONUS, NEIGHBOUR_SHARE, fuse, lexical_score, weigh_stems
from cocolora.retrieval.vectors import Vectors, similarities
from cocolora.retrieval.word_reader import Candidate, WordReader

_CANDIDATES = 150
_WITH_NEIGHBOURS = 30


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: stems, named days and periods, and, with an embedder, a vector and the rows nearest to it."""

    stems: Sequence[str]
    dates: Sequence[NamedDate | Period] = ()
    vector: Vectors | None = None
    baseline: float = 0.0
    nearest: Sequence[int] = ()


def rank(words: WordReader, question: Question, *, profile: int, limit: int) -> list[Hit]:
    """Return the best turns, one hit each, best first; equal scores in the order of their ids."""
    turns_with = words.turns_with(profile, question.stems)
    weights = weigh_stems(question.stems, turns_with=turns_with, turns=words.turns(profile))
    rows = [*words.matching(profile, turns_with, limit=_CANDIDATES), *question.nearest]
    for named in question.dates:
        if isinstance(named, Period):
            rows += words.said_between(profile, named, limit=_CANDIDATES)
        else:
            rows += words.said_on(profile, named, limit=_CANDIDATES)
    candidates = {unit.row: unit for unit in words.candidates(rows)}
    scores = _scores(words, list(candidates.values()), question, weights)
    candidates |= _add_neighbours(words, candidates, scores, weights, profile=profile)
    best: dict[str, float] = {}
    for row, unit in candidates.items():
        bonus = NAMED_DATE_BONUS * any(named.names(unit.said_on) for named in question.dates)
        best[unit.turn_id] = max(best.get(unit.turn_id, 0.0), scores[row] + bonus)
    ranked = sorted((item for item in best.items() if item[1] > 0), key=lambda item: (-item[1], item[0]))
    return [Hit(turn_id, min(1.0, score)) for turn_id, score in ranked[:limit]]


def _scores(
    words: WordReader, units: Sequence[Candidate], question: Question, weights: Mapping[str, float]
) -> dict[int, float]:
    kept = {} if question.vector is None else words.vectors([unit.row for unit in units])
    dense = similarities(question.vector, kept, baseline=question.baseline)
    return {unit.row: fuse(lexical_score(weights, unit.stems), dense.get(unit.row)) for unit in units}


def _add_neighbours(
    words: WordReader,
    candidates: Mapping[int, Candidate],
    scores: dict[int, float],
    weights: Mapping[str, float],
    *,
    profile: int,
) -> dict[int, Candidate]:
    """Give the exchanges beside the best ones a share of their scores; return those that were no candidates.

    "What food do I like?" fits the reply "What food do you like?" best, and the answer is what comes next.
    """
    best = sorted(candidates, key=lambda row: -scores[row])[:_WITH_NEIGHBOURS]
    shares: dict[int, float] = {}
    found: dict[int, Candidate] = {}
    beside = words.neighbours(profile, [candidates[row] for row in best])
    for row, step in product(best, (-1, 1)):
        of = candidates[row]
        unit = beside.get((of.conversation, of.position + step)) if of.kind == "exchange" else None
        if unit is not None:
            share = ANSWER_SHARE if of.asks and step == 1 else NEIGHBOUR_SHARE
            shares[unit.row] = shares.get(unit.row, 0.0) + share * scores[row]
            if unit.row not in candidates:
                found[unit.row] = unit
                scores[unit.row] = lexical_score(weights, unit.stems)
    for row, share in shares.items():
        scores[row] += share
    return found
