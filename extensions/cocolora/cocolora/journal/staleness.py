"""Staleness: which adapters are no longer what their turns would make them today."""

from __future__ import annotations

import sqlite3

from cocolora.core.adapters import Adapter
from cocolora.core.truth import leave_out
from cocolora.journal.adapters import find_adapters
from cocolora.journal.superseding import outdated_lessons

_CHANGED = """
    WITH descent AS (
        SELECT adapter_id, turn_id, version FROM adapter_turns UNION ALL
        SELECT adapter_id, turn_id, version FROM adapter_beneath
    )
    SELECT a.id FROM adapters a JOIN descent x ON x.adapter_id = a.id LEFT JOIN turns t ON t.id = x.turn_id
    WHERE EXISTS (SELECT 1 FROM tombstones s WHERE s.turn_id = x.turn_id)
       OR (t.id IS NULL AND a.origin = '') OR t.state <> 'current' OR t.version <> x.version OR NOT t.learnable
"""
_WITH_OUTDATED_LESSONS = """
    WITH outdated AS (
        SELECT DISTINCT x.adapter_id, s.lesson_id FROM adapter_turns x
        JOIN adapters a ON a.id = x.adapter_id AND a.kind = 'knowledge'
        JOIN lessons l ON l.turn_id = x.turn_id AND l.turn_version = x.version
        JOIN supersessions s ON s.lesson_id = l.id AND s.base_fingerprint = l.base_fingerprint
         AND s.base_fingerprint = a.base_fingerprint
        JOIN turns later ON later.id = s.turn_id AND later.version = s.version AND later.state = 'current'
    )
    SELECT adapter_id FROM (SELECT * FROM outdated EXCEPT SELECT adapter_id, lesson_id FROM adapter_left_out)
    UNION SELECT adapter_id FROM (SELECT adapter_id, lesson_id FROM adapter_left_out EXCEPT SELECT * FROM outdated)
"""
_TOLD_TURNS = """
    SELECT count(DISTINCT x.turn_id) FROM adapter_turns x JOIN adapters a ON a.id = x.adapter_id
    JOIN lessons l ON l.turn_id = x.turn_id AND l.turn_version = x.version AND l.base_fingerprint = a.base_fingerprint
    WHERE x.adapter_id = ? AND l.kind = 'fact'
"""


def stale_adapters(connection: sqlite3.Connection) -> list[Adapter]:
    """Return the adapters that are no longer what their turns would make them today.

    They descend from a turn that was revised, removed or forgotten, or that may not be learned, or other lessons of
    theirs are to be left out by now (``core.truth.leave_out``).
    An imported adapter's turns may be unknown here; it is stale only when they are known and changed, or forgotten.
    """
    changed = {row[0] for row in connection.execute(_CHANGED)}
    doubtful = find_adapters(connection, ids=[row[0] for row in connection.execute(_WITH_OUTDATED_LESSONS)])
    outdated = {one.id for one in doubtful if sorted(one.left_out) != list(_to_leave_out(connection, one))}
    return find_adapters(connection, ids=[*changed | outdated])


def _to_leave_out(connection: sqlite3.Connection, adapter: Adapter) -> tuple[str, ...]:
    return leave_out(
        outdated_lessons(connection, adapter.turn_ids, adapter.base.fingerprint),
        level=adapter.level,
        made_at=adapter.made_at,
        told_turns=connection.execute(_TOLD_TURNS, (adapter.id,)).fetchone()[0],
    )
