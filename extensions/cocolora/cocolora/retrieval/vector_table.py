"""The vectors in the word index's file: their home, from which chroma is filled; float32 bytes, length 1."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from cocolora.retrieval.database import batches, marks

_EMBEDDER = "embedder"


class VectorTable:
    """Reads vectors, and changes them inside the caller's transaction. ``placed`` ones are in chroma too."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def made_by(self) -> str | None:
        """Return the name of the embedder that made the vectors."""
        found = self._db.execute("SELECT value FROM meta WHERE name = ?", (_EMBEDDER,)).fetchone()
        return found[0] if found else None

    def start_over(self, embedder: str) -> None:
        """Delete all vectors; the next ones come from ``embedder``."""
        self._db.execute("DELETE FROM vectors")
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_EMBEDDER, embedder))

    def bytes_per_vector(self) -> int | None:
        """Return the size of one vector, None when there is none."""
        found = self._db.execute("SELECT length(vector) FROM vectors LIMIT 1").fetchone()
        return int(found[0]) if found else None

    def turns(self, limit: int) -> list[str]:
        """Return all turns, the newest first."""
        query = "SELECT DISTINCT turn_id FROM units ORDER BY id DESC LIMIT ?"
        return [turn_id for (turn_id,) in self._db.execute(query, (limit,))]

    def turns_without(self, limit: int) -> list[str]:
        """Return turns of which a unit has no vector, the newest first."""
        query = (
            "SELECT DISTINCT turn_id FROM units WHERE NOT EXISTS (SELECT 1 FROM vectors WHERE unit = units.id) "
            "ORDER BY id DESC LIMIT ?"
        )
        return [turn_id for (turn_id,) in self._db.execute(query, (limit,))]

    def lacking(self, unit_ids: Sequence[str]) -> set[str]:
        """Return those known units that have no vector."""
        query = "SELECT unit_id FROM units LEFT JOIN vectors ON unit = id WHERE unit IS NULL AND unit_id IN ({})"
        return {
            found for batch in batches(unit_ids) for (found,) in self._db.execute(query.format(marks(batch)), batch)
        }

    def keep(self, vectors: Iterable[tuple[str, str, bytes]]) -> None:
        """Keep the vectors of units given as (unit id, stems, vector); what has changed meanwhile is passed over."""
        self._db.executemany(
            "INSERT OR REPLACE INTO vectors (unit, vector) SELECT id, ?3 FROM units WHERE unit_id = ?1 AND stems = ?2",
            vectors,
        )

    def count_placed(self) -> int:
        """Return how many vectors are in chroma too."""
        return int(self._db.execute("SELECT count(*) FROM vectors WHERE placed").fetchone()[0])

    def displace(self) -> None:
        """Note that chroma is empty."""
        self._db.execute("UPDATE vectors SET placed = 0 WHERE placed")

    def unplaced(self, limit: int) -> list[tuple[int, int, bytes]]:
        """Return (row, profile, vector) of vectors that are not in chroma."""
        query = "SELECT unit, profile, vector FROM vectors JOIN units ON id = unit WHERE NOT placed LIMIT ?"
        return self._db.execute(query, (limit,)).fetchall()

    def place(self, rows: Iterable[int]) -> None:
        """Note that these are in chroma now."""
        self._db.executemany("UPDATE vectors SET placed = 1 WHERE unit = ?", [(row,) for row in rows])
