"""Importing chats from files: the webui's saved chats, OpenAI messages and ShareGPT."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cocolora.core.chat_formats import ParsedChat, is_private, read_chats, saved_place
from cocolora.core.conversations import IMPORT_SOURCE, Change, Conversation
from cocolora.core.events import CancelCheck, Progress, ProgressCallback
from cocolora.core.phrases import count
from cocolora.engine.record import record
from cocolora.engine.rooms import Rooms
from cocolora.errors import Cancelled, ChatFileInvalid

IMPORT = "import"
"""The kind of job that imports."""
CHAT_SUFFIXES = (".json", ".jsonl")
MANY_TURNS = 100
"""More turns than these take a while to learn with any model: that is said, and their user begins it."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import added, and what it had to leave out: (file, row, reason)."""

    conversations: int
    turns: int
    problems: tuple[tuple[Path, int | None, str], ...]

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        added = f"Recorded {count(self.turns, 'new turn')} in {count(self.conversations, 'conversation')}."
        if self.turns > MANY_TURNS:
            added += (
                " Learning them takes a while, and begins when you ask for it, with `cocolora learn` or Learn now: "
                "`cocolora learn --plan` says how long."
            )
        if not self.problems:
            return added
        _, row, reason = self.problems[0]
        where = "" if row is None else f" in row {row}"
        return f"{added} {count(len(self.problems), 'problem')}, the first{where}: {reason}."


def import_chats(
    rooms: Rooms, paths: Sequence[Path], *, profile: str, on_progress: ProgressCallback, cancelled: CancelCheck
) -> Imported:
    """Record the chats in files and folders; importing the same twice adds nothing.

    A file that is no chat is a problem, not an error, unless it is the only one: then raises ChatFileInvalid.
    """
    files = list(_files(paths))
    chats, turns = 0, 0
    problems: list[tuple[Path, int | None, str]] = []
    for number, path in enumerate(files):
        if cancelled():
            raise Cancelled("The import")
        on_progress(Progress("importing", number, len(files)))
        if is_private(path.stem):
            problems.append((path, None, "an incognito chat is private"))
            continue
        try:
            parsed = read_chats(_read(path), name=path.stem)
        except ValueError as error:
            if len(files) == 1:
                raise ChatFileInvalid(path, str(error)) from None
            problems.append((path, None, str(error)))
            continue
        problems += [(path, problem.row, problem.reason) for problem in parsed.problems]
        added = [_add(rooms, chat, path=path, profile=profile) for chat in parsed.conversations]
        chats, turns = chats + sum(bool(turns_added) for turns_added in added), turns + sum(added)
    return Imported(chats, turns, tuple(problems))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix in CHAT_SUFFIXES and file.is_file())
        elif path.is_file():
            yield path
        else:
            raise ChatFileInvalid(path, "there is no such file or folder")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"not readable as UTF-8 text: {error}") from None


def _add(rooms: Rooms, chat: ParsedChat, *, path: Path, profile: str) -> int:
    dated = [row.said_at for row in chat.rows if row.said_at is not None]
    started_at = min(dated) if dated else rooms.clock()
    conversation = Conversation(_id(rooms, chat, path), profile, chat.title, IMPORT_SOURCE, started_at)
    return len(record(rooms, conversation, chat.rows, change=Change.IMPORTED).recorded)


def _id(rooms: Rooms, chat: ParsedChat, path: Path) -> str:
    """Return a chat's id: its place in the webui's logs where it lies there, unless it came in without it before."""
    place = saved_place(path.absolute())
    known = (place, chat.id) if place and chat.source == "webui" else (chat.id,)
    return next((one for one in known if rooms.journal.knows(one)), known[0])
