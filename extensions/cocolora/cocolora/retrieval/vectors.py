"""The vector index: chroma, embedded and offline, holding row numbers and vectors only.

Chroma keeps deleted vectors in its queue and its graph files. The vectors' own home is therefore the word index's
file, which erases; chroma's folder is a derivative that is thrown away whenever a vector must go, and refilled.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]


class VectorIndex:
    """Nearest neighbours by cosine, one chroma collection per profile; opened when first used.

    Not safe for several threads: the caller holds a lock.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._client: Any = None

    def add(self, profile: int, rows: Sequence[int], vectors: Vectors) -> None:
        """Keep vectors, (rows, dimension) in float32, under their row numbers."""
        collection = self._open().get_or_create_collection(
            _name(profile), embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )
        collection.upsert(ids=[str(row) for row in rows], embeddings=vectors)

    def nearest(self, profile: int, vector: Vectors, *, limit: int) -> list[int]:
        """Return the rows whose vectors are nearest, nearest first."""
        if not self._folder.exists():
            return []
        collections = {collection.name: collection for collection in self._open().list_collections()}
        collection = collections.get(_name(profile))
        if collection is None:
            return []
        wanted = min(limit, collection.count())
        found = collection.query(query_embeddings=[vector], n_results=wanted, include=[]) if wanted else {"ids": [[]]}
        return [int(row) for row in found["ids"][0]]

    def count(self) -> int:
        """Return how many vectors there are."""
        if not self._folder.exists():
            return 0
        return sum(collection.count() for collection in self._open().list_collections())

    def clear(self) -> None:
        """Delete every file of it."""
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Let go of the files."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _open(self) -> Any:
        if self._client is None:
            import chromadb
            from chromadb.config import Settings

            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._client = chromadb.PersistentClient(
                str(self._folder), settings=Settings(anonymized_telemetry=False, allow_reset=False)
            )
        return self._client


def _name(profile: int) -> str:
    return f"profile-{profile}"


def normalise(vectors: Sequence[Sequence[float]] | Vectors) -> Vectors:
    """Return (count, dimension) vectors in float32 with length 1; a vector of zeros stays as it is."""
    array = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(array, axis=-1, keepdims=True)
    result: Vectors = array / np.where(lengths > 0, lengths, 1)
    return result


def from_bytes(vectors: Sequence[bytes]) -> Vectors:
    """Return kept vectors as (count, dimension)."""
    return np.frombuffer(b"".join(vectors), dtype=np.float32).reshape(len(vectors), -1)


def similarities(vector: Vectors | None, kept: Mapping[int, bytes], *, baseline: float) -> dict[int, float]:
    """Return the cosine of ``vector`` and each kept one (float32 bytes), with ``baseline`` stretched down to 0.

    Those of another length, which another embedder has made meanwhile, are left out.
    """
    if vector is None:
        return {}
    fitting = {row: found for row, found in kept.items() if len(found) == vector.nbytes}
    if not fitting:
        return {}
    cosines = (from_bytes(list(fitting.values())) @ vector - baseline) / (1 - baseline)
    return dict(zip(fitting, map(float, cosines), strict=True))
