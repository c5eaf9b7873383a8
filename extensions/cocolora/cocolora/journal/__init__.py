"""The journal: conversations, turns, lessons, adapters, provenance, jobs and tombstones in one SQLite file."""

from cocolora.journal.database import is_open
from cocolora.journal.journal import Journal
from cocolora.journal.queue import JobQueue

__all__ = ["JobQueue", "Journal", "is_open"]
