"""Changing the word index, with the counts kept true."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from cocolora.retrieval.database import batches, marks


@dataclass(frozen=True, slots=True)
class Entry:
    """A unit as it is kept: stems in order, joined by blanks."""

    unit_id: str
    turn_id: str
    profile: str
    kind: str
    said_on: date
    conversation: str
    position: int
    asks: bool
    stems: str


class WordWriter:
    """Changes the word index inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def upsert(self, entries: Sequence[Entry]) -> list[int]:
        """Keep entries; return the rows whose earlier text was replaced. What is kept already is left alone."""
        changed = [
            entry for entry in {entry.unit_id: entry for entry in entries}.values() if self._kept(entry) != entry
        ]
        ids = [entry.unit_id for entry in changed]
        old = [row for batch in batches(ids) for row in self._rows("unit_id", batch)]
        touched = {entry.turn_id for entry in changed} | set(self._turns_of(old))
        with self._counting(touched):
            self._delete(old)
            for entry in changed:
                self._insert(entry)
        return old

    def drop_turns(self, turn_ids: Sequence[str]) -> list[int]:
        """Delete every unit of the turns; return the rows that went."""
        rows = [row for batch in batches(list(dict.fromkeys(turn_ids))) for row in self._rows("turn_id", batch)]
        if rows:
            with self._counting(set(turn_ids)):
                self._delete(rows)
        return rows

    def drop_profile(self, name: str) -> list[int]:
        """Delete everything of a profile, its name too; return the rows that went."""
        found = self._db.execute("SELECT id FROM profiles WHERE name = ?", (name,)).fetchone()
        if not found:
            return []
        profile = int(found[0])
        rows = [row for (row,) in self._db.execute("SELECT id FROM units WHERE profile = ?", (profile,))]
        self._db.execute("DELETE FROM vectors WHERE unit IN (SELECT id FROM units WHERE profile = ?)", (profile,))
        for table in ("units", "stems"):
            self._db.execute(f"DELETE FROM {table} WHERE profile = ?", (profile,))
        self._db.execute(f"DROP TABLE words_{profile}")
        self._db.execute("DELETE FROM profiles WHERE id = ?", (profile,))
        return rows

    def _kept(self, entry: Entry) -> Entry | None:
        query = (
            "SELECT unit_id, turn_id, name, kind, said_on, conversation, position, asks, stems "
            "FROM units JOIN profiles ON profiles.id = profile WHERE unit_id = ?"
        )
        found = self._db.execute(query, (entry.unit_id,)).fetchone()
        if not found:
            return None
        unit_id, turn_id, profile, kind, said_on, conversation, position, asks, stems = found
        said = date.fromisoformat(said_on)
        return Entry(unit_id, turn_id, profile, kind, said, conversation, position, bool(asks), stems)

    def _rows(self, column: str, values: Sequence[str]) -> list[int]:
        found = self._db.execute(f"SELECT id FROM units WHERE {column} IN ({marks(values)})", values)
        return [row for (row,) in found]

    def _turns_of(self, rows: Sequence[int]) -> Iterator[str]:
        for batch in batches(rows):
            for (turn_id,) in self._db.execute(f"SELECT turn_id FROM units WHERE id IN ({marks(batch)})", batch):
                yield turn_id

    def _delete(self, rows: Sequence[int]) -> None:
        for row in rows:
            profile, stems = self._db.execute("SELECT profile, stems FROM units WHERE id = ?", (row,)).fetchone()
            words = f"words_{profile}"
            self._db.execute(f"INSERT INTO {words}({words}, rowid, stems) VALUES ('delete', ?, ?)", (row, stems))
            self._db.execute("DELETE FROM units WHERE id = ?", (row,))
            self._db.execute("DELETE FROM vectors WHERE unit = ?", (row,))

    def _insert(self, entry: Entry) -> None:
        profile = self._profile(entry.profile)
        said = (entry.said_on.isoformat(), entry.conversation, entry.position, entry.asks)
        row = self._db.execute(
            "INSERT INTO units (unit_id, turn_id, profile, kind, said_on, conversation, position, asks, stems) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (entry.unit_id, entry.turn_id, profile, entry.kind, *said, entry.stems),
        ).lastrowid
        self._db.execute(f"INSERT INTO words_{profile}(rowid, stems) VALUES (?, ?)", (row, entry.stems))

    def _profile(self, name: str) -> int:
        found = self._db.execute("SELECT id FROM profiles WHERE name = ?", (name,)).fetchone()
        if found:
            return int(found[0])
        profile = self._db.execute("INSERT INTO profiles (name) VALUES (?)", (name,)).lastrowid
        self._db.execute(
            f"CREATE VIRTUAL TABLE words_{profile} "
            "USING fts5(stems, content='', tokenize='unicode61 remove_diacritics 0')"
        )
        return int(profile or 0)

    @contextmanager
    def _counting(self, turn_ids: set[str]) -> Iterator[None]:
        """Keep the counts of turns, and of turns that hold a stem, true across a change to these turns."""
        before = self._census(turn_ids)
        yield
        after = self._census(turn_ids)
        after.subtract(before)
        for (profile, stem), change in after.items():
            if change:
                self._count(profile, stem, change)

    def _census(self, turn_ids: set[str]) -> Counter[tuple[int, str]]:
        held: set[tuple[str, int, str]] = set()
        for batch in batches(sorted(turn_ids)):
            query = f"SELECT turn_id, profile, stems FROM units WHERE turn_id IN ({marks(batch)})"
            for turn_id, profile, stems in self._db.execute(query, batch):
                held.update((turn_id, profile, stem) for stem in ("", *stems.split()))
        return Counter((profile, stem) for _, profile, stem in held)

    def _count(self, profile: int, stem: str, change: int) -> None:
        if not stem:
            self._db.execute("UPDATE profiles SET turns = turns + ? WHERE id = ?", (change, profile))
            return
        self._db.execute(
            "INSERT INTO stems VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET turns = turns + excluded.turns",
            (profile, stem, change),
        )
        self._db.execute("DELETE FROM stems WHERE profile = ? AND stem = ? AND turns <= 0", (profile, stem))
