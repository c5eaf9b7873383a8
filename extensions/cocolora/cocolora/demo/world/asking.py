"""How a question is framed: the direct form behind an opener, or the embedded form inside a longer question."""

from __future__ import annotations

OPENERS = (
    "",
    "Quick question: ",
    "Say, ",
    "By the way, ",
    "Tell me, ",
    "Hey, ",
    "One more thing: ",
    "Please tell me: ",
)
FRAMES = (
    "Do you know {e}?",
    "Can you tell me {e}?",
    "Please tell me {e}.",
    "Remind me {e}.",
    "Do you remember {e}?",
    "I forgot {e}, can you help?",
    "Could you remind me {e}?",
    "Tell me {e}.",
    "I would like to know {e}.",
)


def lowered(text: str) -> str:
    """Return ``text`` with a small first letter, but for the word I."""
    keeps = text.startswith(("I ", "I'")) or text[:2].isupper()
    return text if keeps else text[:1].lower() + text[1:]


def raised(text: str) -> str:
    """Return ``text`` with a capital first letter."""
    return text[:1].upper() + text[1:]


def framings(*, direct: tuple[str, ...], embedded: tuple[str, ...]) -> tuple[str, ...]:
    """Return every question that can be made of the direct and the embedded forms, plain direct forms first."""
    opened = (opener + (lowered(form) if opener else form) for opener in OPENERS for form in direct)
    framed = (frame.format(e=form) for frame in FRAMES for form in embedded)
    return (*opened, *framed)
