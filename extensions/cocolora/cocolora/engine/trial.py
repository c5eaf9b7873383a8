"""Trying out: one question put to several choices of adapters, one after the other, beside the chat and stoppable."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from cocolora.core.adapters import Adapter
from cocolora.engine.answer import attachable
from cocolora.engine.rooms import Rooms
from cocolora.errors import BaseMismatch, CocoloraError

logger = logging.getLogger(__name__)

TRIAL_TOKENS = 96


@dataclass(frozen=True, slots=True)
class Trying:
    """How far a trial is: an answer for each choice of adapters, empty where none came yet, and why it ended early."""

    question: str
    choices: tuple[tuple[Adapter, ...], ...]
    answers: tuple[str, ...]
    running: bool
    trouble: str = ""


class Trial:
    """A trial on a thread of its own. ``now`` may be asked for at any time; ``stop`` ends it within a token."""

    def __init__(self, rooms: Rooms, question: str, choices: Sequence[Sequence[Adapter]]) -> None:
        """Begin. Raises NoModel, CannotTrain, and BaseMismatch for an adapter that the model cannot carry."""
        loaded = rooms.workbench().model.identity
        for adapter in (adapter for choice in choices for adapter in choice):
            if adapter.base.fingerprint != loaded.fingerprint:
                raise BaseMismatch(adapter.name, trained_on=str(adapter.base), loaded=str(loaded))
        chosen = tuple(map(tuple, choices))
        self._rooms = rooms
        self._now = Trying(question, chosen, ("",) * len(chosen), running=True)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cocolora-trial", daemon=True)
        self._thread.start()

    @property
    def now(self) -> Trying:
        """How far it is."""
        return self._now

    def stop(self) -> None:
        """End it with the answers there are."""
        self._stopped.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended; say whether that came about."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        trouble = ""
        try:
            for place in range(len(self._now.choices)):
                self._answer(place)
        except CocoloraError as error:
            trouble = str(error)
        except Exception as error:  # a thread is an edge: the page says why, the log has the traceback
            logger.exception("trying out failed")
            trouble = f"Trying out failed: {error}. The log has the details."
        self._show(self._now.answers, running=False, trouble=trouble)

    def _answer(self, place: int) -> None:
        bench = self._rooms.workbench()
        weights = attachable(self._rooms, [(adapter.id, adapter.weight) for adapter in self._now.choices[place]])
        asked = self._now.question
        pieces = bench.model.stream(
            [{"role": "user", "content": asked}], max_new_tokens=TRIAL_TOKENS, within=bench.using(weights)
        )
        said = ""
        for piece in pieces:
            if self._stopped.is_set():
                pieces.close()
                return
            said += piece
            answers = list(self._now.answers)
            answers[place] = said
            self._show(tuple(answers), running=True)

    def _show(self, answers: tuple[str, ...], *, running: bool, trouble: str = "") -> None:
        self._now = Trying(self._now.question, self._now.choices, answers, running, trouble)
