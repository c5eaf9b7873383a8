"""Finding past turns that match a prompt."""

from cocolora.retrieval.embedders import ChromaMiniLM, Embedder, FindEmbedder, HiddenStates
from cocolora.retrieval.index import SearchIndex
from cocolora.retrieval.units import Unit, UnitKind

__all__ = [
    "ChromaMiniLM",
    "Embedder",
    "FindEmbedder",
    "HiddenStates",
    "SearchIndex",
    "Unit",
    "UnitKind",
]
