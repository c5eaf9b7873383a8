"""Embedders: what turns texts into vectors, where there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from cocolora.errors import EmbedderUnavailable
from cocolora.retrieval.vectors import Vectors, normalise

Floats = Sequence[Sequence[float]]
_MINILM_FILES = ("model.onnx", "tokenizer.json", "config.json", "vocab.txt")
_RARE = 0.95
_HIGHEST_BASELINE = 0.9
UNRELATED = (
    "My sister moved to another city last week.\nThat is a big change. How does she like it there?",
    "How do I bake bread without yeast?\nUse baking soda and buttermilk, and knead the dough only briefly.",
    "What is the capital of Norway?",
    "I am afraid of the dentist.\nMany people are. Tell them before they begin.",
    "Please write a short poem about rain.\nGrey the morning, soft the sound, silver drops upon the ground.",
    "Which book should I read next?",
    "My back hurts when I sit too long.\nStand up once an hour, and stretch.",
    "The meeting was moved to Thursday.\nThank you, I will keep that in mind.",
    "How far away is the moon?\nAbout 384,000 kilometres.",
    "When does the museum open?",
    "He plays the violin in an orchestra.\nHow wonderful! What do they play?",
    "I forgot my password again.\nA password manager remembers all of them for you.",
    "Can you explain how a loan works?\nYou borrow money, and pay it back with interest.",
    "Who won the match yesterday?",
    "Our tomatoes did not grow this year.\nThey need a lot of sun, and not too much water.",
    "I would like to learn how to swim.\nThere are courses for adults in most public pools.",
)
"""What people say and ask of one thing each, as it is looked for: exchanges and questions."""


class Embedder(Protocol):
    """Makes one vector per text. Vectors of embedders with different names are never compared.

    ``baseline`` is the cosine of texts that have nothing to do with each other: it counts as 0.
    """

    @property
    def name(self) -> str:
        """What made the vectors."""

    @property
    def baseline(self) -> float:
        """The cosine that counts as 0. Raises EmbedderUnavailable."""

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return one vector per text, all of one length. Raises EmbedderUnavailable."""


FindEmbedder = Callable[[], Embedder]
"""Returns the embedder of the moment, whenever one is needed. Raises EmbedderUnavailable."""


class ChromaMiniLM:
    """Chroma's default embedder (all-MiniLM-L6-v2, ONNX), where its files are on this machine already."""

    name = "chroma-all-MiniLM-L6-v2"
    baseline = 0.0

    def __init__(self) -> None:
        """Look for the files; nothing is downloaded. Raises EmbedderUnavailable."""
        try:
            from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import ONNXMiniLM_L6_V2
        except ImportError as error:
            raise EmbedderUnavailable(f"chromadb is not installed ({error})") from error
        folder = Path(ONNXMiniLM_L6_V2.DOWNLOAD_PATH) / ONNXMiniLM_L6_V2.EXTRACTED_FOLDER_NAME
        missing = [name for name in _MINILM_FILES if not (folder / name).exists()]
        if missing:
            raise EmbedderUnavailable(f"chroma's MiniLM is not on this machine ({folder} lacks {', '.join(missing)})")
        self._function: Any = ONNXMiniLM_L6_V2(preferred_providers=["CPUExecutionProvider"])

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return 384 floats per text."""
        return [[float(value) for value in vector] for vector in self._function(list(texts))]


class HiddenStates:
    """A causal language model's own hidden states, through a function that the engine gives.

    Those of any two texts are much alike. So the mean of a few texts that have nothing to do with each other is taken
    from every vector, and ``baseline`` is a cosine that few pairs of these texts reach: both are measured with the
    model when it is first used, since they differ from .5 to .9 between the layers of one small model already.
    """

    def __init__(self, model: str, embed: Callable[[Sequence[str]], Floats]) -> None:
        """Take the model's name and its function, which raises EmbedderUnavailable when it cannot be used."""
        self.name = f"hidden-states-{model}"
        self._embed = embed
        self._measured: tuple[Vectors, float] | None = None

    @property
    def baseline(self) -> float:
        """The cosine that one in twenty pairs of unrelated texts exceeds. Raises EmbedderUnavailable."""
        return self._measure()[1]

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return one vector per text. Raises EmbedderUnavailable."""
        centre, _ = self._measure()
        centred: Floats = (np.asarray(self._embed(texts), dtype=np.float32) - centre).tolist()
        return centred

    def _measure(self) -> tuple[Vectors, float]:
        """Return the mean of the unrelated texts' vectors, and the baseline."""
        if self._measured is None:
            vectors = np.asarray(self._embed(UNRELATED), dtype=np.float32)
            centre = vectors.mean(axis=0)
            directions = normalise(vectors - centre)
            cosines = (directions @ directions.T)[np.triu_indices(len(UNRELATED), k=1)]
            self._measured = centre, float(np.clip(np.quantile(cosines, _RARE), 0.0, _HIGHEST_BASELINE))
        return self._measured
