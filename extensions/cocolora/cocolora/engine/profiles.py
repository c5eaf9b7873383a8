"""Profiles: which there are, conversations moved between them, and a profile deleted with everything it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.core.records import Forgotten
from cocolora.engine.forget import scrub_later
from cocolora.engine.rooms import Rooms
from cocolora.errors import SettingsInvalid, UnknownId

NAME_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Profile:
    """What a profile holds."""

    name: str
    conversations: int
    turns: int
    adapters: int


def list_profiles(rooms: Rooms) -> list[Profile]:
    """Return the profiles of the settings, and the others that hold something."""
    return [_look(rooms, name) for name in _names(rooms)]


def _names(rooms: Rooms) -> tuple[str, ...]:
    return tuple(dict.fromkeys([DEFAULT_PROFILE, *rooms.settings.profiles.names, *rooms.journal.profiles()]))


def profile_called(rooms: Rooms, name: str) -> str:
    """Return the name of the profile that is called so, whatever the case, or of a new one. Raises SettingsInvalid."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_CHARACTERS or not name.isprintable():
        problem = f"it must have 1 to {NAME_CHARACTERS} printable characters (found {name!r})"
        raise SettingsInvalid("The profile's name", [problem])
    return next((known for known in _names(rooms) if known.casefold() == name.casefold()), name)


def _look(rooms: Rooms, name: str) -> Profile:
    conversations = len(rooms.journal.conversations(name))
    return Profile(name, conversations, len(rooms.journal.turn_ids(name)), len(rooms.journal.adapters(name)))


def move_conversation(rooms: Rooms, conversation_id: str, *, profile: str) -> Sequence[str]:
    """Move a conversation to another profile; return the ids of its turns there.

    Adapters of the old profile that learned from it are to be made again without it, and the new profile has yet to
    read these turns. Nothing of the conversation stays behind. Raises UnknownId, SettingsInvalid, HomeBusy.
    """
    name = profile_called(rooms, profile)
    with rooms.home.writing():
        synced = rooms.journal.move_conversation(conversation_id, profile=name, now=rooms.clock())
        forgotten = rooms.journal.forget(synced.removed, now=rooms.clock())
        rooms.index.drop_turns(synced.removed)
        _drop(rooms, forgotten)
        rooms.index_turns(rooms.journal.turns(ids=synced.recorded), profile=name)
        return synced.recorded


def delete_profile(rooms: Rooms, name: str) -> Profile:
    """Delete a profile's turns, lessons, adapters, index and settings; return what it held. Raises UnknownId, HomeBusy.

    Tombstones without text stay, so that a host that still shows the chats does not bring them back, and so do the
    user's rules for which new chat belongs where.
    """
    with rooms.home.writing():
        held = _look(rooms, name)
        if name not in rooms.journal.profiles():
            raise UnknownId("profile", name)
        forgotten = rooms.journal.forget_profile(name, now=rooms.clock())
        rooms.index.drop_profile(name)
        _drop(rooms, forgotten)
        rooms.settings_file.keep(rooms.settings.without(name))
        return held


def _drop(rooms: Rooms, forgotten: Forgotten) -> None:
    if not forgotten.scrubbed:
        scrub_later(rooms)
    for adapter_id in forgotten.adapter_ids:
        rooms.drop_adapter(adapter_id)
    rooms.home.discard_exports()
