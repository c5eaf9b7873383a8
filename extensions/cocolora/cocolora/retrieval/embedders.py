"""Embedders: what turns texts into vectors, where there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from cocolora.errors import EmbedderUnavailable

Floats = Sequence[Sequence[float]]
_MINILM_FILES = ("model.onnx", "tokenizer.json", "config.json", "vocab.txt")


class Embedder(Protocol):
    """Makes one vector per text. Vectors of embedders with different names are never compared.

    ``baseline`` is the cosine of texts that have nothing to do with each other: it counts as 0.
    """

    name: str
    baseline: float

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return one vector per text, all of one length. Raises EmbedderUnavailable."""


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
    """The loaded model's own hidden states, through a function that the engine gives.

    ``embed`` returns a vector per text; ``model`` names the model, so that another one's vectors are not mixed in.
    Raw hidden states of any two texts are much alike, which ``baseline`` takes out.
    """

    def __init__(self, model: str, embed: Callable[[Sequence[str]], Floats | None], *, baseline: float = 0.6) -> None:
        """Take the model's name and its function; a function that returns None has no model right now."""
        self.name = f"hidden-states-{model}"
        self.baseline = baseline
        self._embed = embed

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return one vector per text. Raises EmbedderUnavailable while no model is loaded."""
        vectors = self._embed(texts)
        if vectors is None:
            raise EmbedderUnavailable("no model is loaded")
        return vectors
