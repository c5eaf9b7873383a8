"""Dense search: an embedder, the vectors it made, and chroma to find the nearest."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

from cocolora.errors import EmbedderUnavailable
from cocolora.retrieval.database import transaction
from cocolora.retrieval.embedders import Embedder
from cocolora.retrieval.vector_table import VectorTable
from cocolora.retrieval.vectors import VectorIndex, Vectors, from_bytes, normalise

_NEAREST = 50
_BATCH_TEXTS = 32
_BATCH_VECTORS = 200
_PATIENCE_S = 0.05
_log = logging.getLogger(__name__)


class DenseSearch:
    """What vectors add to the word index. Without an embedder, or while it fails, nothing is found and none is made.

    Chroma's failures never reach a chat: it is emptied, and refilled by the next ``fill``.
    """

    def __init__(self, folder: Path, embedder: Embedder | None) -> None:
        self._folder = folder
        self._embedder = embedder
        self._lock = threading.RLock()
        self._chroma = VectorIndex(folder)
        self._said_unavailable = False
        self._bytes_per_vector: int | None = None

    @property
    def enabled(self) -> bool:
        """Whether there is an embedder."""
        return self._embedder is not None

    @property
    def baseline(self) -> float:
        """The cosine that counts as 0."""
        return self._embedder.baseline if self._embedder else 0.0

    def adopt(self, db: sqlite3.Connection) -> None:
        """Take over the kept vectors; those of another embedder, and a chroma that does not match, are deleted."""
        table = VectorTable(db)
        with self._lock:
            if self._embedder and table.made_by() != self._embedder.name:
                with transaction(db):
                    table.start_over(self._embedder.name)
            self._bytes_per_vector = table.bytes_per_vector()
            if not table.count_placed():
                self._chroma.clear()

    def embed(self, query: str) -> Vectors | None:
        """Return the query's vector; None where there is nothing to compare it with, or it cannot be made."""
        if self._embedder is None or self._bytes_per_vector is None or not query.strip():
            return None
        try:
            vector = normalise(self._embedder.embed([query]))[0]
        except EmbedderUnavailable as error:
            self._say_unavailable(error)
            return None
        return vector if vector.nbytes == self._bytes_per_vector else None

    def nearest(self, profile: int, vector: Vectors | None) -> Sequence[int]:
        """Return the rows of a profile that are nearest to a vector."""
        if vector is None:
            return []
        if not self._lock.acquire(timeout=_PATIENCE_S):  # chroma is being filled: words go on
            return []
        try:
            return self._chroma.nearest(profile, vector, limit=_NEAREST)
        except Exception:  # noqa: BLE001 - chroma raises what its Rust and SQLite parts raise; words go on
            _log.exception("The vectors in %s cannot be searched; search goes on by words alone.", self._folder)
            return []
        finally:
            self._lock.release()

    def make(self, texts: Sequence[str]) -> list[bytes]:
        """Return one vector per text, as float32 bytes. Raises EmbedderUnavailable."""
        assert self._embedder is not None
        vectors: list[bytes] = []
        for start in range(0, len(texts), _BATCH_TEXTS):
            made = normalise(self._embedder.embed(texts[start : start + _BATCH_TEXTS]))
            vectors += [vector.tobytes() for vector in made]
        return vectors

    def keep(self, db: sqlite3.Connection, vectors: Sequence[tuple[str, str, bytes]]) -> None:
        """Keep (unit id, stems, vector); the caller holds the writer."""
        table = VectorTable(db)
        assert self._embedder is not None
        if vectors and self._bytes_per_vector not in (None, len(vectors[0][2])):
            with transaction(db):
                table.start_over(self._embedder.name)
            self.erase()
        with transaction(db):
            table.keep(vectors)
        self._bytes_per_vector = table.bytes_per_vector()

    def fill(self, db: sqlite3.Connection) -> bool:
        """Give chroma some of the vectors that it lacks; say whether it lacks more. The caller holds the writer."""
        table = VectorTable(db)
        with self._lock:
            try:
                if self._chroma.count() != table.count_placed():
                    self._empty(db, table)
                lacking = table.unplaced(_BATCH_VECTORS)
                self._place(db, table, lacking)
                return len(lacking) == _BATCH_VECTORS
            except sqlite3.Error:
                raise
            except Exception:  # noqa: BLE001 - see nearest
                _log.exception("The vectors in %s are made anew.", self._folder)
                self._empty(db, table)
                return False

    def turns_without(self, db: sqlite3.Connection, limit: int) -> list[str]:
        """Return turns of which a unit has no vector."""
        return VectorTable(db).turns_without(limit)

    def lacking(self, db: sqlite3.Connection, unit_ids: Sequence[str]) -> set[str]:
        """Return those known units that have no vector."""
        return VectorTable(db).lacking(unit_ids)

    def displace(self, db: sqlite3.Connection) -> None:
        """Note, inside the caller's transaction, that chroma is about to be emptied."""
        VectorTable(db).displace()

    def erase(self) -> None:
        """Delete chroma's files: they would keep vectors that are gone."""
        with self._lock:
            self._chroma.clear()

    def close(self) -> None:
        """Let go of chroma's files."""
        with self._lock:
            self._chroma.close()

    def _place(self, db: sqlite3.Connection, table: VectorTable, lacking: Sequence[tuple[int, int, bytes]]) -> None:
        for profile in sorted({found[1] for found in lacking}):
            mine = [(row, vector) for row, of_profile, vector in lacking if of_profile == profile]
            self._chroma.add(profile, [row for row, _ in mine], from_bytes([vector for _, vector in mine]))
        with transaction(db):
            table.place([row for row, _, _ in lacking])

    def _empty(self, db: sqlite3.Connection, table: VectorTable) -> None:
        self._chroma.clear()
        with transaction(db):
            table.displace()

    def _say_unavailable(self, error: EmbedderUnavailable) -> None:
        if not self._said_unavailable:
            _log.warning("%s", error)
        self._said_unavailable = True
