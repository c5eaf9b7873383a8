"""The use cases, and the one place where rooms are wired together."""

from cocolora.engine.engine import Engine

__all__ = ["Engine"]
