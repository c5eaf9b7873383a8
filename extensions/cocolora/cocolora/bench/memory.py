"""``cocolora bench memory``: how well past turns are found, how fast, and what a turn costs.

On chats with annotated questions (see docs/benchmarks.md): the share of questions of which any evidence is among
the first hits, beside word search alone and vectors alone. On synthetic chats of 1,000 to 100,000 turns: seconds.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cocolora.bench.chat_set import ChatSet, Question, place_of, read_chat_set
from cocolora.bench.life import Clock
from cocolora.bench.memory_costs import measure_costs
from cocolora.bench.plain_bm25 import PlainBm25
from cocolora.core.conversations import Change
from cocolora.core.events import Progress, ProgressCallback
from cocolora.engine import Engine
from cocolora.settings import Settings, save_settings

_DEPTH = 10
Search = Callable[[Question, str], Sequence[str]]


def run_memory(
    data: Path | None, *, embedder: Path | None, turns: Sequence[int], base: Path, on_progress: ProgressCallback
) -> dict[str, Any]:
    """Return qualities on ``data`` and costs at each number of ``turns``.

    ``embedder`` is a sentence-transformers folder; without one chroma's own is used where it is on this machine,
    and where it is not, what needs vectors is left out and ``embedder_trouble`` says why.
    """
    result: dict[str, Any] = {}
    if data is not None:
        result |= _measure_quality(read_chat_set(data), embedder, on_progress)
    return result | measure_costs(turns, base=base, on_progress=on_progress)


def _measure_quality(chats: ChatSet, embedder: Path | None, on_progress: ProgressCallback) -> dict[str, Any]:
    systems: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="cocolora-bench-") as folder:
        words = _open(Path(folder) / "words", chats, embedder="none", on_progress=on_progress)
        try:
            plain = _plain_bm25(words)
            systems["cocolora_lexical"] = _marks(chats, words, _search(words))
            systems["bm25"] = _marks(chats, words, lambda q, text: plain.search(text, profile=q.user, limit=_DEPTH))
        finally:
            words.close()
        kind = "folder" if embedder else "chroma"
        both = _open(
            Path(folder) / "both", chats, embedder=kind, embedder_folder=str(embedder or ""), on_progress=on_progress
        )
        try:
            trouble = both.embedder_trouble
            if not trouble:
                systems["cocolora"] = _marks(chats, both, _search(both))
                systems["dense"] = _marks(chats, both, _search(both, by_meaning_alone=True))
        finally:
            both.close()
    return {"questions": len(chats.questions), "systems": systems, "embedder_trouble": trouble}


def _open(folder: Path, chats: ChatSet, *, on_progress: ProgressCallback, **retrieval: str) -> Engine:
    """Return an engine in a home of its own that remembers the chats."""
    folder.mkdir(mode=0o700)
    save_settings(Settings().changed("retrieval", **retrieval), folder / "settings.json")
    engine = Engine(folder, lambda: None, clock=Clock(chats.asked_at))
    told = list(chats.conversations())
    for number, (conversation, rows) in enumerate(told):
        on_progress(Progress("remembering", number, len(told)))
        engine.record(conversation, rows, change=Change.IMPORTED)
    engine.jobs.wait()
    return engine


def _plain_bm25(engine: Engine) -> PlainBm25:
    plain = PlainBm25()
    for profile in engine.journal.profiles():
        plain.add(profile, [(turn.id, turn.text) for turn in engine.turns(profile=profile)])
    return plain


def _search(engine: Engine, *, by_meaning_alone: bool = False) -> Search:
    def search(question: Question, text: str) -> Sequence[str]:
        hits = engine.search(text, profile=question.user, limit=_DEPTH, by_meaning_alone=by_meaning_alone)
        return [hit.turn_id for hit in hits]

    return search


def _marks(chats: ChatSet, engine: Engine, search: Search) -> dict[str, dict[str, float]]:
    """Return the marks of one system: on the questions, on their paraphrases, and on the dated ones in both."""
    asked = {
        "questions": [(question, question.wordings[0]) for question in chats.questions],
        "paraphrases": [(question, question.wordings[1]) for question in chats.questions],
        "dated": [(question, text) for question in chats.questions if question.dated for text in question.wordings],
    }
    places = {turn.id: place_of(turn) for turn in engine.turns()}
    return {
        row: _mark([_first_place([places[i] for i in search(q, text)], q) for q, text in pairs])
        for row, pairs in asked.items()
    }


def _first_place(found: Sequence[tuple[str, int]], question: Question) -> int | None:
    return next((rank for rank, place in enumerate(found, start=1) if place in question.evidence), None)


def _mark(ranks: Sequence[int | None]) -> dict[str, float]:
    """Return the share of ranks within 1, 5 and 10, and the mean of 1/rank, with 0 where nothing was found."""
    found = [rank for rank in ranks if rank is not None]
    shares = {f"r{depth}": sum(rank <= depth for rank in found) for depth in (1, 5, 10)}
    return {
        name: round(value / max(1, len(ranks)), 4)
        for name, value in {**shares, "mrr": sum(1 / rank for rank in found)}.items()
    }
