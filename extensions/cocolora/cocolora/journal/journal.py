"""The journal: the one source of truth about what was said, learned and forgotten, in front of its tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cocolora.core.history import Counts, Descent
from cocolora.core.records import Fault, Forgotten
from cocolora.core.told import Shelved
from cocolora.journal import forgetting, history, verifying
from cocolora.journal.database import Database
from cocolora.journal.queue import JobQueue
from cocolora.journal.taught import Taught
from cocolora.journal.told import Told


class Journal(Told, Taught):
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
