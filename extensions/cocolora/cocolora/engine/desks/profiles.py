"""The profile desk: which profiles there are, conversations moved between them, and a profile deleted."""

from __future__ import annotations

from collections.abc import Sequence

from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.engine import profiles
from cocolora.engine.profiles import Profile
from cocolora.engine.rooms import Rooms


class ProfileDesk:
    """The profiles, which share neither text nor weights."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def all(self) -> list[Profile]:
        """Return the profiles and what each holds."""
        return profiles.list_profiles(self._rooms)

    def latest(self) -> str:
        """Return the profile of what was said last."""
        return self._rooms.journal.latest_profile() or DEFAULT_PROFILE

    def called(self, name: str) -> str:
        """Return a profile's name as it is written, whatever its case, or a new one. Raises SettingsInvalid."""
        return profiles.profile_called(self._rooms, name)

    def move(self, conversation_id: str, *, profile: str) -> Sequence[str]:
        """Move a conversation; return its turns in the new profile. Raises UnknownId, SettingsInvalid, HomeBusy."""
        return profiles.move_conversation(self._rooms, conversation_id, profile=profile)

    def delete(self, name: str) -> Profile:
        """Delete a profile with everything it holds; return what that was. Raises UnknownId, HomeBusy."""
        return profiles.delete_profile(self._rooms, name)
