"""Dense search: an embedder, the vectors it made, and chroma to find the nearest."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cocolora.errors import EmbedderUnavailable
from cocolora.retrieval.database import transaction
from cocolora.retrieval.embedders import Embedder, FindEmbedder
from cocolora.retrieval.vector_table import VectorTable
from cocolora.retrieval.vectors import VectorIndex, Vectors, from_bytes, normalise

_NEAREST = 50
_BATCH_TEXTS = 32
_BATCH_VECTORS = 200
_PATIENCE_S = 0.05
_log = logging.getLogger(__name__)
Kept = tuple[str | None, int] | None


@dataclass(frozen=True, slots=True)
class Meaning:
    """A query's vector, if there is one, and the cosine that counts as 0."""

    vector: Vectors | None = None
    baseline: float = 0.0


class DenseSearch:
    """What vectors add to the word index. Without an embedder, or while it fails, nothing is found and none is made.

    The embedder is asked for each time. While its name is not that of the one that made the kept vectors, nothing is
    found; the next ones that are made take their place. Chroma's failures never reach a chat: it is emptied, and
    refilled by the next ``fill``.
    """

    def __init__(self, folder: Path, find_embedder: FindEmbedder | None) -> None:
        self._folder = folder
        self._find_embedder = find_embedder
        self._lock = threading.RLock()
        self._chroma = VectorIndex(folder)
        self._said_unavailable = False

    @property
    def enabled(self) -> bool:
        """Whether there may be an embedder."""
        return self._find_embedder is not None

    def find(self) -> Embedder:
        """Return the embedder of the moment. Raises EmbedderUnavailable."""
        assert self._find_embedder is not None
        return self._find_embedder()

    def present(self) -> Embedder | None:
        """Return the embedder of the moment; None, which is said once, while there is none."""
        try:
            return self._find_embedder() if self._find_embedder else None
        except EmbedderUnavailable as error:
            self._say_unavailable(error)
            return None

    def adopt(self, db: sqlite3.Connection) -> None:
        """Take over the kept vectors; a chroma that does not match is deleted."""
        with self._lock:
            if not VectorTable(db).count_placed():
                self._chroma.clear()

    def kept(self, db: sqlite3.Connection) -> Kept:
        """Return who made the kept vectors and the bytes of each; None where there are none."""
        table = VectorTable(db)
        size_bytes = table.bytes_per_vector()
        return None if size_bytes is None else (table.made_by(), size_bytes)

    def embed(self, query: str, kept: Kept) -> Meaning:
        """Return the query's vector; none where there is nothing to compare it with, or it cannot be made."""
        if kept is None or not query.strip():
            return Meaning()
        embedder = self.present()
        if embedder is None or embedder.name != kept[0]:
            return Meaning()
        try:
            vector = normalise(embedder.embed([query]))[0]
            return Meaning(vector, embedder.baseline) if vector.nbytes == kept[1] else Meaning()
        except EmbedderUnavailable as error:
            self._say_unavailable(error)
            return Meaning()

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

    def ready(self, db: sqlite3.Connection, embedder: Embedder) -> None:
        """Delete the kept vectors where another embedder made them; the caller holds the writer."""
        if VectorTable(db).made_by() != embedder.name:
            self._start_over(db, embedder)

    def make(self, embedder: Embedder, texts: Sequence[str]) -> list[bytes]:
        """Return one vector per text, as float32 bytes. Raises EmbedderUnavailable."""
        vectors: list[bytes] = []
        for start in range(0, len(texts), _BATCH_TEXTS):
            made = normalise(embedder.embed(texts[start : start + _BATCH_TEXTS]))
            vectors += [vector.tobytes() for vector in made]
        return vectors

    def keep(self, db: sqlite3.Connection, embedder: Embedder, vectors: Sequence[tuple[str, str, bytes]]) -> None:
        """Keep (unit id, stems, vector) of an embedder; the caller holds the writer."""
        self.ready(db, embedder)
        table = VectorTable(db)
        if vectors and table.bytes_per_vector() not in (None, len(vectors[0][2])):
            self._start_over(db, embedder)
        with transaction(db):
            table.keep(vectors)

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

    def turns_without(self, db: sqlite3.Connection, embedder: Embedder, limit: int) -> list[str]:
        """Return turns of which a unit has no vector of this embedder."""
        table = VectorTable(db)
        return table.turns_without(limit) if table.made_by() == embedder.name else table.turns(limit)

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

    def _start_over(self, db: sqlite3.Connection, embedder: Embedder) -> None:
        with transaction(db):
            VectorTable(db).start_over(embedder.name)
        self.erase()

    def _say_unavailable(self, error: EmbedderUnavailable) -> None:
        if not self._said_unavailable:
            _log.warning("%s", error)
        self._said_unavailable = True
