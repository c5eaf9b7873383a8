"""The kinds of base model: one small piece each for the care it needs; nothing else knows which kind it works with."""

from cocolora.model.bases.kinds import Base, base_of, on_load

__all__ = ["Base", "base_of", "on_load"]
