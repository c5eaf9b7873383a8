"""Which embedder there is: the one that the settings name, or none and the reason."""

from __future__ import annotations

import logging

from cocolora.errors import EmbedderUnavailable
from cocolora.retrieval import ChromaMiniLM, Embedder

logger = logging.getLogger(__name__)


def find_embedder(name: str) -> tuple[Embedder | None, str]:
    """Return the embedder called ``name`` and an empty string, or None and why it is not to be had."""
    if name == "none":
        return None, ""
    try:
        return ChromaMiniLM(), ""
    except EmbedderUnavailable as error:
        logger.info("%s", error)
        return None, str(error)
