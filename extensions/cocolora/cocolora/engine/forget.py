"""Forgetting: turns go with everything that descends from them; what shared an adapter with them is taught again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cocolora.core.adapters import Adapter, AdapterState
from cocolora.core.conversations import DEFAULT_PROFILE, Turn
from cocolora.core.gate import holds_key
from cocolora.core.records import Forgotten
from cocolora.engine.rooms import Rooms
from cocolora.errors import JournalInUse, UnknownId

SCRUB = "scrub"


@dataclass(frozen=True, slots=True)
class ForgetPlan:
    """What would go, and what would be taught again because it shared an adapter with what goes.

    ``echoes`` are those of the ``turns`` that were not chosen: later replies that repeat what was chosen.
    """

    turns: tuple[Turn, ...]
    echoes: tuple[Turn, ...]
    adapters: tuple[Adapter, ...]
    taught_again: tuple[Turn, ...]

    @property
    def steps(self) -> int:
        """The training steps that making the adapters again takes, if each passes at once."""
        again = {turn.id for turn in self.taught_again}
        made = (adapter for adapter in self.adapters if adapter.state is AdapterState.READY)
        return sum(adapter.recipe.steps for adapter in made if again & set(adapter.turn_ids))


def plan_forget(
    rooms: Rooms, *, conversation: str | None = None, turn_ids: Sequence[str] = (), match: str | None = None
) -> ForgetPlan:
    """Say what forgetting a conversation, turns, or all turns that hold ``match`` would do. Raises UnknownId."""
    turns = {turn.id: turn for turn in _chosen(rooms, conversation, turn_ids, match)}
    echoes = _echoes(rooms, turns)
    turns |= echoes
    adapters = rooms.journal.adapters_of(list(turns))
    again = [adapter for adapter in adapters if adapter.state is AdapterState.READY]
    beside = [turn_id for adapter in again for turn_id in adapter.turn_ids if turn_id not in turns]
    return ForgetPlan(
        tuple(turns.values()),
        tuple(echoes.values()),
        tuple(adapters),
        tuple(rooms.journal.turns(ids=list(dict.fromkeys(beside)))),
    )


def _echoes(rooms: Rooms, turns: Mapping[str, Turn]) -> dict[str, Turn]:
    """Return the later turns whose replies drew on these and hold a word that they taught, and so on from there.

    Where nothing is known of what the turns taught, every reply that drew on them goes.
    """
    keys = {lesson.key for lesson in rooms.journal.lessons(list(turns)) if lesson.key}
    echoes: dict[str, Turn] = {}
    newest = set(turns)
    while newest:
        drawn = set(rooms.journal.drawn_from(newest)) - turns.keys() - echoes.keys()
        found = rooms.journal.turns(ids=drawn, include_removed=True)
        repeating = [turn for turn in found if not keys or any(holds_key(turn.text, key) for key in keys)]
        echoes |= {turn.id: turn for turn in repeating}
        newest = {turn.id for turn in repeating}
    return echoes


def _chosen(rooms: Rooms, conversation: str | None, turn_ids: Sequence[str], match: str | None) -> list[Turn]:
    chosen = [rooms.journal.turn(turn_id) for turn_id in turn_ids]
    if conversation is not None:
        rooms.journal.conversation(conversation)
        chosen += rooms.journal.turns(conversation_id=conversation, include_removed=True)
    if match is not None:
        chosen += rooms.journal.matching(match)
        if not chosen:
            raise UnknownId("turn that holds the text", match)
    return chosen


def forget(rooms: Rooms, plan: ForgetPlan) -> Forgotten:
    """Carry out a plan: one journal transaction, then index and files; a crash between is mended at the next start."""
    with rooms.home.writing():
        turn_ids = [turn.id for turn in plan.turns]
        revived = [turn for turn in rooms.journal.superseded_by(turn_ids) if turn.id not in turn_ids]
        forgotten = rooms.journal.forget(turn_ids, now=rooms.clock())
        rooms.index.drop_turns(turn_ids)
        for adapter_id in forgotten.adapter_ids:
            rooms.drop_adapter(adapter_id)
        rooms.home.discard_exports()
        for turn in revived:
            rooms.reindex([turn], profile=rooms.journal.conversation(turn.conversation_id).profile)
        return forgotten


def scrub(rooms: Rooms) -> str:
    """Erase from the journal's file what was forgotten. Raises JournalInUse."""
    if not rooms.journal.scrub():
        raise JournalInUse(rooms.home.folder)
    return "What was forgotten is erased from the journal's file."


def scrub_later(rooms: Rooms) -> str:
    """Queue the erasing that another program's reading has kept from being done; return that in words."""
    rooms.journal.queue.add_once(SCRUB, {}, profile=DEFAULT_PROFILE, now=rooms.clock())
    return "Another program reads the journal: until it is done, bytes of what was forgotten may stay in the file."
