"""What the webui's histories and states say: their rows as rows of a conversation, and which chat they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from cocolora.core.asides import is_aside
from cocolora.core.chat_formats import GREETING, is_private, parse_timestamp
from cocolora.core.conversations import Conversation
from cocolora.core.reconcile import Row

SOURCE = "webui"
TITLE_CHARACTERS = 60
_CHAT_NAME = "%Y%m%d-%H-%M-%S"

History = Mapping[str, Any]
Speech = Callable[[str], str]


def as_written(text: str) -> str:
    """Return a reply as it is."""
    return text


def rows_of(history: History, *, spoken: Speech = as_written) -> list[Row]:
    """Return a row for each row of a history, so that positions agree; a greeting's has no user text.

    ``spoken`` takes a model's thoughts off its replies.
    """
    metadata = history.get("metadata") or {}
    return [_row(entry, metadata, number, spoken) for number, entry in enumerate(history["internal"])]


def _row(entry: Sequence[str], metadata: Mapping[str, Any], number: int, spoken: Speech) -> Row:
    user, reply = str(entry[0]), spoken(str(entry[1]))
    asked, answered = metadata.get(f"user_{number}") or {}, metadata.get(f"assistant_{number}") or {}
    said_at = parse_timestamp(asked.get("timestamp")) or parse_timestamp(answered.get("timestamp"))
    versions = [spoken(str(version.get("content") or "")) for version in answered.get("versions") or ()]
    return Row("" if user == GREETING else user, reply, said_at, tuple(filter(None, versions)))


def with_reply(history: History, reply: str) -> dict[str, Any]:
    """Return the history with another last reply; the original is left as it is."""
    *before, last = history["internal"]
    return {**history, "internal": [*before, [last[0], reply]]}


def with_turn(history: History, user: str, reply: str) -> dict[str, Any]:
    """Return the history with one more row; the original is left as it is."""
    return {**history, "internal": [*history["internal"], [user, reply]]}


def chat_id(state: Mapping[str, Any]) -> str | None:
    """Return the name of a state's chat: where the host saves it, under ``logs``. None for a chat that is private.

    A chat is private when its id is None (incognito, or a chat that a search hides), when its name says so, and
    when there is none: an API client keeps its own history.
    """
    name = state.get("unique_id")
    return chat_place(state, name) if isinstance(name, str) and name and not is_private(name) else None


def chat_place(state: Mapping[str, Any], name: str = "") -> str:
    """Return where the host saves a chat of this state's mode and character, under ``logs``."""
    return f"instruct/{name}" if state.get("mode") == "instruct" else f"chat/{state.get('character_menu')}/{name}"


def without_asides(history: History) -> dict[str, Any]:
    """Return the history without its asides, with its metadata under the numbers that the rows then have."""
    kept = [number for number, entry in enumerate(history["internal"]) if not is_aside(str(entry[1]))]
    metadata = history.get("metadata") or {}
    renumbered = {
        f"{who}_{place}": metadata[f"{who}_{number}"]
        for place, number in enumerate(kept)
        for who in ("user", "assistant")
        if f"{who}_{number}" in metadata
    }
    rows = {key: [history[key][number] for number in kept] for key in ("internal", "visible") if key in history}
    return {**history, **rows, "metadata": renumbered}


def conversation_of(chat: str, rows: Sequence[Row], *, profile: str, now: datetime) -> Conversation:
    """Return the conversation that a chat is recorded as, named for its first question."""
    asked = next((" ".join(row.user.split()) for row in rows if row.is_turn), "")
    name = PurePosixPath(chat).name
    dated = [row.said_at for row in rows if row.said_at is not None]
    started_at = min(dated) if dated else _named_time(name) or now
    return Conversation(chat, profile, asked[:TITLE_CHARACTERS] or name, SOURCE, started_at)


def _named_time(name: str) -> datetime | None:
    """Return when a chat was begun, which the host names it after; None for a chat with another name."""
    try:
        return datetime.strptime(name, _CHAT_NAME).astimezone(UTC)
    except ValueError:
        return None
