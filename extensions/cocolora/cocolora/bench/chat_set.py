"""A set of chats with questions about them, read from a folder: see docs/benchmarks.md for its form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cocolora.core.conversations import Conversation, Turn
from cocolora.core.reconcile import Row
from cocolora.errors import ChatFileInvalid

_MORNING = timedelta(hours=9)


@dataclass(frozen=True, slots=True)
class Question:
    """A question that one user's chats answer; ``evidence`` are the (day, place) of the exchanges that do."""

    user: str
    wordings: tuple[str, str]
    evidence: frozenset[tuple[str, int]]
    dated: bool


@dataclass(frozen=True, slots=True)
class ChatSet:
    """Chats by user and day, and the questions that they answer."""

    history: dict[str, dict[str, list[dict[str, str]]]]
    questions: tuple[Question, ...]

    def conversations(self) -> Iterator[tuple[Conversation, list[Row]]]:
        """Return one conversation for each user and day, under a profile of the user's name."""
        for user, days in self.history.items():
            for day, pairs in days.items():
                start = datetime.fromisoformat(day).replace(tzinfo=UTC) + _MORNING
                rows = [
                    Row(pair["query"], pair["response"], start + timedelta(minutes=place))
                    for place, pair in enumerate(pairs)
                ]
                yield Conversation(f"{user}/{day}", user, day, "bench", start), rows

    @property
    def asked_at(self) -> datetime:
        """When the questions are asked: noon of the day after the last chat."""
        last = max(day for days in self.history.values() for day in days)
        return datetime.fromisoformat(last).replace(tzinfo=UTC) + timedelta(days=1, hours=12)


def place_of(turn: Turn) -> tuple[str, int]:
    """Return the (day, place) of a turn, as evidence names it."""
    return turn.conversation_id.rpartition("/")[2], turn.position


def read_chat_set(folder: Path) -> ChatSet:
    """Read ``conversations.json`` and ``questions.jsonl``; raises ChatFileInvalid."""
    file = folder / "conversations.json"
    try:
        users = json.loads(file.read_text(encoding="utf-8"))
        history = {str(user): chat["history"] for user, chat in users.items()}
        file = folder / "questions.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.strip()]
        questions = tuple(_question(line) for line in found if line["answerable"])
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ChatFileInvalid(file, f"it is not as docs/benchmarks.md says ({error!r})") from None
    return ChatSet(history, questions)


def _question(line: dict[str, Any]) -> Question:
    evidence = frozenset((str(day), int(place)) for day, place in line["evidence"])
    return Question(line["user"], (line["question"], line["paraphrase"]), evidence, bool(line["asks_about_time"]))
