"""Landing: the one transaction in which a trained adapter joins the catalogue and its turns count as read."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from cocolora.core.adapters import Adapter
from cocolora.core.records import Outcome
from cocolora.journal.adapters import add_adapter
from cocolora.journal.readings import mark_read, require_current


def land(
    connection: sqlite3.Connection, adapter: Adapter, readings: Mapping[tuple[str, int], Outcome], *, now: datetime
) -> Adapter:
    """Add the adapter and the readings that came with it; see Journal.land_adapter."""
    require_current(connection, adapter.turn_versions)
    kept = add_adapter(connection, adapter)
    for outcome in Outcome:
        mark_read(
            connection,
            [turn_version for turn_version, came in readings.items() if came == outcome],
            base_fingerprint=adapter.base.fingerprint,
            outcome=outcome,
            adapter_id=None if outcome is Outcome.NOTHING else kept.id,
            now=now,
        )
    return kept
