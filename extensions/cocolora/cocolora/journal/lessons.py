"""Lessons as they are kept: with the base that wrote them and the turn version they came from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from cocolora.core.lessons import Lesson, LessonKind
from cocolora.journal.database import as_list, to_text
from cocolora.journal.readings import require_current


def add_lessons(
    connection: sqlite3.Connection, lessons: Sequence[Lesson], *, base_fingerprint: str, now: datetime
) -> None:
    """Keep lessons; one that is kept already stays as it is. Raises TurnChanged when a turn changed meanwhile."""
    require_current(connection, dict.fromkeys((lesson.turn_id, lesson.turn_version) for lesson in lessons))
    connection.executemany(
        "INSERT OR IGNORE INTO lessons (id, base_fingerprint, turn_id, turn_version, kind, question, answer, key, "
        "held_out, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                lesson.id,
                base_fingerprint,
                lesson.turn_id,
                lesson.turn_version,
                lesson.kind,
                lesson.question,
                lesson.answer,
                lesson.key,
                lesson.held_out,
                to_text(now),
            )
            for lesson in lessons
        ],
    )


def select_lessons(
    connection: sqlite3.Connection, turn_ids: Iterable[str] | None, base_fingerprint: str | None
) -> list[Lesson]:
    """Return the lessons of the turns, in the order they were added."""
    rows = connection.execute(
        "SELECT * FROM lessons WHERE (?1 IS NULL OR turn_id IN (SELECT value FROM json_each(?1))) "
        "AND (?2 IS NULL OR base_fingerprint = ?2) ORDER BY number",
        (None if turn_ids is None else as_list(turn_ids), base_fingerprint),
    )
    return [lesson_from(row) for row in rows]


def question_ids(connection: sqlite3.Connection, profile: str) -> list[tuple[str, str]]:
    """Return the turn and the id of each lesson with an answer of a profile's current turns."""
    rows = connection.execute(
        "SELECT DISTINCT l.turn_id, l.id FROM lessons l JOIN turns t ON t.id = l.turn_id "
        "WHERE t.profile = ? AND t.state = 'current' AND l.key <> ''",
        (profile,),
    )
    return [(row["turn_id"], row["id"]) for row in rows]


def lesson_from(row: sqlite3.Row) -> Lesson:
    """Return the lesson that a row holds."""
    return Lesson(
        id=row["id"],
        kind=LessonKind(row["kind"]),
        question=row["question"],
        answer=row["answer"],
        key=row["key"],
        turn_id=row["turn_id"],
        turn_version=row["turn_version"],
        held_out=bool(row["held_out"]),
    )
