"""The journal: the one source of truth about what was said, learned and forgotten, in front of its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cocolora.core.adapters import Activation, Adapter, AdapterState
from cocolora.core.conversations import Change, Conversation, Turn
from cocolora.core.gate import Scores
from cocolora.core.history import Counts, Descent
from cocolora.core.lessons import Lesson
from cocolora.core.reconcile import Row
from cocolora.core.records import (
    Fault,
    Forgotten,
    KeptVerdict,
    Occasion,
    Outcome,
    Reading,
    Rebuild,
    Synced,
    TurnVersion,
)
from cocolora.core.told import Shelved
from cocolora.core.truth import Supersession
from cocolora.journal import (
    adapters,
    conversations,
    forgetting,
    history,
    landing,
    lessons,
    readings,
    rebuilding,
    recording,
    sources,
    superseding,
    turns,
    verdicts,
    verifying,
)
from cocolora.journal.database import Database
from cocolora.journal.queue import JobQueue
from cocolora.journal.recording import readable
from cocolora.journal.transactions import Transactions


class Journal(Transactions):
    """Conversations, turns, lessons, adapters, jobs and tombstones in one SQLite file.

    Every method is one transaction, and safe to call from any thread of any number of processes. ``now`` is an
    aware time and is kept in UTC. Every method raises JournalDamaged when the file turns out to be broken.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.queue = JobQueue(database)

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Open, create or migrate a journal; raises JournalDamaged or JournalTooNew and then changes nothing."""
        return cls(Database.open(path))

    @property
    def path(self) -> Path:
        """The database file."""
        return self._database.path

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    # Conversations and turns

    def sync(
        self, conversation: Conversation, rows: Sequence[Row], *, change: Change | None = None, now: datetime
    ) -> Synced:
        """Make the conversation's current turns equal ``rows``, the whole history as the host shows it now.

        A row's position is its place in ``rows``; rows without a user text or a reply are no turns. ``change`` says
        what the host saw happen; None, or RECORDED for a turn that turns out to be revised, is inferred. A row that is
        a copy of another conversation's turn (same profile and texts, said within two minutes) is the same turn, and
        is split when one of the two is revised. Rows of forgotten turns are passed over. With IMPORTED, turns that
        ``rows`` lack stay, after them. A known conversation keeps its profile and title. Syncing the same rows again
        changes nothing.
        """
        return self._write(recording.sync, conversation, rows, change=change, now=now)

    def conversations(self, profile: str | None = None) -> list[Conversation]:
        """Return the conversations of a profile, or of all, oldest first."""
        return self._read(conversations.all_conversations, profile)

    def conversation(self, conversation_id: str) -> Conversation:
        """Return a conversation; raises UnknownId."""
        return self._read(conversations.get_conversation, conversation_id)

    def profiles(self) -> tuple[str, ...]:
        """Return the profiles that have conversations or adapters."""
        return self._read(conversations.all_profiles)

    def latest_profile(self) -> str | None:
        """Return the profile of what was said last; None when nothing was."""
        return self._read(turns.latest_profile)

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Give a conversation a title; raises UnknownId."""
        self._write(conversations.change_conversation, conversation_id, column="title", value=readable(title))

    def move_conversation(self, conversation_id: str, *, profile: str, now: datetime) -> Synced:
        """Move a conversation to another profile; raises UnknownId.

        Its turns leave the old profile and are recorded anew in the new one: adapters of the old profile that
        learned them become stale, and the new profile has yet to read them.
        """
        return self._write(recording.move, conversation_id, profile=profile, now=now)

    def set_learnable(self, conversation_id: str, learnable: bool) -> None:
        """Switch learning from a conversation on or off; it is recorded either way. Raises UnknownId."""
        self._write(conversations.change_conversation, conversation_id, column="learnable", value=learnable)

    def unlearnable(self) -> frozenset[str]:
        """Return the ids of the conversations that are recorded but not learned."""
        return self._read(conversations.unlearnable_conversations)

    def turns(
        self,
        *,
        conversation_id: str | None = None,
        profile: str | None = None,
        ids: Iterable[str] | None = None,
        include_removed: bool = False,
    ) -> list[Turn]:
        """Return turns in their current version: by row within one conversation, else by time and ordinal.

        ``Turn.conversation_id`` is where a turn was first said, also when a branch is asked for its turns;
        ``position`` is its row in the conversation asked for, and -1 for a removed turn.
        """
        return self._read(
            turns.select_turns,
            conversation_id=conversation_id,
            profile=profile,
            ids=None if ids is None else list(ids),
            include_removed=include_removed,
        )

    def turn_ids(self, profile: str) -> list[str]:
        """Return the ids of a profile's current turns."""
        return self._read(turns.turn_ids, profile)

    def turn(self, turn_id: str) -> Turn:
        """Return a turn, removed or not; raises UnknownId."""
        return self._read(turns.get_turn, turn_id)

    def conversations_of(self, turn_id: str) -> tuple[str, ...]:
        """Return the ids of the conversations that hold a turn: several when a chat was branched."""
        return self._read(turns.conversations_of, turn_id)

    def versions(self, turn_id: str) -> list[TurnVersion]:
        """Return every version of a turn; raises UnknownId."""
        return self._read(turns.versions_of, turn_id)

    def changes(self, turn_ids: Iterable[str]) -> dict[str, Change]:
        """Return what made the current version of each turn."""
        return self._read(turns.select_changes, list(turn_ids))

    def matching(self, text: str, *, profile: str | None = None) -> list[Turn]:
        """Return the turns, removed ones too, that hold ``text`` in any version, whatever its case."""
        return self._read(turns.select_matching, text, profile=profile)

    def note_sources(self, turn_id: str, source_ids: Sequence[str]) -> None:
        """Note the earlier turns (or imported adapters) that a turn's reply drew on."""
        with self._database.writing() as connection:
            sources.note_sources(connection, turn_id, source_ids)

    def sources(self, turn_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return what each turn's reply drew on; turns that drew on nothing are not in it."""
        return self._read(sources.select_sources, list(turn_ids))

    def drawn_from(self, source_ids: Iterable[str]) -> list[str]:
        """Return the ids of the turns whose reply drew on any of these."""
        return self._read(sources.drawn_from, list(source_ids))

    # Readings and lessons

    def changed_at(self, turn_ids: Iterable[str]) -> datetime | None:
        """Return when one of the turns was last recorded or changed; None without turns."""
        return self._read(turns.changed_at, turn_ids)

    def unread(self, profile: str, base_fingerprint: str, *, taught_elsewhere: bool = True) -> list[Turn]:
        """Return the current turns that this base has yet to read, without conversations that are not learned.

        ``taught_elsewhere`` counts those that another base has read as well.
        """
        return self._read(readings.unread_turns, profile, base_fingerprint, taught_elsewhere=taught_elsewhere)

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

    def add_supersessions(self, new: Iterable[Supersession], *, base_fingerprint: str) -> None:
        """Note lessons that no longer hold, and the turns that say otherwise."""
        self._write(superseding.add_supersessions, new, base_fingerprint)

    def superseded(
        self, turn_ids: Iterable[str] | None = None, base_fingerprint: str | None = None
    ) -> dict[str, tuple[str, ...]]:
        """Return, for each lesson that no longer holds, the turns that say otherwise."""
        ids = None if turn_ids is None else list(turn_ids)
        return self._read(superseding.superseded_lessons, ids, base_fingerprint)

    def superseded_by(self, turn_ids: Iterable[str]) -> list[Turn]:
        """Return the current turns of which a lesson is superseded by any version of these turns."""
        return self._read(superseding.turns_superseded_by, list(turn_ids))

    # Adapters

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
        """Take a rollup out, let its sources answer again, and return them."""
        return self._write(rebuilding.undo_rollup, rollup)

    def add_verdict(self, verdict: KeptVerdict) -> None:
        """Keep a verdict of the gate."""
        self._write(verdicts.add_verdict, verdict)

    def verdicts(self, *, profile: str | None = None, adapter_id: str | None = None) -> list[KeptVerdict]:
        """Return the gate's verdicts, oldest first."""
        return self._read(verdicts.select_verdicts, profile, adapter_id)

    def add_adapter(self, adapter: Adapter) -> Adapter:
        """Add an adapter without readings, such as an imported one; return it as it is kept.

        An adapter whose id is known takes the place of the old one and keeps its name.
        """
        return self._write(adapters.add_adapter, adapter)

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
        return self._read(adapters.stale_adapters)

    def change_adapter(
        self,
        adapter_id: str,
        *,
        name: str | None = None,
        activation: Activation | None = None,
        weight: float | None = None,
        state: AdapterState | None = None,
        reason: str | None = None,
        scores: Scores | None = None,
    ) -> Adapter:
        """Change what is given; a taken name gets a number. Raises UnknownId or SettingsInvalid (name, weight)."""
        given = dict(name=name, activation=activation, weight=weight, state=state, reason=reason, scores=scores)
        return self._write(adapters.change_adapter, adapter_id, given)

    def remove_adapter(self, adapter_id: str) -> None:
        """Take an adapter out; turns that no other adapter learned are unread again. Raises UnknownId."""
        self._write(adapters.remove_adapter, adapter_id)

    # Looking at all of it

    def revision(self) -> int:
        """Return a number that changes with every change to the journal, by whichever process; costs no reading."""
        return self._database.revision()

    def counts(self, profile: str) -> Counts:
        """Count a profile's conversations and turns."""
        return self._read(history.count_all, profile)

    def said_by_minute(self, profile: str) -> list[tuple[datetime, int]]:
        """Return how many turns were said in each minute."""
        return self._read(history.said_by_minute, profile)

    def learned_by_minute(self, profile: str, base_fingerprint: str | None = None) -> list[tuple[datetime, int]]:
        """Return how many turns were learned in each minute, for one base or for any."""
        return self._read(history.learned_by_minute, profile, base_fingerprint)

    def shelf(self, profile: str) -> list[Shelved]:
        """Return the conversations that hold turns, newest first, with how many of them were learned."""
        return self._read(history.shelf, profile)

    def descents(self, profile: str) -> list[Descent]:
        """Return the conversations that each adapter descends from."""
        return self._read(history.descents, profile)

    # Forgetting and checking

    def forget(self, turn_ids: Iterable[str], *, now: datetime) -> Forgotten:
        """Forget turns: their versions, lessons, readings and memberships, and conversations that become empty.

        The adapters that descend from them are taken out in the same transaction, and those to be made again without
        them are noted. What is left of a turn is a tombstone without text, so that the
        row, which the host still shows, is not recorded again in this conversation or a branch of it. Afterwards
        the words are gone from the files' bytes, unless ``scrubbed`` is False: then call ``scrub`` later. Forgetting
        a forgotten turn again does nothing; raises UnknownId, and forgets nothing, for an id that never was.
        """
        with self._database.writing() as connection:
            forgotten = forgetting.forget(connection, turn_ids, now=now)
        return replace(forgotten, scrubbed=self.scrub())

    def forget_profile(self, profile: str, *, now: datetime) -> Forgotten:
        """Forget everything of a profile: its turns as ``forget`` does, its adapters, rebuilds, verdicts and jobs."""
        with self._database.writing() as connection:
            forgotten = forgetting.forget_profile(connection, profile, now=now)
        return replace(forgotten, scrubbed=self.scrub())

    def scrub(self) -> bool:
        """Rewrite the file without what was deleted; says whether that could be done now."""
        return self._database.scrub()

    def verify(self) -> list[Fault]:
        """Check the file, every reference and every derived id; name each fault. Never raises on what it finds."""
        return verifying.verify(self._database)
