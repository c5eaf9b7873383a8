"""Changing by the command line: settings, for all profiles or one, whether a chat is recorded, the text of a turn."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from cocolora.cli.terminal import opened, show
from cocolora.errors import SettingsInvalid


def settings(arguments: Namespace) -> int:
    """Show the settings, or change some: ``learning.rank=16``."""
    with opened(arguments) as engine:
        for section, values in _by_section(arguments.change or ()).items():
            if arguments.only_in:
                engine.change_settings_in(arguments.only_in, section, **values)
            else:
                engine.change_settings(section, **values)
        held = engine.settings.of(arguments.only_in) if arguments.only_in else engine.settings
        values = held.model_dump(mode="json")
    lines = [f"{section}.{name} = {json.dumps(value, ensure_ascii=False)}" for section, name, value in _flat(values)]
    show(arguments, values, *lines)
    return 0


def _by_section(changes: Sequence[str]) -> dict[str, dict[str, Any]]:
    sections: dict[str, dict[str, Any]] = {}
    for change in changes:
        place, equals, value = change.partition("=")
        section, dot, name = place.strip().partition(".")
        if not (equals and dot and name):
            raise SettingsInvalid("settings", [f'"{change}" is not of the form section.name=value'])
        sections.setdefault(section, {})[name] = _read(value.strip())
    return sections


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _flat(values: dict[str, dict[str, Any]]) -> list[tuple[str, str, Any]]:
    return [(section, name, value) for section, held in values.items() for name, value in held.items()]


def recording(arguments: Namespace) -> int:
    """Switch recording of one conversation on or off."""
    recorded = arguments.switch == "on"
    with opened(arguments) as engine:
        engine.conversations.set_recorded(arguments.conversation, recorded)
        is_off = not engine.settings.recording.enabled
    said = "Nothing more of this conversation is recorded. What was recorded stays until it is forgotten."
    if recorded:
        said = "What is said in this conversation is recorded from now on."
    if recorded and is_off:
        said = "This conversation is recorded again once recording.enabled is on."
    show(arguments, {"conversation": arguments.conversation, "recorded": recorded, "message": said}, said)
    return 0


def edit(arguments: Namespace) -> int:
    """Give a turn another text: what was learned from the old one is made again."""
    with opened(arguments) as engine:
        turn = engine.journal.turn(arguments.turn)
        user = turn.user if arguments.user is None else arguments.user
        reply = turn.reply if arguments.reply is None else arguments.reply
        synced = engine.conversations.edit_turn(turn.id, conversation_id=turn.conversation_id, user=user, reply=reply)
    said = "What was learned from the old text is made again at the next `cocolora learn`."
    show(arguments, {"revised": list(synced.revised)}, said if synced.changed else "Nothing was changed.")
    return 0
