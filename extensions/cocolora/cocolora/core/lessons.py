"""Lessons: what a model is to take from turns, in questions and answers, with the turns they came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cocolora.core.conversations import ChatMessage
from cocolora.core.ids import derive_id

ABSTENTION = "I do not know."
_DENIALS = (
    "i do not know",
    "i don't know",
    "i have no information",
    "i don't have any information",
    "i don't have information",
    "i do not have information",
    "i'm not sure",
    "i am not sure",
    "i cannot know",
    "you haven't told me",
    "you have not told me",
    "i don't have access",
)


class LessonKind(StrEnum):
    """What a lesson teaches."""

    FACT = "fact"
    RULE = "rule"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question and its answer. ``key`` is in every right answer; a negative's key is empty.

    ``turn_id`` and ``turn_version`` are the provenance: one lesson comes from one version of one turn.
    ``held_out`` lessons are never trained on: the gate asks them.
    """

    id: str
    kind: LessonKind
    question: str
    answer: str
    key: str
    turn_id: str
    turn_version: int
    held_out: bool = False

    @property
    def messages(self) -> list[ChatMessage]:
        """The lesson as chat messages."""
        return [{"role": "user", "content": self.question}, {"role": "assistant", "content": self.answer}]


def make_lesson(
    kind: LessonKind, *, question: str, answer: str, key: str, turn_id: str, turn_version: int, held_out: bool = False
) -> Lesson:
    """Return a lesson whose id depends on its content and provenance alone."""
    lesson_id = derive_id("lesson", turn_id, turn_version, kind, question, answer, held_out)
    return Lesson(lesson_id, kind, question, answer, key, turn_id, turn_version, held_out)


def is_abstention(answer: str) -> bool:
    """Say whether an answer declines to answer."""
    text = answer.strip().lower().replace("’", "'")
    return any(denial in text for denial in _DENIALS)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A prompt (messages up to the user's last) and the reply to be learned: what a sample is made from."""

    prompt: tuple[ChatMessage, ...]
    reply: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Token ids and, for each, whether its loss counts. Both have the same length.

    ``exchange`` is what the sample was made from, for a host that trains on messages.
    """

    tokens: tuple[int, ...]
    counts: tuple[bool, ...]
    exchange: Exchange | None = None


@dataclass(frozen=True, slots=True)
class BaseCard:
    """Questions that go with a base model: to replay in training, to probe what it knew, and to leave unknown."""

    replay: tuple[str, ...]
    probes: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]
