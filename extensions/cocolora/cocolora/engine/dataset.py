"""Datasets: what a profile said and learned, for teaching another model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cocolora.core.conversations import Turn
from cocolora.core.lessons import Lesson
from cocolora.core.phrases import count
from cocolora.engine.rooms import Rooms
from cocolora.lessons.unfit import holds_secret
from cocolora.sharing import write_dataset


@dataclass(frozen=True, slots=True)
class Dataset:
    """The turns and lessons that a dataset would hold."""

    profile: str
    turns: tuple[Turn, ...]
    lessons: tuple[Lesson, ...]

    @property
    def sentence(self) -> str:
        """What the file would hold, in words."""
        if not self.turns:
            return f'Nothing was said in the profile "{self.profile}" that may be learned.'
        first, last = self.turns[0].said_at, self.turns[-1].said_at
        held = f"{count(len(self.turns), 'turn')} and {count(len(self.lessons), 'lesson')}"
        return (
            f'The file holds the text of {held} of the profile "{self.profile}", said from {first:%Y-%m-%d} to '
            f"{last:%Y-%m-%d}, word for word. Forgetting something later does not take it out of the file."
        )


def plan_dataset(rooms: Rooms, *, profile: str) -> Dataset:
    """Return what a dataset of the profile would hold.

    A turn that may not be learned is left out, and so is one whose conversation may not, or that holds a secret; what
    was forgotten or removed is not there.
    """
    private = rooms.journal.unlearnable()
    turns = [
        turn
        for turn in rooms.journal.turns(profile=profile)
        if turn.learnable
        if not private or private.isdisjoint(rooms.journal.conversations_of(turn.id))
        if not holds_secret(turn.text)
    ]
    turns.sort(key=lambda turn: (turn.said_at, turn.conversation_id, turn.ordinal))
    return Dataset(profile, tuple(turns), tuple(rooms.journal.lessons([turn.id for turn in turns])))


def export_dataset(rooms: Rooms, target: Path, *, profile: str) -> int:
    """Write a profile's dataset and return its lines. Raises FileExistsError, HomeBusy."""
    with rooms.home.writing():  # nothing is forgotten between reading and writing
        planned = plan_dataset(rooms, profile=profile)
        return write_dataset(target, planned.turns, planned.lessons)
