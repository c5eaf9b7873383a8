"""Pieces of sentences: numbers with their nouns, and quotes on one line."""

LONGEST_QUOTE = 80


def count(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 turn`` or ``2 turns``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def shorten(text: str, longest: int = LONGEST_QUOTE) -> str:
    """Return text on one line, cut to at most ``longest`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
