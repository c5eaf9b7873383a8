"""Word lists are written as one text."""

from __future__ import annotations


def words(text: str, *, between: str | None = None) -> tuple[str, ...]:
    """Return the words of ``text``, or its phrases when ``between`` says what stands between them."""
    return tuple(text.split(between))
