"""Which embedder there is: the one that the settings name, or none and the reason."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from cocolora.errors import EmbedderUnavailable
from cocolora.retrieval import ChromaMiniLM, Embedder
from cocolora.settings import Retrieval

logger = logging.getLogger(__name__)


class FolderEmbedder:
    """A sentence-transformers model in a local folder."""

    baseline = 0.0

    def __init__(self, folder: Path) -> None:
        """Look into the folder. Raises EmbedderUnavailable."""
        from cocolora.model.sentences import SentenceModel

        self._model = SentenceModel(folder)
        self.name = f"folder-{folder.resolve()}"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text. Raises EmbedderUnavailable."""
        return self._model.embed(texts)


def find_embedder(retrieval: Retrieval) -> tuple[Embedder | None, str]:
    """Return the embedder that the settings name and an empty string, or None and why it is not to be had."""
    try:
        if retrieval.embedder == "folder":
            return FolderEmbedder(Path(retrieval.embedder_folder).expanduser()), ""
        return (ChromaMiniLM() if retrieval.embedder == "chroma" else None), ""
    except EmbedderUnavailable as error:
        logger.info("%s", error)
        return None, str(error)
