"""The search index: words and vectors, fused; it can always be rebuilt from the journal."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TypeVar

from cocolora.core.day_words import Period
from cocolora.core.routing import Hit
from cocolora.retrieval.database import (
    check,
    check_time_zone,
    connect,
    erase_leftovers,
    is_damage,
    note_leftovers,
    transaction,
)
from cocolora.retrieval.dates import NamedDate, Times, read_times, single_day
from cocolora.retrieval.dense import DenseSearch, Meaning
from cocolora.retrieval.embedders import FindEmbedder
from cocolora.retrieval.ranking import Question, rank
from cocolora.retrieval.stems import Stemmer
from cocolora.retrieval.units import Unit
from cocolora.retrieval.vectors import similarities
from cocolora.retrieval.word_reader import WordReader
from cocolora.retrieval.word_writer import Entry, WordWriter

_T = TypeVar("_T")
_REBUILD_BATCH = 500
_FITS = 0.3
_FILE = "words.db"
_VECTORS = "vectors"
_log = logging.getLogger(__name__)


class SearchIndex:
    """Finds past turns. Safe for several threads and processes; searching goes on while something is added.

    Words are searchable when ``add`` returns. Vectors lag behind until ``catch_up`` was given the units. An index
    that turns out to be damaged is deleted and empty from then on; ``needs_rebuild`` says so.
    """

    def __init__(self, folder: Path, find_embedder: FindEmbedder | None, time_zone: str) -> None:
        """Use ``open``."""
        self._folder = folder
        self._time_zone = time_zone
        self._stemmer = Stemmer()
        self._reading = threading.RLock()
        self._writing = threading.RLock()
        self._dense = DenseSearch(folder / _VECTORS, find_embedder)
        self.needs_rebuild = False
        self._connect()

    @classmethod
    def open(cls, folder: Path, *, find_embedder: FindEmbedder | None = None, time_zone: str = "") -> SearchIndex:
        """Open the index in ``folder``, or make an empty one. A damaged one is deleted: see ``needs_rebuild``.

        So is one whose days are those of another time zone. ``find_embedder`` is asked before every use.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(folder, find_embedder, time_zone)

    def close(self) -> None:
        """Erase what was dropped and close the files."""
        self.tidy()
        with self._writing, self._reading:
            self._dense.close()
            self._writer.close()
            self._reader.close()
            self._stemmer.close()

    def add(self, units: Iterable[Unit]) -> None:
        """Make units findable; a unit that is known already is replaced. Adding the same again changes nothing.

        What was replaced is unfindable at once, and gone from the files after ``tidy``.
        """
        entries = [self._entry(unit) for unit in units]
        if entries:
            self._guard(lambda: self._change(lambda words: words.upsert(entries)), otherwise=None)

    def drop_turns(self, turn_ids: Iterable[str], *, erase: bool = True) -> None:
        """Make turns unfindable and erase what the index's files hold of them, vectors too.

        Erasing writes the file anew: half a second with 100,000 turns. Without ``erase``, which suits turns that
        are about to be added in a new wording, ``tidy`` does it later.
        """
        wanted = list(turn_ids)
        if wanted:
            self._guard(lambda: self._change(lambda words: words.drop_turns(wanted)), otherwise=None)
        if wanted and erase:
            self.tidy()

    def drop_profile(self, profile: str) -> None:
        """Make everything of a profile unfindable and erase it from the files, its name too."""
        self._guard(lambda: self._change(lambda words: words.drop_profile(profile)), otherwise=None)
        self.tidy()

    def tidy(self) -> None:
        """Erase what dropped and replaced units left in the files; does nothing when they left nothing."""
        with self._writing, self._reading:
            self._guard(lambda: erase_leftovers(self._writer), otherwise=None)

    def rebuild(self, units: Iterable[Unit]) -> None:
        """Start again with exactly these units."""
        with self._writing, self._reading:
            self._start_over()
        remaining = iter(units)
        while batch := list(islice(remaining, _REBUILD_BATCH)):
            self.add(batch)
        self.needs_rebuild = False

    def known_turns(self) -> set[str]:
        """Return the ids of all findable turns."""
        nothing: set[str] = set()
        return self._read(WordReader.known_turns, otherwise=nothing)

    def known_units(self) -> dict[str, set[tuple[str, str]]]:
        """Return, for each findable turn, the profile and the id of each of its units."""
        nothing: dict[str, set[tuple[str, str]]] = {}
        return self._read(WordReader.known_units, otherwise=nothing)

    def search(self, query: str, *, profile: str, limit: int = 10, now: datetime | None = None) -> list[Hit]:
        """Return the profile's turns that match ``query``, best first, each with the score of its best unit.

        Scores are in [0, 1]; from about 0.3 on a turn fits the question. A day or a period that the question names
        adds 0.3 to what was said then; ``now``, in the user's time zone, says which days "last week" are, and without
        it only dates are understood. Never raises: a damaged index finds nothing until it is rebuilt.
        """
        times = read_times(query, today=now.date() if now else date.min)
        meaning = self._embed(times.rest or query)

        def find(words: WordReader) -> list[Hit]:
            number = words.profile_id(profile)
            if number is None:
                return []
            nearest = self._dense.nearest(number, meaning.vector)
            dates = self._dates(words, times, profile=number)
            stems = self._stemmer.asked(times.rest if times.event and dates else query)
            question = Question(stems, dates, meaning.vector, meaning.baseline, nearest)
            return rank(words, question, profile=number, limit=limit)

        return self._read(find, otherwise=[])

    def _dates(self, words: WordReader, times: Times, *, profile: int) -> Sequence[NamedDate | Period]:
        """Return the days that are looked for; for the day beside an event, the event is looked for first."""
        if times.event:
            event = Question(self._stemmer.asked(times.event))
            hits = [hit for hit in rank(words, event, profile=profile, limit=1) if hit.score >= _FITS]
            days = [words.said_on_day(hit.turn_id) for hit in hits]
            return [single_day(day + timedelta(days=times.beside)) for day in days]
        edge = words.edge_day(profile, times.edge) if times.edge else None
        return [*times.days, single_day(edge)] if edge else times.days

    def nearest(self, query: str, *, profile: str, limit: int = 10) -> list[Hit]:
        """Return the profile's turns nearest in meaning alone, best first, scored by cosine; for comparison."""
        vector = self._embed(query).vector

        def find(words: WordReader) -> list[Hit]:
            number = words.profile_id(profile)
            rows = [] if number is None else self._dense.nearest(number, vector)
            cosines = similarities(vector, words.vectors(rows), baseline=0.0)
            best: dict[str, float] = {}
            for unit in words.candidates(rows):
                best[unit.turn_id] = max(best.get(unit.turn_id, -1.0), cosines.get(unit.row, -1.0))
            ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
            return [Hit(turn_id, score) for turn_id, score in ranked[:limit]]

        return self._read(find, otherwise=[])

    def turns_without_vectors(self, limit: int = 100) -> list[str]:
        """Return turns that ``catch_up`` still needs, the newest first; none while there is no embedder."""
        embedder = self._dense.present()
        if embedder is None:
            return []
        return self._read(lambda _: self._dense.turns_without(self._reader, embedder, limit), otherwise=[])

    def catch_up(self, units: Iterable[Unit]) -> int:
        """Make the vectors of those known units that have none; return how many were made.

        Takes seconds for a hundred units: for background work. Searching and adding go on meanwhile. Without
        units it only refills chroma after a drop. Vectors that another embedder made are deleted first. Raises
        EmbedderUnavailable.
        """
        if not self._dense.enabled:
            return 0
        given = {unit.unit_id: unit for unit in units}
        made = self._make_vectors(given) if given else 0
        while self._guard(lambda: self._dense.fill(self._writer), otherwise=False):
            pass  # in pieces, so that what is added meanwhile need not wait for all of them
        return made

    def _make_vectors(self, given: Mapping[str, Unit]) -> int:
        embedder = self._dense.find()
        self._guard(lambda: self._dense.ready(self._writer, embedder), otherwise=None)
        lacking = self._read(lambda _: self._dense.lacking(self._reader, list(given)), otherwise=set[str]())
        wanted = [given[unit_id] for unit_id in given if unit_id in lacking]
        made = self._dense.make(embedder, [unit.text for unit in wanted])
        vectors = [(unit.unit_id, self._stems(unit), vector) for unit, vector in zip(wanted, made, strict=True)]
        self._guard(lambda: self._dense.keep(self._writer, embedder, vectors), otherwise=None)
        return len(vectors)

    def _embed(self, query: str) -> Meaning:
        """Return a query's vector; the embedder may take its time, so nothing is held meanwhile."""
        kept = self._read(lambda _: self._dense.kept(self._reader), otherwise=None) if self._dense.enabled else None
        return self._dense.embed(query, kept)

    def _entry(self, unit: Unit) -> Entry:
        return Entry(
            unit.unit_id,
            unit.turn_id,
            unit.profile,
            unit.kind,
            unit.said_on,
            unit.conversation_id,
            unit.position,
            unit.asks,
            self._stems(unit),
        )

    def _stems(self, unit: Unit) -> str:
        return " ".join(self._stemmer.stems(unit.text))

    def _change(self, change: Callable[[WordWriter], Sequence[int]]) -> None:
        with transaction(self._writer):
            gone = change(WordWriter(self._writer))
            if gone:
                note_leftovers(self._writer)
                self._dense.displace(self._writer)
        if gone:
            self._dense.erase()

    def _guard(self, change: Callable[[], _T], *, otherwise: _T) -> _T:
        with self._writing:
            try:
                return change()
            except sqlite3.Error as error:
                with self._reading:
                    self._recover(error)
        return otherwise

    def _read(self, question: Callable[[WordReader], _T], *, otherwise: _T) -> _T:
        with self._reading:
            try:
                return question(WordReader(self._reader))
            except sqlite3.Error as error:
                found = error
        with self._writing, self._reading:
            self._recover(found)
        return otherwise

    def _connect(self) -> None:
        try:
            self._open_files()
        except sqlite3.Error as error:
            self._discard()
            self._open_files()
            self._say_incomplete(error)

    def _open_files(self) -> None:
        file = self._folder / _FILE
        self._writer = connect(file)
        try:
            self._reader = connect(file)
            check(self._reader)
            check_time_zone(self._writer, self._time_zone)
            self._dense.adopt(self._writer)
        except sqlite3.Error:
            self._writer.close()
            raise

    def _recover(self, error: sqlite3.Error) -> None:
        """Start over when the file is damaged; leave it when it was only locked, or the disk is full."""
        if is_damage(error):
            self._start_over()
        self._say_incomplete(error)

    def _say_incomplete(self, error: sqlite3.Error) -> None:
        self.needs_rebuild = True
        _log.warning("The search index in %s is incomplete and is to be rebuilt: %s.", self._folder, error)

    def _start_over(self) -> None:
        self._writer.close()
        self._reader.close()
        self._discard()
        self._open_files()

    def _discard(self) -> None:
        self._dense.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
