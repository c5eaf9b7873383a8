"""What was said and learned as ``messages`` JSONL, to teach another model: this one file holds text."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from cocolora.core.conversations import Turn
from cocolora.core.lessons import Lesson
from cocolora.sharing.aside import made_aside

Line = dict[str, object]


def write_dataset(target: Path, turns: Sequence[Turn], lessons: Sequence[Lesson]) -> int:
    """Write a line for each turn and each lesson of these turns that has an answer; return how many.

    ``kind`` says what a line is, ``said_at`` when its turn was said, and the ids where it comes from. The file is
    readable by its owner only. Raises FileExistsError.
    """
    lines = [*map(_turn_line, turns), *_lesson_lines(lessons, {turn.id: turn for turn in turns})]
    with made_aside(target) as aside:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            for line in lines:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return len(lines)


def _turn_line(turn: Turn) -> Line:
    return {"messages": turn.messages, "kind": "turn", **_origin(turn)}


def _lesson_lines(lessons: Sequence[Lesson], turns: dict[str, Turn]) -> Iterator[Line]:
    """Yield each lesson once: several bases may have written the same one. Rules have no answer, their turn has."""
    written: set[tuple[str, str, str]] = set()
    for lesson in lessons:
        same = (lesson.turn_id, lesson.question, lesson.answer)
        if lesson.answer and lesson.turn_id in turns and same not in written:
            written.add(same)
            where = {"lesson_id": lesson.id, "held_out": lesson.held_out}
            yield {"messages": lesson.messages, "kind": lesson.kind.value, **_origin(turns[lesson.turn_id]), **where}


def _origin(turn: Turn) -> Line:
    return {
        "said_at": turn.said_at.isoformat(),
        "turn_id": turn.id,
        "turn_version": turn.version,
        "conversation_id": turn.conversation_id,
    }
