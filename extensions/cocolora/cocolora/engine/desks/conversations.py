"""The conversation desk: conversations imported, found, read, corrected, and kept from learning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.core.events import CancelCheck, ProgressCallback, ignore_progress, never_cancelled
from cocolora.core.parts import Parts, Why
from cocolora.core.records import Synced
from cocolora.core.told import Told
from cocolora.engine import correct, import_chats, rebuild, told, why
from cocolora.engine.import_chats import Imported
from cocolora.engine.jobs import JobRunner
from cocolora.engine.rooms import Rooms


class ConversationDesk:
    """What was said, conversation by conversation."""

    def __init__(self, rooms: Rooms, jobs: JobRunner) -> None:
        self._rooms = rooms
        self._jobs = jobs

    def import_chats(
        self,
        paths: Sequence[Path],
        *,
        profile: str = DEFAULT_PROFILE,
        on_progress: ProgressCallback = ignore_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> Imported:
        """Record the chats in files. Raises ChatFileInvalid."""
        with self._jobs.here(
            import_chats.IMPORT, _importing(paths), profile=profile, on_progress=on_progress, cancelled=cancelled
        ) as work:
            task = work.task
            imported = import_chats.import_chats(
                self._rooms, paths, profile=profile, on_progress=task.on_progress, cancelled=task.cancelled
            )
            work.message = imported.sentence
        return imported

    def start_import(self, paths: Sequence[Path], *, profile: str = DEFAULT_PROFILE, uploaded: bool = False) -> None:
        """Record the chats in files, in the background; copies that were ``uploaded`` are deleted afterwards."""
        self._jobs.submit(import_chats.IMPORT, _importing(paths) | {"uploaded": uploaded}, profile=profile)

    def read(self, conversation_id: str) -> tuple[Told, ...]:
        """Return a conversation's turns with what became of each."""
        return told.read_conversation(self._rooms, conversation_id)

    def find(self, text: str, *, profile: str = DEFAULT_PROFILE) -> frozenset[str]:
        """Return the ids of the conversations that hold a text."""
        return told.find_conversations(self._rooms, text, profile=profile)

    def why(self, parts: Parts) -> Why:
        """Return what took part in a reply, as far as it is still there."""
        return why.why(self._rooms, parts)

    def last_parts(self, conversation_id: str) -> Parts | None:
        """Return what took part in a conversation's last reply; None when that is not known."""
        return why.last_parts(self._rooms, conversation_id)

    def check_editable(self, conversation_id: str) -> None:
        """Check that the turns of a conversation can be given another text. Raises UnknownId, HostsChat."""
        correct.check_editable(self._rooms, conversation_id)

    def edit_turn(self, turn_id: str, *, conversation_id: str, user: str, reply: str) -> Synced:
        """Give a turn another text. Raises UnknownId, HostsChat, SettingsInvalid."""
        return correct.edit_turn(self._rooms, turn_id, conversation_id=conversation_id, user=user, reply=reply)

    def set_learnable(self, conversation_id: str, learnable: bool) -> None:
        """Switch learning from a conversation on or off; it is recorded either way. Raises UnknownId."""
        self._rooms.journal.set_learnable(conversation_id, learnable)

    def set_recorded(self, conversation_id: str, recorded: bool) -> None:
        """Switch recording of a conversation on or off; what was recorded stays. Raises UnknownId."""
        self._rooms.journal.set_recorded(conversation_id, recorded)

    def set_turns_learnable(self, turn_ids: Sequence[str], learnable: bool) -> bool:
        """Say whether turns may be learned; they are remembered either way. Raises UnknownId, HomeBusy.

        Adapters that learned what may not be are taken off at once and made again without it by the next learning,
        which begins by itself where that is set. Returns whether there are any.
        """
        retired = rebuild.set_turns_learnable(self._rooms, turn_ids, learnable)
        self._jobs.wake()
        return bool(retired)


def _importing(paths: Sequence[Path]) -> dict[str, object]:
    return {"paths": [str(path.absolute()) for path in paths]}
