"""Recording: what the host shows becomes turns in the journal, and findable."""

from __future__ import annotations

from collections.abc import Sequence

from cocolora.core.conversations import Change, Conversation
from cocolora.core.events import CancelCheck, Progress, ProgressCallback
from cocolora.core.parts import Parts
from cocolora.core.phrases import count
from cocolora.core.reconcile import Row
from cocolora.core.records import Synced
from cocolora.engine.rooms import Rooms
from cocolora.engine.share import index_questions

_REFRESH_BATCH = 500


def record(
    rooms: Rooms, conversation: Conversation, rows: Sequence[Row], *, change: Change, parts: Parts | None = None
) -> Synced:
    """Bring the journal and the index up to what the conversation now shows.

    ``parts`` took part in the newest reply: to forget a turn among them is to forget that reply where it repeats it.
    """
    synced = rooms.journal.sync(conversation, rows, change=change, parts=parts, now=rooms.clock())
    gone = [*synced.revised, *synced.removed]
    rooms.index.drop_turns(gone, erase=False)  # erased by ``tidy``, in the background
    rooms.reindex(rooms.journal.superseded_by(gone) if gone else (), profile=synced.profile)
    changed = rooms.journal.turns(ids=[*synced.recorded, *synced.revised])
    rooms.index_turns(changed, profile=synced.profile)
    return synced


def tend_index(rooms: Rooms, *, on_progress: ProgressCallback, cancelled: CancelCheck) -> str:
    """Erase what was dropped and make the vectors that are missing: background work, no search waits for it."""
    rooms.index.tidy()
    made = 0
    while not cancelled() and (turn_ids := rooms.index.turns_without_vectors()):
        before = made
        on_progress(Progress("indexing", made, made + len(turn_ids)))
        for profile in rooms.journal.profiles():
            turns = rooms.journal.turns(profile=profile, ids=turn_ids)
            made += rooms.index.catch_up(rooms.units(turns, profile=profile))
        if made == before:  # what is left, such as an imported adapter's questions, is not the journal's to give
            break
    return f"Indexed {count(made, 'text')}."


def refresh_index(rooms: Rooms) -> int:
    """Bring the index up to the journal after a crash or a loss; return how many turns changed."""
    if rooms.index.needs_rebuild:
        rooms.index.rebuild([])
    known = rooms.index.known_units()
    findable = {adapter.id for adapter in rooms.journal.adapters() if adapter.origin}
    outdated: dict[str, list[str]] = {}
    for profile in rooms.journal.profiles():
        wanted = rooms.unit_ids(profile)
        findable.update(wanted)
        outdated[profile] = [x for x, ids in wanted.items() if known.get(x) != {(profile, unit_id) for unit_id in ids}]
    gone = known.keys() - findable
    rooms.index.drop_turns(gone.union(*outdated.values()) & known.keys())
    for profile, turn_ids in outdated.items():
        for start in range(0, len(turn_ids), _REFRESH_BATCH):
            batch = turn_ids[start : start + _REFRESH_BATCH]
            rooms.index_turns(rooms.journal.turns(ids=batch), profile=profile)
    for adapter in rooms.journal.adapters():
        if adapter.origin and adapter.id not in known:
            index_questions(rooms, adapter)
    return sum(map(len, outdated.values())) + len(gone)
