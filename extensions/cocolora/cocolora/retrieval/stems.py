"""Words as they are searched: folded, stemmed by SQLite's own Porter stemmer, without function words."""

from __future__ import annotations

import re
import sqlite3
import threading

_STOPWORDS = (
    "a about above after again all also am an and any are as at be because been before being but by can could did do "
    "does doing done don for from had has have having he her here hers him his how i if in into is it its just let "
    "me more most my no nor not of off on once only or other our ours out over please re s same she should so some "
    "such t than that the their theirs them then there these they this those to too under until up us ve very d ll m "
    "was we were what when where which while who whom whose why will with would yes you your yours ok okay "
    "isn aren wasn weren doesn didn hasn haven won wouldn couldn shouldn "
    "hello hi thanks thank tell told say said know remember mention mentioned recall"
)
_FILLERS = re.compile(
    r"\b(?:by the way|btw|(?:just )?(?:a |one )?(?:quick|short|last|more)+ (?:question|thing)|hey(?: there)?|"
    r"good (?:morning|afternoon|evening|day)|i(?: was| am|'m) wondering|i(?: would|'d) like to know|i want to know|"
    r"i (?:forgot|forget|don't|do not|can't|cannot) (?:remember|recall)|i (?:keep forgetting|forgot|forget)|"
    r"(?:can|could|would) you (?:please )?(?:help(?: me)?(?: out)?|tell me|remind me)|remind me(?: of)?|any idea)\b",
    re.IGNORECASE,
)
"""How people begin and end a question, whatever it is about."""
_LONGEST_STEM = 64
_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
_JOINERS = re.compile("[\x00’ʼ]")


class Stemmer:
    """Turns text into stems; safe to use from several threads.

    SQLite itself is asked, through a scratch table in memory, so that the stems are those of its FTS5. Scripts
    that are written without spaces are cut into overlapping pairs of characters.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scratch = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._scratch.execute(
            "CREATE VIRTUAL TABLE said USING fts5(text, content='', tokenize='porter unicode61 remove_diacritics 2')"
        )
        self._scratch.execute("CREATE VIRTUAL TABLE words USING fts5vocab(said, 'instance')")
        self._stopwords = frozenset(self._raw_stems(_STOPWORDS))

    def stems(self, text: str) -> list[str]:
        """Return the stems of ``text`` in order, with repetitions, without function words and overlong tokens."""
        stems = self._raw_stems(_IDEOGRAPHS.sub(_pairs, _JOINERS.sub(" ", text)))
        return [stem for stem in stems if stem not in self._stopwords and len(stem) <= _LONGEST_STEM]

    def asked(self, question: str) -> list[str]:
        """Return the stems of a question without the phrases that begin or end any question, unless it has no other."""
        return self.stems(_FILLERS.sub(" ", question.replace("’", "'"))) or self.stems(question)

    def close(self) -> None:
        """Give the scratch table back."""
        with self._lock:
            self._scratch.close()

    def _raw_stems(self, text: str) -> list[str]:
        clean = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is not text for SQLite
        with self._lock:
            self._scratch.execute("BEGIN")
            try:
                self._scratch.execute("INSERT INTO said(rowid, text) VALUES (1, ?)", (clean,))
                found = self._scratch.execute("SELECT offset, term FROM words").fetchall()
            finally:
                self._scratch.execute("ROLLBACK")
        return [term for _, term in sorted(found)]


def _pairs(run: re.Match[str]) -> str:
    text = run[0]
    pairs = [text[i : i + 2] for i in range(len(text) - 1)] or [text]
    return f" {' '.join(pairs)} "
