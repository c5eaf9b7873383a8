"""One transaction for each thing that is asked of the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from cocolora.journal.database import Database

P = ParamSpec("P")
T = TypeVar("T")


class Transactions:
    """Runs functions over a connection, each in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _read(self, query: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._database.reading() as connection:
            return query(connection, *args, **kwargs)

    def _write(self, write: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._database.writing() as connection:
            return write(connection, *args, **kwargs)
