"""What the journal is told and asked about what came of turns: readings, lessons, adapters and verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from cocolora.core.adapters import Activation, Adapter, AdapterState
from cocolora.core.conversations import Turn
from cocolora.core.gate import Scores
from cocolora.core.lessons import Lesson
from cocolora.core.records import KeptVerdict, Occasion, Outcome, Reading, Rebuild
from cocolora.core.truth import Outdated, Supersession
from cocolora.journal import adapters, landing, lessons, readings, rebuilding, staleness, superseding, verdicts
from cocolora.journal.transactions import Transactions


class Taught(Transactions):
    """Readings, lessons, adapters and verdicts; see ``Journal``."""

    def unread(self, profile: str, base_fingerprint: str, *, taught_elsewhere: bool = True) -> list[Turn]:
        """Return the current turns that this base has yet to read, without conversations that are not learned.

        ``taught_elsewhere`` counts those that another base has read as well.
        """
        return self._read(readings.unread_turns, profile, base_fingerprint, taught_elsewhere=taught_elsewhere)

    def imported(self, turn_ids: Iterable[str]) -> frozenset[str]:
        """Return those of some turns that are as an imported file told them."""
        return self._read(readings.imported_turns, turn_ids)

    def mark_read(
        self,
        turn_versions: Iterable[tuple[str, int]],
        *,
        base_fingerprint: str,
        outcome: Outcome,
        adapter_id: str | None = None,
        now: datetime,
    ) -> None:
        """Note what came of reading these turn versions; what was forgotten meanwhile is passed over."""
        self._write(
            readings.mark_read,
            turn_versions,
            base_fingerprint=base_fingerprint,
            outcome=outcome,
            adapter_id=adapter_id,
            now=now,
        )

    def reading(self, turn_id: str, base_fingerprint: str | None = None) -> Reading | None:
        """Return the latest reading of a turn's current version, or None while it is unread."""
        return self.readings([turn_id], base_fingerprint).get(turn_id)

    def readings(self, turn_ids: Iterable[str], base_fingerprint: str | None = None) -> dict[str, Reading]:
        """Return the latest reading of each turn's current version; unread turns are not in it."""
        return self._read(readings.select_readings, list(turn_ids), base_fingerprint)

    def add_lessons(self, new: Sequence[Lesson], *, base_fingerprint: str, now: datetime) -> None:
        """Keep lessons; known ones stay as they are. Raises TurnChanged when a turn changed meanwhile."""
        self._write(lessons.add_lessons, new, base_fingerprint=base_fingerprint, now=now)

    def lessons(self, turn_ids: Iterable[str] | None = None, base_fingerprint: str | None = None) -> list[Lesson]:
        """Return the lessons of the turns' current versions, or all, in the order they were added."""
        return self._read(lessons.select_lessons, None if turn_ids is None else list(turn_ids), base_fingerprint)

    def question_ids(self, profile: str) -> list[tuple[str, str]]:
        """Return the turn and the id of each lesson with an answer of a profile's current turns."""
        return self._read(lessons.question_ids, profile)

    def add_supersessions(self, new: Iterable[Supersession], *, base_fingerprint: str) -> None:
        """Note lessons that no longer hold, and the turns that say otherwise."""
        self._write(superseding.add_supersessions, new, base_fingerprint)

    def superseded(
        self, turn_ids: Iterable[str] | None = None, base_fingerprint: str | None = None
    ) -> dict[str, tuple[str, ...]]:
        """Return, for each lesson that no longer holds, the turns that say otherwise."""
        ids = None if turn_ids is None else list(turn_ids)
        return self._read(superseding.superseded_lessons, ids, base_fingerprint)

    def outdated(self, turn_ids: Iterable[str], base_fingerprint: str) -> list[Outdated]:
        """Return the lessons of the turns that no longer hold, with when something else was first said."""
        return self._read(superseding.outdated_lessons, list(turn_ids), base_fingerprint)

    def superseded_by(self, turn_ids: Iterable[str]) -> list[Turn]:
        """Return the current turns of which a lesson is superseded by any version of these turns."""
        return self._read(superseding.turns_superseded_by, list(turn_ids))

    def land_adapter(
        self,
        adapter: Adapter,
        *,
        readings: Mapping[tuple[str, int], Outcome],
        occasion: Occasion = Occasion.LEARNED,
        replaces: Iterable[str] = (),
        rebuild: int | None = None,
        now: datetime,
    ) -> Adapter:
        """Add an adapter with its verdict and the readings that came with it, at once: the commit point of learning.

        A ready one takes the place of its sources, which stay restorable, and of the adapters that it ``replaces``,
        which go; ``rebuild`` is the number of the rebuild that it ends. Returns the adapter as it is kept: with a
        number after its name when the name was taken. Raises TurnChanged, and changes nothing, when a turn that it
        descends from was revised, removed or forgotten meanwhile.
        """
        return self._write(
            landing.land, adapter, readings, occasion=occasion, replaces=replaces, rebuild=rebuild, now=now
        )

    def retire_stale(self) -> tuple[str, ...]:
        """Take out the stale adapters and note which are to be made again; return the ids of those taken out."""
        return self._write(rebuilding.retire_stale)

    def rebuilds(self, *, base_fingerprint: str | None = None, profile: str | None = None) -> tuple[Rebuild, ...]:
        """Return the adapters that are to be made again."""
        return self._read(rebuilding.select_rebuilds, base_fingerprint, profile)

    def end_rebuild(self, number: int) -> None:
        """Note that nothing is left to rebuild."""
        self._write(rebuilding.end_rebuild, number)

    def undo_rollup(self, rollup: Adapter) -> tuple[Adapter, ...]:
        """Let a rollup's sources answer again, and return them; the rollup stays as one that was rejected."""
        return self._write(rebuilding.undo_rollup, rollup)

    def add_verdict(self, verdict: KeptVerdict) -> None:
        """Keep a verdict of the gate."""
        self._write(verdicts.add_verdict, verdict)

    def verdicts(self, *, profile: str | None = None, adapter_id: str | None = None) -> list[KeptVerdict]:
        """Return the gate's verdicts, oldest first."""
        return self._read(verdicts.select_verdicts, profile, adapter_id)

    def stack_verdict(self, profile: str) -> KeptVerdict | None:
        """Return the newest verdict on a profile's whole stack."""
        return self._read(verdicts.stack_verdict, profile)

    def add_adapters(self, added: Sequence[Adapter]) -> tuple[Adapter, ...]:
        """Add adapters without readings, such as imported ones, all or none; return them as they are kept.

        An adapter whose id is known takes the place of the old one and keeps its name.
        """
        return self._write(adapters.add_adapters, added)

    def adapters(self, profile: str | None = None) -> list[Adapter]:
        """Return the adapters of a profile, or of all, oldest first."""
        return self._read(adapters.find_adapters, profile=profile)

    def adapter(self, adapter_id: str) -> Adapter:
        """Return an adapter; raises UnknownId."""
        return self._read(adapters.get_adapter, adapter_id)

    def adapters_of(self, turn_ids: Iterable[str]) -> list[Adapter]:
        """Return the adapters that descend from any version of these turns."""
        return self._read(adapters.adapters_of, list(turn_ids))

    def stale_adapters(self) -> list[Adapter]:
        """Return the adapters that are no longer what their turns would make them today."""
        return self._read(staleness.stale_adapters)

    def change_adapter(
        self,
        adapter_id: str,
        *,
        name: str | None = None,
        activation: Activation | None = None,
        weight: float | None = None,
        place: float | None = None,
        state: AdapterState | None = None,
        reason: str | None = None,
        scores: Scores | None = None,
    ) -> Adapter:
        """Change what is given; a taken name gets a number. Raises UnknownId or SettingsInvalid (name, weight)."""
        given = dict(
            name=name, activation=activation, weight=weight, place=place, state=state, reason=reason, scores=scores
        )
        return self._write(adapters.change_adapter, adapter_id, given)

    def remove_adapter(self, adapter_id: str) -> None:
        """Take an adapter out; turns that no other adapter learned are unread again. Raises UnknownId."""
        self._write(adapters.remove_adapter, adapter_id)
