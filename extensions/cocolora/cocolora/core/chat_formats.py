"""Chat files as text, read into rows: the webui's saved chats, OpenAI messages and ShareGPT.

What is not a turn is passed over in every format: greetings, system, developer and tool messages, a reply that
answers nobody. Several messages of one side in a row are one message, a blank line between them. A message that
nobody answered, and whatever cannot be read, is named as a problem; the rest goes in.

Reading the same text twice gives the same conversation ids, so importing it twice adds nothing. A webui chat's id
is its file's stem; the recorder knows it by its place under the webui's ``logs``, which ``saved_place`` tells. Any
other chat's id comes from its own ``id`` where it has one, else from all its texts, never from the file's name: a
renamed copy is the same chat, and two chats that begin alike are two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import PurePath
from typing import Any

from cocolora.core.ids import derive_id
from cocolora.core.reconcile import Row

GREETING = "<|BEGIN-VISIBLE-CHAT|>"
"""Stands for the user's text in a webui row that holds a character's greeting."""
_TITLE_CHARACTERS = 60
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIMESTAMP = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}), (\d{4}) (\d{1,2}):(\d{2})")
_SIDES = {
    **dict.fromkeys(("user", "human"), "user"),
    **dict.fromkeys(("assistant", "gpt", "chatgpt", "model", "bot"), "reply"),
    **dict.fromkeys(("system", "developer", "tool", "function", "function_call", "observation"), ""),
}
_FIRST_YEAR = 1970
_LISTS = {"messages": "openai", "conversations": "sharegpt"}


class NotAChat(ValueError):
    """The text holds no chat in any known format; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class _Malformed(ValueError):
    """One row cannot be read."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that was left out: its number (line, list item, message or chat row, from 1) and why."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedChat:
    """One chat: ``source`` names the format, ``profile`` is a hint (the character's folder) or empty."""

    id: str
    title: str
    rows: tuple[Row, ...]
    source: str
    profile: str = ""

    @property
    def started_at(self) -> datetime | None:
        """When the first turn was said, where the file tells."""
        return next((row.said_at for row in self.rows if row.said_at), None)


@dataclass(frozen=True, slots=True)
class ParsedChats:
    """The chats in one text, and the rows that were left out."""

    conversations: tuple[ParsedChat, ...] = ()
    problems: tuple[Problem, ...] = ()


def is_private(name: str) -> bool:
    """Say whether a chat saved by the webui is private: it saves incognito turns, whose id is None, as ``None``."""
    return name == "None" or name.startswith("incognito-")


def saved_place(path: PurePath) -> str:
    """Return where a chat's file lies under the webui's ``logs``, without its suffix; empty for one elsewhere."""
    match path.parts:
        case (*_, "logs", "instruct", _):
            return f"instruct/{path.stem}"
        case (*_, "logs", "chat", character, _):
            return f"chat/{character}/{path.stem}"
    return ""


def read_chats(text: str, *, name: str, zone: tzinfo | None = None) -> ParsedChats:
    """Read every chat in a file's ``text``; ``name`` is the file's name, with its folder where that is known.

    The webui writes local times: they are read in ``zone``, None for this machine's. Raises NotAChat.
    """
    entries = list(_entries(text.removeprefix("\ufeff")))
    if len(entries) == 1 and isinstance(entries[0][1], Mapping) and (saved := _saved_rows(entries[0][1])) is not None:
        return _read_webui(entries[0][1], saved, name=PurePath(name), zone=zone)
    if any(_is_message(value) for _, value in entries):
        return _read_messages(entries)
    return _read_objects(entries)


def parse_timestamp(text: object, zone: tzinfo | None = None) -> datetime | None:
    """Read the webui's ``Nov 23, 2026 16:46``, whatever this machine's language; None when it is none."""
    found = _TIMESTAMP.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found or found[1] not in _MONTHS:
        return None
    day, year, hour, minute = (int(part) for part in found.groups()[1:])
    try:
        moment = datetime(year, _MONTHS.index(found[1]) + 1, day, hour, minute, tzinfo=zone)
        return (moment if zone else moment.astimezone()) if year >= _FIRST_YEAR else None
    except (ValueError, OverflowError, OSError):
        return None


def _entries(text: str) -> Iterator[tuple[int, Any]]:
    """Yield the numbered values of a text: of a list or of lines of JSON; a line's error stands for its value."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise NotAChat("its JSON is nested too deeply") from None
    except ValueError as error:
        yield from _lines(text, error)
        return
    yield from enumerate(value if isinstance(value, list) else [value], start=1)


def _lines(text: str, error: ValueError) -> Iterator[tuple[int, Any]]:
    read = [(number, _line(line)) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not any(isinstance(value, Mapping) for _, value in read):
        raise NotAChat(f"it is not JSON ({error})" if text.strip() else "it is empty")
    yield from read


def _line(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        return _Malformed(f"it is not JSON ({error})")


def _saved_rows(value: Mapping[str, Any]) -> list[Any] | None:
    rows = value.get("internal", value.get("data"))
    return rows if isinstance(rows, list) and ("visible" in value or "data_visible" in value) else None


def _read_webui(
    history: Mapping[str, Any], saved: Sequence[Any], *, name: PurePath, zone: tzinfo | None
) -> ParsedChats:
    rows: list[Row] = []
    problems: list[Problem] = []
    metadata = history.get("metadata")
    for index, pair in enumerate(saved):
        try:
            row = _webui_row(pair, metadata if isinstance(metadata, Mapping) else {}, index, zone)
        except _Malformed as error:
            problems.append(Problem(index + 1, str(error)))
            continue
        if row.is_turn:
            rows.append(row)
        elif row.user.strip():
            problems.append(Problem(index + 1, "it has no reply"))
    chat = ParsedChat(name.stem, name.stem, tuple(rows), "webui", name.parent.name)
    return ParsedChats((chat,) if rows else (), tuple(problems))


def _webui_row(pair: Any, metadata: Mapping[str, Any], index: int, zone: tzinfo | None) -> Row:
    if not isinstance(pair, list) or len(pair) < 2:
        raise _Malformed("it is not a pair of a message and a reply")
    user, reply = pair[:2]
    if not isinstance(user, str) or not isinstance(reply, str):
        raise _Malformed("its message and reply are not both text")
    said, replied = (_mapping(metadata.get(f"{side}_{index}")) for side in ("user", "assistant"))
    said_at = parse_timestamp(said.get("timestamp"), zone) or parse_timestamp(replied.get("timestamp"), zone)
    return Row("" if user == GREETING else user, reply, said_at, webui_versions(replied))


def webui_versions(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the replies, current and rejected, that the metadata of a webui reply (``assistant_0``) keeps."""
    versions = metadata.get("versions")
    found = [_mapping(version).get("content") for version in versions] if isinstance(versions, list) else []
    return tuple(content for content in found if isinstance(content, str) and content.strip())


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and ("role" in value or {"from", "value"} <= value.keys())


def _read_messages(entries: Sequence[tuple[int, Any]]) -> ParsedChats:
    """Read a list, or lines, of bare messages: one chat."""
    rows, problems = _rows(entries)
    is_openai = any("role" in _mapping(value) for _, value in entries)
    chats = (_chat({}, rows, "openai" if is_openai else "sharegpt"),) if rows else ()
    return ParsedChats(chats, tuple(problems))


def _read_objects(entries: Sequence[tuple[int, Any]]) -> ParsedChats:
    chats: dict[str, ParsedChat] = {}
    problems: list[Problem] = []
    is_any_chat = False
    for number, value in entries:
        try:
            key = _list_key(value)
        except _Malformed as error:
            problems.append(Problem(number, str(error)))
            continue
        is_any_chat = True
        rows, inside = _rows(list(enumerate(value[key], start=1)))
        alone = len(entries) == 1
        problems += inside if alone else [Problem(number, f"message {p.row}: {p.reason}") for p in inside]
        if rows:
            chat = _chat(value, rows, _LISTS[key])
            chats.setdefault(chat.id, chat)
    if not is_any_chat:
        raise NotAChat(problems[0].reason if problems else "it holds no chat")
    return ParsedChats(tuple(chats.values()), tuple(problems))


def _list_key(value: Any) -> str:
    if isinstance(value, _Malformed):
        raise value
    if not isinstance(value, Mapping):
        raise _Malformed("it is not an object")
    for key in _LISTS:
        if isinstance(value.get(key), list):
            return key
    raise _Malformed('it has no list "messages" or "conversations", and is no saved chat')


def _rows(entries: Sequence[tuple[int, Any]]) -> tuple[list[Row], list[Problem]]:
    """Pair messages into rows."""
    said: list[tuple[int, str, str]] = []
    problems: list[Problem] = []
    for number, value in entries:
        try:
            side, text = _message(value)
        except _Malformed as error:
            problems.append(Problem(number, str(error)))
            continue
        if said and side == said[-1][1] and text:
            said[-1] = (said[-1][0], side, f"{said[-1][2]}\n\n{text}")
        elif side and text:
            said.append((number, side, text))
    rows: list[Row] = []
    for place, (number, side, text) in enumerate(said, start=1):
        if side == "user" and place < len(said):
            rows.append(Row(text, said[place][2]))
        elif side == "user":
            problems.append(Problem(number, "it has no reply"))
    return rows, sorted(problems, key=lambda problem: problem.row)


def _message(value: Any) -> tuple[str, str]:
    """Return a message's side ("user", "reply", or "" for neither) and its text, empty when it only calls tools."""
    if isinstance(value, _Malformed):
        raise value
    if not isinstance(value, Mapping):
        raise _Malformed("it is not a message")
    role = value.get("role", value.get("from"))
    if not isinstance(role, str) or role.lower() not in _SIDES:
        raise _Malformed(f"its role {role!r} is unknown")
    side = _SIDES[role.lower()]
    return (side, _content(value.get("content", value.get("value")))) if side else ("", "")


def _content(content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, list):
        parts = [_mapping(part).get("text") for part in content]
        return "\n".join(part for part in parts if isinstance(part, str)).strip()
    if not isinstance(content, str):
        raise _Malformed("its content is not text")
    return content if content.strip() else ""


def _chat(value: Mapping[str, Any], rows: Sequence[Row], source: str) -> ParsedChat:
    own = value.get("id", value.get("conversation_id"))
    named = isinstance(own, str | int) and own not in ("", 0)
    parts: tuple[object, ...] = ("own", own, rows[0].user) if named else tuple(text for r in rows for text in r.texts)
    title = value.get("title")
    if not isinstance(title, str) or not title.strip():
        title = " ".join(rows[0].user.split())
    return ParsedChat(_id(source, parts), title.strip()[:_TITLE_CHARACTERS], tuple(rows), source)


def _id(source: str, parts: Sequence[object]) -> str:
    readable = (str(part).encode("utf-8", "replace").decode() for part in parts)
    return derive_id("chat", source, *readable)
