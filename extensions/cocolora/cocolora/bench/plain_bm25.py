"""What a user would do instead of cocolora's word search: SQLite's full-text search over every word of the question."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable


class PlainBm25:
    """FTS5 with Porter's stems, one table per profile, an OR of all words, ranked by BM25."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:")
        self._tables: dict[str, str] = {}

    def add(self, profile: str, texts: Iterable[tuple[str, str]]) -> None:
        """Take in (turn id, text)."""
        table = self._tables.setdefault(profile, f"said_{len(self._tables)}")
        self._db.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {table} USING fts5(turn UNINDEXED, text, tokenize='porter unicode61')"
        )
        self._db.executemany(f"INSERT INTO {table} VALUES (?, ?)", texts)

    def search(self, question: str, *, profile: str, limit: int) -> list[str]:
        """Return turn ids, best first."""
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", question))
        table = self._tables.get(profile)
        if not words or table is None:
            return []
        query = f"SELECT turn FROM {table} WHERE {table} MATCH ? ORDER BY rank LIMIT ?"
        return [turn for (turn,) in self._db.execute(query, (words, limit))]
