"""Reading the word index: candidates for a question, and the counts that weigh its words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cocolora.core.day_words import Period
from cocolora.retrieval.database import batches, marks
from cocolora.retrieval.dates import NamedDate

_MOST_ROWS = 2_500
_COLUMNS = "id, turn_id, kind, said_on, conversation, position, asks, stems"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A kept unit that may fit a question."""

    row: int
    turn_id: str
    kind: str
    said_on: date
    conversation: str
    position: int
    asks: bool
    stems: tuple[str, ...]


class WordReader:
    """Reads the word index over one connection; the caller sees to it that one thread uses it at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def profile_id(self, name: str) -> int | None:
        """Return the number of a profile, None when nothing of it was ever indexed."""
        found = self._db.execute("SELECT id FROM profiles WHERE name = ?", (name,)).fetchone()
        return found[0] if found else None

    def turns(self, profile: int) -> int:
        """Return how many turns of a profile are findable."""
        found = self._db.execute("SELECT turns FROM profiles WHERE id = ?", (profile,)).fetchone()
        return int(found[0]) if found else 0

    def turns_with(self, profile: int, stems: Iterable[str]) -> dict[str, int]:
        """Return, for each stem that occurs, the number of the profile's turns that hold it."""
        wanted = list(dict.fromkeys(stems))
        found: dict[str, int] = {}
        for batch in batches(wanted):
            query = f"SELECT stem, turns FROM stems WHERE profile = ? AND stem IN ({marks(batch)})"
            found.update(self._db.execute(query, (profile, *batch)).fetchall())
        return found

    def matching(self, profile: int, turns_with: Mapping[str, int], *, limit: int) -> list[int]:
        """Return the rows that hold the rarest of the stems, by BM25, best first.

        Stems are taken from the rarest on while they occur in at most ``_MOST_ROWS`` turns together: a stem that
        is everywhere ranks candidates, but does not find them. Where even the rarest is that common, the newest
        rows that hold the two rarest are taken.
        """
        rare, rows = [], 0
        for stem in sorted(turns_with, key=lambda stem: turns_with[stem]):
            rows += turns_with[stem]
            if rows > _MOST_ROWS:
                break
            rare.append(stem)
        if rare:
            return self._match(profile, " OR ".join(map(_quoted, rare)), order="rank", limit=limit)
        common = sorted(turns_with, key=lambda stem: turns_with[stem])[:2]
        return self._match(profile, " ".join(map(_quoted, common)), order="rowid DESC", limit=limit) if common else []

    def _match(self, profile: int, expression: str, *, order: str, limit: int) -> list[int]:
        query = f"SELECT rowid FROM words_{profile} WHERE words_{profile} MATCH ? ORDER BY {order} LIMIT ?"
        return [row for (row,) in self._db.execute(query, (expression, limit))]

    def said_on(self, profile: int, named: NamedDate, *, limit: int) -> list[int]:
        """Return the newest rows that were said on a day."""
        query = (
            "SELECT id FROM units WHERE profile = ? AND substr(said_on, 6) = ? AND said_on LIKE ? "
            "ORDER BY id DESC LIMIT ?"
        )
        year = f"{named.year:04}-%" if named.year else "%"
        found = self._db.execute(query, (profile, f"{named.month:02}-{named.day:02}", year, limit))
        return [row for (row,) in found]

    def said_between(self, profile: int, period: Period, *, limit: int) -> list[int]:
        """Return the newest rows that were said in a period."""
        query = (
            "SELECT id FROM units WHERE profile = ? AND said_on BETWEEN ? AND ? ORDER BY said_on DESC, id DESC LIMIT ?"
        )
        found = self._db.execute(query, (profile, period.first.isoformat(), period.last.isoformat(), limit))
        return [row for (row,) in found]

    def edge_day(self, profile: int, edge: str) -> date | None:
        """Return the "first" or the "last" day on which anything was said, None when nothing was."""
        end = "min" if edge == "first" else "max"
        found = self._db.execute(f"SELECT {end}(said_on) FROM units WHERE profile = ?", (profile,)).fetchone()[0]
        return date.fromisoformat(found) if found else None

    def said_on_day(self, turn_id: str) -> date:
        """Return the day on which a known turn was said."""
        found = self._db.execute("SELECT said_on FROM units WHERE turn_id = ? LIMIT 1", (turn_id,)).fetchone()
        return date.fromisoformat(found[0])

    def candidates(self, rows: Iterable[int]) -> list[Candidate]:
        """Return the units in ``rows``."""
        query = f"SELECT {_COLUMNS} FROM units WHERE id IN ({{}})"
        return [
            _candidate(found)
            for batch in batches(list(dict.fromkeys(rows)))
            for found in self._db.execute(query.format(marks(batch)), batch)
        ]

    def neighbours(self, profile: int, of: Iterable[Candidate]) -> dict[tuple[str, int], Candidate]:
        """Return the exchanges before and after these, as far as they are in the profile, by their place.

        A place is (conversation, position); units other than exchanges have no neighbours.
        """
        places = {
            (unit.conversation, unit.position + step)
            for unit in of
            if unit.conversation and unit.kind == "exchange"
            for step in (-1, 1)
        }
        found: dict[tuple[str, int], Candidate] = {}
        for batch in batches(sorted(places)):
            query = (
                f"WITH places (said_in, place) AS (VALUES {','.join(['(?, ?)'] * len(batch))}) "
                f"SELECT {_COLUMNS} FROM places CROSS JOIN units INDEXED BY units_of_conversation "
                "ON conversation = said_in AND position = place WHERE profile = ? AND kind = 'exchange'"
            )
            for row in self._db.execute(query, (*(value for place in batch for value in place), profile)):
                unit = _candidate(row)
                found[unit.conversation, unit.position] = unit
        return found

    def vectors(self, rows: Sequence[int]) -> dict[int, bytes]:
        """Return the vectors of those rows that have one."""
        query = "SELECT unit, vector FROM vectors WHERE unit IN ({})"
        return {
            row: vector
            for batch in batches(rows)
            for row, vector in self._db.execute(query.format(marks(batch)), batch)
        }

    def known_units(self) -> dict[str, set[tuple[str, str]]]:
        """Return, for each findable turn, the profile and the id of each of its units."""
        found: dict[str, set[tuple[str, str]]] = {}
        query = "SELECT turn_id, name, unit_id FROM units JOIN profiles ON profiles.id = profile"
        for turn_id, profile, unit_id in self._db.execute(query):
            found.setdefault(turn_id, set()).add((profile, unit_id))
        return found

    def known_turns(self) -> set[str]:
        """Return the ids of all findable turns."""
        return {turn_id for (turn_id,) in self._db.execute("SELECT DISTINCT turn_id FROM units")}


def _candidate(found: tuple[int, str, str, str, str, int, int, str]) -> Candidate:
    row, turn_id, kind, said_on, conversation, position, asks, stems = found
    said = date.fromisoformat(said_on)
    return Candidate(row, turn_id, kind, said, conversation, position, bool(asks), tuple(stems.split()))


def _quoted(stem: str) -> str:
    return '"' + stem.replace('"', '""') + '"'
