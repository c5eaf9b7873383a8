"""The user's settings: validated, immutable, with units in their names; every problem is reported at once."""

from cocolora.settings.file import SettingsFile, load_settings, save_settings
from cocolora.settings.schema import OWN_SETTINGS, SHARED_SETTINGS, Settings, parse_settings
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

__all__ = [
    "OWN_SETTINGS",
    "SHARED_SETTINGS",
    "Asides",
    "Gate",
    "Jobs",
    "Learning",
    "Profiles",
    "Recording",
    "Retrieval",
    "Rollup",
    "Routing",
    "Section",
    "Settings",
    "SettingsFile",
    "Stack",
    "load_settings",
    "parse_settings",
    "save_settings",
]
