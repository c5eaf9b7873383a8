"""Verdicts: every judgement of the gate, with its scores and its reason, also of adapters that are gone."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict

from cocolora.core.gate import Scores
from cocolora.core.records import KeptVerdict, Occasion
from cocolora.journal.database import from_text, to_text

KEPT_VERDICTS = 2000


def add_verdict(connection: sqlite3.Connection, verdict: KeptVerdict) -> None:
    """Keep a verdict; only the latest are kept."""
    cursor = connection.execute(
        "INSERT INTO verdicts (profile, adapter_id, occasion, passed, reason, scores, made_at, stack) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            verdict.profile,
            verdict.adapter_id,
            verdict.occasion,
            verdict.passed,
            verdict.reason,
            json.dumps(asdict(verdict.scores)),
            to_text(verdict.made_at),
            verdict.stack,
        ),
    )
    connection.execute("DELETE FROM verdicts WHERE number <= ?", ((cursor.lastrowid or 0) - KEPT_VERDICTS,))


def select_verdicts(connection: sqlite3.Connection, profile: str | None, adapter_id: str | None) -> list[KeptVerdict]:
    """Return the verdicts of a profile and on an adapter, or of all, oldest first."""
    rows = connection.execute(
        "SELECT * FROM verdicts WHERE (?1 IS NULL OR profile = ?1) AND (?2 IS NULL OR adapter_id = ?2) ORDER BY number",
        (profile, adapter_id),
    )
    return [_verdict(row) for row in rows]


def stack_verdict(connection: sqlite3.Connection, profile: str) -> KeptVerdict | None:
    """Return the newest verdict on a profile's whole stack."""
    row = connection.execute(
        "SELECT * FROM verdicts WHERE profile = ? AND adapter_id = '' ORDER BY number DESC LIMIT 1", (profile,)
    ).fetchone()
    return None if row is None else _verdict(row)


def _verdict(row: sqlite3.Row) -> KeptVerdict:
    return KeptVerdict(
        profile=row["profile"],
        adapter_id=row["adapter_id"],
        occasion=Occasion(row["occasion"]),
        passed=bool(row["passed"]),
        reason=row["reason"],
        scores=Scores(**json.loads(row["scores"])),
        made_at=from_text(row["made_at"]),
        stack=row["stack"],
    )
