"""The chats that the webui has saved: where an edit, a swipe or a removal shows before the next reply."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cocolora.core.chat_formats import is_private
from cocolora.engine import Engine
from cocolora.hosts.webui_history import SOURCE
from cocolora.hosts.webui_recorder import WebuiRecorder

logger = logging.getLogger(__name__)


class SavedChats:
    """Follows the files of the chats that are recorded, and of those that were changed since the start."""

    def __init__(self, folder: Path, engine: Engine, recorder: WebuiRecorder) -> None:
        """Follow the files under the host's ``logs`` folder."""
        self._folder = folder
        self._engine = engine
        self._recorder = recorder
        self._read_at: dict[str, int] = {}
        self._started_ns = time.time_ns()

    def reconcile(self) -> None:
        """Bring the journal up to every file that changed since it was last read, except where a reply is under way."""
        known = {one.id for one in self._engine.journal.conversations() if one.source == SOURCE}
        for chat, path in self._chats():
            changed_ns = path.stat().st_mtime_ns
            is_ours = chat in known or changed_ns >= self._started_ns
            if is_ours and self._read_at.get(chat) != changed_ns and not self._recorder.is_under_way(chat):
                self._sync(chat, path)
                self._read_at[chat] = changed_ns

    def leave_renamed(self) -> None:
        """Empty the conversations whose file is gone and whose turns are all held by another chat: they were renamed.

        An edit in the renamed chat would otherwise leave the old text behind under the old name. A chat that was
        deleted keeps its turns: they are forgotten when the user says so.
        """
        for conversation in self._engine.journal.conversations():
            if conversation.source == SOURCE and not self._is_saved(conversation.id):
                turns = self._engine.turns(conversation_id=conversation.id)
                if turns and all(self._is_held_elsewhere(turn.id) for turn in turns):
                    self._engine.record(conversation, [])

    def _is_held_elsewhere(self, turn_id: str) -> bool:
        return any(self._is_saved(chat) for chat in self._engine.journal.conversations_of(turn_id))

    def _is_saved(self, chat: str) -> bool:
        return (self._folder / f"{chat}.json").is_file()

    def _chats(self) -> Iterator[tuple[str, Path]]:
        for pattern in ("instruct/*.json", "chat/*/*.json"):
            for path in sorted(self._folder.glob(pattern)):
                if not is_private(path.stem):
                    yield path.relative_to(self._folder).with_suffix("").as_posix(), path

    def _sync(self, chat: str, path: Path) -> None:
        try:
            history = _read(path)
        except (OSError, ValueError) as error:
            logger.warning("the saved chat %s cannot be read and is passed over: %s", path, error)
        else:
            self._recorder.sync(chat, history)


def _read(path: Path) -> Mapping[str, Any]:
    history = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(history, dict) or not isinstance(history.get("internal"), list):
        raise ValueError("it holds no history")
    return history
