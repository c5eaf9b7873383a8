"""Landing: the one transaction in which a trained adapter joins the catalogue and its turns count as read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime

from cocolora.core.adapters import Adapter, AdapterState
from cocolora.core.records import KeptVerdict, Occasion, Outcome
from cocolora.journal.adapters import add_adapter, remove_adapter
from cocolora.journal.readings import mark_read, require_current
from cocolora.journal.rebuilding import end_rebuild, retire_sources
from cocolora.journal.verdicts import add_verdict


def land(
    connection: sqlite3.Connection,
    adapter: Adapter,
    readings: Mapping[tuple[str, int], Outcome],
    *,
    occasion: Occasion,
    replaces: Iterable[str],
    rebuild: int | None,
    now: datetime,
) -> Adapter:
    """Add the adapter and the readings that came with it; see Journal.land_adapter."""
    require_current(connection, (*adapter.turn_versions, *adapter.beneath))
    kept = add_adapter(connection, adapter)
    if kept.scores:
        passed = kept.state is not AdapterState.REJECTED
        verdict = KeptVerdict(kept.profile, kept.id, occasion, passed, kept.reason, kept.scores, now)
        add_verdict(connection, verdict)
    for outcome in Outcome:
        mark_read(
            connection,
            [turn_version for turn_version, came in readings.items() if came == outcome],
            base_fingerprint=adapter.base.fingerprint,
            outcome=outcome,
            adapter_id=None if outcome is Outcome.NOTHING else kept.id,
            now=now,
        )
    if kept.state is AdapterState.READY:
        retire_sources(connection, kept)
        for adapter_id in replaces:
            remove_adapter(connection, adapter_id)
    if rebuild is not None:
        end_rebuild(connection, rebuild)
    return kept
