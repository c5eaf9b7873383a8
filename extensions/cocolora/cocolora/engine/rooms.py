"""What every use case works with: the home, the settings, the journal, the index and the loaded model."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cocolora.core.adapters import Adapter
from cocolora.core.conversations import Turn
from cocolora.core.ports import LanguageModel, TrainingHost
from cocolora.engine.home import Home
from cocolora.engine.workbench import Workbench
from cocolora.errors import ModelError, NoModel
from cocolora.journal import Journal
from cocolora.retrieval import SearchIndex, Unit
from cocolora.settings import Settings, SettingsFile


def utc_now() -> datetime:
    """Return the time, with its zone."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Rooms:
    """The rooms of one home, wired together; ``find_model`` returns what the host has loaded right now."""

    home: Home
    settings_file: SettingsFile
    journal: Journal
    index: SearchIndex
    find_model: Callable[[], LanguageModel | None]
    clock: Callable[[], datetime] = utc_now
    training_host: TrainingHost | None = None
    _bench: Workbench | None = field(default=None)
    _left: list[Workbench] = field(default_factory=list)
    _one_bench: threading.RLock = field(default_factory=threading.RLock)

    @property
    def settings(self) -> Settings:
        """The settings that hold now."""
        return self.settings_file.read()

    def workbench(self) -> Workbench:
        """Return the workbench of the loaded model; a new one when the host loaded another. Raises NoModel."""
        with self._one_bench:  # two stacks on one network would not know of each other's adapters
            model = self.find_model()
            if model is None:
                raise NoModel
            if self._bench is None or self._bench.model is not model:
                self._leave_bench()
                self._bench = Workbench(
                    model,
                    self.home,
                    slice_ms=self.settings.learning.slice_ms,
                    memory_bytes=self.settings.stack.memory_bytes,
                    training_host=self.training_host,
                )
            return self._bench

    def let_go_of_model(self) -> None:
        """Take every adapter off models that the host has unloaded or changed, and keep no reference to them.

        Waits until nobody holds such a model.
        """
        with self._one_bench:
            if self._bench is not None and self._bench.model is not self._found():
                self._leave_bench()
            left, self._left = self._left, []
        for bench in left:
            bench.stack.activate(())

    def _leave_bench(self) -> None:
        if self._bench is not None:
            self._left.append(self._bench)
            self._bench = None

    def _found(self) -> LanguageModel | None:
        try:
            return self.find_model()
        except ModelError:
            return None

    def release_model(self) -> None:
        """Take every adapter off the model: it is as the host loaded it."""
        if self._bench is not None:
            self._bench.detach_all()
            self._bench = None

    def adapters(self, profile: str) -> dict[str, Adapter]:
        """Return the profile's adapters that fit the loaded model, by id."""
        fingerprint = self.workbench().model.identity.fingerprint
        found = self.journal.adapters(profile)
        return {adapter.id: adapter for adapter in found if adapter.base.fingerprint == fingerprint}

    def drop_adapter(self, adapter_id: str) -> None:
        """Take an adapter that the catalogue no longer holds off the model, out of the index and off the disk."""
        self.detach(adapter_id)
        self.index.drop_turns([adapter_id])
        shutil.rmtree(self.home.adapter_folder(adapter_id), ignore_errors=True)

    def detach(self, adapter_id: str) -> None:
        """Take an adapter off the model."""
        try:
            self.workbench().drop(adapter_id)
        except ModelError:  # nothing is loaded, so nothing is attached
            pass

    def reindex(self, turns: Iterable[Turn], *, profile: str) -> None:
        """Bring the index up to what the turns' lessons are now."""
        changed = list(turns)
        self.index.drop_turns([turn.id for turn in changed], erase=False)
        self.index_turns(changed, profile=profile)

    @property
    def zone(self) -> ZoneInfo | None:
        """The user's time zone; None for this machine's."""
        return self.settings.retrieval.zone

    def local(self, moment: datetime) -> datetime:
        """Return a time in the user's time zone: that decides which day it was."""
        return moment.astimezone(self.zone)

    def dated(self, turn: Turn) -> Turn:
        """Return a turn with its time in the user's time zone."""
        return replace(turn, said_at=self.local(turn.said_at))

    def index_turns(self, turns: Iterable[Turn], *, profile: str) -> None:
        """Make turns findable."""
        self.index.add(self.units(turns, profile=profile))

    def units(self, turns: Iterable[Turn], *, profile: str) -> list[Unit]:
        """Return what turns are found by: their text, and each question that one of their lessons still answers."""
        by_id = {turn.id: turn for turn in turns}
        superseded = self.journal.superseded(list(by_id)) if by_id else {}
        asked = [q for q in self.journal.lessons(list(by_id)) if q.key and q.id not in superseded]
        said_at = {turn.id: self.local(turn.said_at) for turn in by_id.values()}
        return [
            *(_exchange(turn, profile, said_at=said_at[turn.id]) for turn in by_id.values()),
            *(Unit(q.id, q.turn_id, profile, q.question, said_at[q.turn_id], kind="question") for q in asked),
        ]

    def unit_ids(self, profile: str) -> dict[str, set[str]]:
        """Return the ids of the units that ``units`` makes of each of a profile's current turns."""
        found = {x: {_exchange_id(x, version)} for x, version in self.journal.current_versions(profile).items()}
        superseded = self.journal.superseded()
        for turn_id, lesson_id in self.journal.question_ids(profile):
            if turn_id in found and lesson_id not in superseded:
                found[turn_id].add(lesson_id)
        return found


def _exchange_id(turn_id: str, version: int) -> str:
    """Return the id of a turn's exchange: another with each version, so that an old text is known for what it is."""
    return f"{turn_id}.{version}"


def _exchange(turn: Turn, profile: str, *, said_at: datetime) -> Unit:
    return Unit(
        unit_id=_exchange_id(turn.id, turn.version),
        turn_id=turn.id,
        profile=profile,
        text=turn.text,
        said_at=said_at,
        conversation_id=turn.conversation_id,
        position=turn.ordinal,
        asks=turn.asks,
    )
