"""What the journal is told and asked about conversations and turns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cocolora.core.conversations import Change, Conversation, Turn
from cocolora.core.parts import Parts
from cocolora.core.reconcile import Row
from cocolora.core.records import Synced, TurnVersion
from cocolora.journal import conversations, recording, replies, sources, switches, turns
from cocolora.journal.recording import readable
from cocolora.journal.transactions import Transactions


class Told(Transactions):
    """Conversations and turns; see ``Journal``."""

    def sync(
        self,
        conversation: Conversation,
        rows: Sequence[Row],
        *,
        change: Change | None = None,
        parts: Parts | None = None,
        now: datetime,
    ) -> Synced:
        """Make the conversation's current turns equal ``rows``, the whole history as the host shows it now.

        A row's position is its place in ``rows``; rows without a user text or a reply are no turns. ``change`` says
        what the host saw happen; None, or RECORDED for a turn that turns out to be revised, is inferred. A row that is
        a copy of another conversation's turn (same profile and texts, said within two minutes) is the same turn, and
        is split when one of the two is revised. Rows of forgotten turns are passed over. With IMPORTED, turns that
        ``rows`` lack stay, after them. A known conversation keeps its profile and title.
        An imported one that a host shows is the host's from then on, and takes over what an import of its file, under
        the file's name alone, holds. ``parts`` took part in the newest reply that is new: a forgotten turn among them
        takes that reply along where it repeats it. Syncing the same rows again changes nothing.
        """
        return self._write(recording.sync, conversation, rows, change=change, parts=parts, now=now)

    def pass_over(self, conversation: Conversation, rows: Sequence[Row], *, now: datetime) -> int:
        """Keep what ``rows`` say beyond the conversation's turns from ever being recorded; return how much that is.

        So it is with what turns were changed to: they stay as they are, until they are changed once more. Nothing of it
        is kept but keyed hashes, as of what was forgotten. An import, which is asked for, records it.
        """
        return self._write(recording.pass_over, conversation, rows, now=now)

    def is_recorded(self, conversation: Conversation, rows: Sequence[Row], *, now: datetime) -> bool:
        """Say whether what is said in a conversation is to be recorded.

        Recording is off for a new one that shows turns of one where it is off, a branch of it or the same chat under
        another name. It is then kept, with these turns and no others.
        """
        if self._read(switches.unrecorded_of, [conversation.id]):
            return False
        if not self._read(switches.could_inherit, conversation.id):  # nearly always: no one waits for the writer
            return True
        return not self._write(switches.inherit, conversation, rows, now=now)

    def set_recorded(self, conversation_id: str, recorded: bool) -> None:
        """Switch recording of a conversation on or off; what there is of it stays. Raises UnknownId."""
        self._write(switches.set_recorded, conversation_id, recorded)

    def conversations(self, profile: str | None = None) -> list[Conversation]:
        """Return the conversations of a profile, or of all, oldest first."""
        return self._read(conversations.all_conversations, profile)

    def conversation(self, conversation_id: str) -> Conversation:
        """Return a conversation; raises UnknownId."""
        return self._read(conversations.get_conversation, conversation_id)

    def knows(self, conversation_id: str) -> bool:
        """Say whether there is such a conversation."""
        return self._read(conversations.find_conversation, conversation_id) is not None

    def profiles(self) -> tuple[str, ...]:
        """Return the profiles that have conversations or adapters."""
        return self._read(conversations.all_profiles)

    def latest_profile(self) -> str | None:
        """Return the profile of what was said last; None when nothing was."""
        return self._read(turns.latest_profile)

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Give a conversation a title; raises UnknownId."""
        self._write(conversations.change_conversation, conversation_id, column="title", value=readable(title))

    def move_conversation(self, conversation_id: str, *, profile: str, now: datetime) -> Synced:
        """Move a conversation to another profile; raises UnknownId.

        Its turns leave the old profile and are recorded anew in the new one: adapters of the old profile that
        learned them become stale, and the new profile has yet to read them.
        """
        return self._write(recording.move, conversation_id, profile=profile, now=now)

    def set_learnable(self, conversation_id: str, learnable: bool) -> None:
        """Switch learning from a conversation on or off; it is recorded either way. Raises UnknownId."""
        self._write(conversations.change_conversation, conversation_id, column="learnable", value=learnable)

    def set_turns_learnable(self, turn_ids: Iterable[str], learnable: bool) -> None:
        """Say whether turns may be learned, in every conversation that holds them. Raises UnknownId.

        Adapters that learned one that may not be are stale.
        """
        self._write(turns.set_learnable, list(turn_ids), learnable)

    def unlearnable(self) -> frozenset[str]:
        """Return the ids of the conversations that are recorded but not learned."""
        return self._read(conversations.unlearnable_conversations)

    def turns(
        self,
        *,
        conversation_id: str | None = None,
        profile: str | None = None,
        ids: Iterable[str] | None = None,
        include_removed: bool = False,
    ) -> list[Turn]:
        """Return turns in their current version: by row within one conversation, else by time and ordinal.

        ``Turn.conversation_id`` is where a turn was first said, also when a branch is asked for its turns;
        ``position`` is its row in the conversation asked for, and -1 for a removed turn.
        """
        return self._read(
            turns.select_turns,
            conversation_id=conversation_id,
            profile=profile,
            ids=None if ids is None else list(ids),
            include_removed=include_removed,
        )

    def turn_ids(self, profile: str) -> list[str]:
        """Return the ids of a profile's current turns."""
        return self._read(turns.turn_ids, profile)

    def current_versions(self, profile: str) -> dict[str, int]:
        """Return the version of each of a profile's current turns."""
        return self._read(turns.current_versions, profile)

    def turn(self, turn_id: str) -> Turn:
        """Return a turn, removed or not; raises UnknownId."""
        return self._read(turns.get_turn, turn_id)

    def conversations_of(self, turn_id: str) -> tuple[str, ...]:
        """Return the ids of the conversations that hold a turn: several when a chat was branched."""
        return self._read(turns.conversations_of, turn_id)

    def versions(self, turn_id: str) -> list[TurnVersion]:
        """Return every version of a turn; raises UnknownId."""
        return self._read(turns.versions_of, turn_id)

    def changes(self, turn_ids: Iterable[str]) -> dict[str, Change]:
        """Return what made the current version of each turn."""
        return self._read(turns.select_changes, list(turn_ids))

    def matching(self, text: str, *, profile: str | None = None) -> list[Turn]:
        """Return the turns, removed ones too, that hold ``text`` in any version, whatever its case."""
        return self._read(turns.select_matching, text, profile=profile)

    def sources(self, turn_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return what each turn's reply drew on; turns that drew on nothing are not in it."""
        return self._read(sources.select_sources, list(turn_ids))

    def drawn_from(self, source_ids: Iterable[str]) -> list[str]:
        """Return the ids of the turns whose reply drew on any of these."""
        return self._read(sources.drawn_from, list(source_ids))

    def parts(self, turn_ids: Iterable[str]) -> dict[str, Parts]:
        """Return what took part in each turn's reply; imported, edited and older ones are not in it."""
        return self._read(replies.select_parts, list(turn_ids))

    def changed_at(self, turn_ids: Iterable[str]) -> datetime | None:
        """Return when one of the turns was last recorded or changed; None without turns."""
        return self._read(turns.changed_at, turn_ids)
