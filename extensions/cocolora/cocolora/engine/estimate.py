"""Estimating: how long the loaded model will train on one stretch, from how long it takes to read one batch."""

from __future__ import annotations

import time
from dataclasses import dataclass

from cocolora.core.conversations import ChatMessage
from cocolora.core.events import CancelCheck, Progress, ProgressCallback
from cocolora.core.phrases import count
from cocolora.core.stretches import cut_stretches
from cocolora.engine.rooms import Rooms
from cocolora.engine.status import read_model
from cocolora.engine.task import Task
from cocolora.errors import Cancelled
from cocolora.settings import Learning

MEASURE = "measure"
"""The kind of job that measures."""
STEP_READINGS = 5.4
"""A training step takes as long as this many readings of a batch of short questions: it goes there and back, and its
samples are longer. Measured on the demo base in processor time: 5.0 to 5.6."""
_QUESTION = "What did I say that my dog and my cat are called, and where do we live with the two of them?"
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a model is: the seconds in which it reads one batch of so many samples."""

    model: str
    batch_samples: int
    reading_s: float

    def stretch_s(self, learning: Learning) -> float:
        """Return about how many seconds one attempt at one stretch trains; reading and testing come on top."""
        return self.steps_s(learning.steps, batch_samples=learning.batch_samples)

    def steps_s(self, steps: int, *, batch_samples: int) -> float:
        """Return about how many seconds so many training steps on such batches take."""
        return steps * self.reading_s * STEP_READINGS * batch_samples / self.batch_samples


@dataclass(frozen=True, slots=True)
class LearningPlan:
    """What learning would do now: so many unread turns, in so many stretches, in about so many seconds of training.

    The seconds are those of one attempt at each stretch, as if every one told something: reading and testing come on
    top, small talk and second attempts are not foreseen.
    """

    turns: int
    stretches: int
    training_s: float

    @property
    def sentence(self) -> str:
        """The plan in words."""
        if not self.turns:
            return "There is nothing new to learn."
        minutes = self.training_s / 60
        time_needed = f"{minutes / 60:.1f} hours" if minutes >= 90 else f"{max(1, round(minutes))} minutes"
        what = f"{count(self.turns, 'turn')} in {self.stretches} stretch{'' if self.stretches == 1 else 'es'}"
        return f"{what}: about {time_needed} of training if all of them tell something; it can be stopped at any time."


def plan_learning(rooms: Rooms, *, profile: str, speed: Speed) -> LearningPlan:
    """Say what learning all unread turns of a profile would do. Raises NoModel, CannotTrain."""
    learning = rooms.settings.of(profile).learning
    fingerprint = rooms.workbench().model.identity.fingerprint
    unread = rooms.journal.unread(profile, fingerprint, taught_elsewhere=False)
    stretches = cut_stretches(unread, learning, zone=rooms.zone)
    return LearningPlan(len(unread), len(stretches), len(stretches) * speed.stretch_s(learning))


class Speedometer:
    """Measures the loaded model and remembers it: another model is another measurement."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._speed: Speed | None = None

    @property
    def speed(self) -> Speed | None:
        """How fast the loaded model was found to be; None as long as it was not measured."""
        model, _, _ = read_model(self._rooms)
        return self._speed if self._speed is not None and self._speed.model == model else None

    @property
    def is_wanting(self) -> bool:
        """Whether a model is loaded that can learn, and was not measured."""
        _, trouble, _ = read_model(self._rooms)
        return not trouble and self.speed is None

    def measure(self, task: Task) -> str:
        """Measure as a job; return what was done, in words."""
        self._speed = measure_speed(self._rooms, on_progress=task.on_progress, cancelled=task.cancelled)
        return f"Measured how fast {self._speed.model} is."


def measure_speed(rooms: Rooms, *, on_progress: ProgressCallback, cancelled: CancelCheck) -> Speed:
    """Let the loaded model read a batch a few times; the fastest counts. Raises NoModel, CannotTrain, Cancelled."""
    bench, samples = rooms.workbench(), rooms.settings.learning.batch_samples
    asked: list[ChatMessage] = [{"role": "user", "content": _QUESTION}]
    times_s = []
    for done in range(_ROUNDS):
        on_progress(Progress("reading a batch", done, _ROUNDS))
        if cancelled():
            raise Cancelled("Measuring")
        with bench.using([]) as model:
            begun_s = time.perf_counter()
            model.generate([asked] * samples, max_new_tokens=1)
            times_s.append(time.perf_counter() - begun_s)
    return Speed(str(bench.model.identity), samples, min(times_s))
