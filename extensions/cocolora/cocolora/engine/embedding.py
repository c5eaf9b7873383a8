"""Which embedder there is: the one that the settings name, or none and the reason."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from cocolora.engine.workbench import Workbench
from cocolora.errors import CocoloraError, EmbedderUnavailable, ModelError, NoModel
from cocolora.retrieval import ChromaMiniLM, Embedder, FindEmbedder, HiddenStates
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


class LoadedModelEmbedders:
    """Finds the embedder of whatever model is loaded at the moment, and keeps no reference to the model."""

    def __init__(self, find_bench: Callable[[], Workbench]) -> None:
        self._find_bench = find_bench
        self._embedder: tuple[str, HiddenStates] | None = None

    def __call__(self) -> Embedder:
        """Return the embedder; another model has another one. Raises EmbedderUnavailable."""
        fingerprint = self._bench().model.identity.fingerprint
        if self._embedder is None or self._embedder[0] != fingerprint:
            self._embedder = fingerprint, HiddenStates(fingerprint, partial(self._embed, fingerprint))
        return self._embedder[1]

    def _embed(self, fingerprint: str, texts: Sequence[str]) -> list[list[float]]:
        """Return the bare base's vectors. Chats go first between two batches of texts."""
        bench = self._bench()
        if bench.model.identity.fingerprint != fingerprint:
            raise EmbedderUnavailable("another model was loaded meanwhile")
        try:
            with bench.borrowing([]) as model:
                return model.hidden_states(texts)
        except (CocoloraError, MemoryError, RuntimeError) as error:  # torch says with RuntimeError that memory ran out
            raise EmbedderUnavailable(f"the loaded model made no vectors ({error})") from error

    def _bench(self) -> Workbench:
        try:
            return self._find_bench()
        except NoModel as error:
            raise EmbedderUnavailable("no model is loaded") from error
        except ModelError as error:
            raise EmbedderUnavailable(f"the loaded model cannot be used ({error})") from error


def find_embedder(retrieval: Retrieval, find_bench: Callable[[], Workbench]) -> tuple[FindEmbedder | None, str]:
    """Return what finds the embedder that the settings name, and an empty string; or None and why it is not to be had.

    Whether the loaded model can be one shows only when it is asked: hosts load it, and others, later.
    """
    if retrieval.embedder == "none":
        return None, ""
    if retrieval.embedder == "model":
        return LoadedModelEmbedders(find_bench), ""
    try:
        embedder = _open_embedder(retrieval)
    except EmbedderUnavailable as error:
        logger.info("%s", error)
        return None, str(error)
    return lambda: embedder, ""


def _open_embedder(retrieval: Retrieval) -> Embedder:
    if retrieval.embedder == "folder":
        return FolderEmbedder(Path(retrieval.embedder_folder).expanduser())
    return ChromaMiniLM()


def why_no_minilm() -> str:
    """Return why chroma's MiniLM is not to be had; empty where it is."""
    try:
        ChromaMiniLM()
    except EmbedderUnavailable as error:
        return str(error)
    return ""
