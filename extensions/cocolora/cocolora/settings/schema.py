"""All settings together: changing them, what may differ in a profile, and every problem reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from cocolora.errors import SettingsInvalid
from cocolora.settings.sections import (
    Asides,
    Gate,
    Jobs,
    Learning,
    Profiles,
    Recording,
    Retrieval,
    Rollup,
    Routing,
    Section,
    Stack,
)


class Settings(Section):
    """All settings."""

    recording: Recording = Recording()
    learning: Learning = Learning()
    routing: Routing = Routing()
    stack: Stack = Stack()
    retrieval: Retrieval = Retrieval()
    gate: Gate = Gate()
    jobs: Jobs = Jobs()
    rollup: Rollup = Rollup()
    profiles: Profiles = Profiles()
    asides: Asides = Asides()

    def of(self, profile: str) -> Settings:
        """Return the settings that hold in a profile: these, with what differs there."""
        whole, own = self.model_dump(), self.profiles.own.get(profile)
        return Settings.model_validate(_merged(whole, own)) if own else self

    def changed(self, section: str, **values: object) -> Settings:
        """Return these settings with ``values`` in one section, validated; raises SettingsInvalid."""
        whole = self.model_dump()
        if section not in whole:
            raise SettingsInvalid("settings", [f'there is no section "{section}"'])
        return parse_settings(_merged(whole, {section: values}), source="settings")

    def changed_in(self, profile: str, section: str, **values: object) -> Settings:
        """Return these settings with ``values`` in one section for one profile; raises SettingsInvalid.

        A setting that is given None is in this profile as it is everywhere.
        """
        if section not in OWN_SETTINGS:
            raise SettingsInvalid("settings", [f'"{section}" is no section of which a profile has its own'])
        if shared := [f"{section}.{name}" for name in values if f"{section}.{name}" in SHARED_SETTINGS]:
            raise SettingsInvalid("settings", [f"{place}: it is the same in every profile" for place in shared])
        known = self.profiles.own.get(profile, {})
        wanted = {name: value for name, value in {**known.get(section, {}), **values}.items() if value is not None}
        held = parse_settings(_merged(self.model_dump(), {**known, section: wanted}), source="settings").model_dump()
        own = {**known, section: {name: held[section][name] for name in wanted}}
        return self._with_own(profile, {name: differing for name, differing in own.items() if differing})

    def without(self, profile: str) -> Settings:
        """Return these settings without what differs in a profile, and without its name unless all users have it."""
        names = [name for name in self.profiles.names if name != profile or name in Profiles().names]
        return self._with_own(profile, {}).changed("profiles", names=names)

    def _with_own(self, profile: str, own: Mapping[str, Mapping[str, object]]) -> Settings:
        others = {name: parts for name, parts in self.profiles.own.items() if name != profile}
        return self.changed("profiles", own={**others, profile: own} if own else others)


SHARED_SETTINGS = frozenset(
    {"learning.slice_ms", "retrieval.embedder", "retrieval.embedder_folder", "retrieval.time_zone"}
)
"""Settings of the model or the index that all profiles share."""
_OWN_SECTIONS: Mapping[str, type[Section]] = {
    "learning": Learning,
    "routing": Routing,
    "retrieval": Retrieval,
    "gate": Gate,
    "rollup": Rollup,
}
OWN_SETTINGS: Mapping[str, tuple[str, ...]] = {
    section: tuple(name for name in kind.model_fields if f"{section}.{name}" not in SHARED_SETTINGS)
    for section, kind in _OWN_SECTIONS.items()
}
"""The settings that may differ in a profile, by section."""


def _merged(whole: dict[str, Any], parts: Mapping[str, Mapping[str, object]]) -> dict[str, Any]:
    return {**whole, **{name: {**whole.get(name, {}), **values} for name, values in parts.items()}}


def parse_settings(values: object, *, source: str) -> Settings:
    """Validate plain values; raises SettingsInvalid with one problem per wrong field."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsInvalid(source, [_problem(item) for item in error.errors()]) from None


def _problem(item: object) -> str:
    assert isinstance(item, dict)
    where = ".".join(str(part) for part in item["loc"]) or "the file"
    return f"{where}: {item['msg']} (found {item['input']!r})"
