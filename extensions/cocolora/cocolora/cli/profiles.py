"""Profiles and everything from the command line: who holds what, moved, deleted, and all of it gone."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import asdict

from cocolora.cli.terminal import console, show
from cocolora.core.phrases import count
from cocolora.engine import Engine
from cocolora.engine.home import Home, default_home
from cocolora.engine.profiles import Profile


def run_profile(engine: Engine, arguments: Namespace) -> int:
    """List profiles, move a conversation, or delete a profile."""
    return {"list": _list, "move": _move, "delete": _delete}[arguments.action](engine, arguments)


def _list(engine: Engine, arguments: Namespace) -> int:
    found = engine.profiles.all()
    show(arguments, {"profiles": [asdict(profile) for profile in found]}, *map(_sentence, found))
    return 0


def _sentence(profile: Profile) -> str:
    held = (count(profile.conversations, "conversation"), count(profile.turns, "turn"))
    return f"{profile.name}: {', '.join(held)}, {count(profile.adapters, 'adapter')}"


def _move(engine: Engine, arguments: Namespace) -> int:
    turns = engine.profiles.move(arguments.what or "", profile=arguments.to)
    said = f'Moved {count(len(turns), "turn")} to "{arguments.to}"; there they are to be learned anew.'
    show(arguments, {"turns": list(turns), "profile": arguments.to}, said)
    return 0


def _delete(engine: Engine, arguments: Namespace) -> int:
    if not confirmed(arguments, f'Everything in the profile "{arguments.what}" would be deleted for good.'):
        show(arguments, {"deleted": None, "message": "Nothing was deleted."}, "Nothing was deleted.")
        return 1
    gone = engine.profiles.delete(arguments.what or "")
    show(arguments, {"deleted": asdict(gone)}, f"Deleted {_sentence(gone)}.")
    return 0


def run_purge(arguments: Namespace) -> int:
    """Delete all that cocolora keeps in the home folder."""
    home = Home(arguments.home or default_home())
    if not confirmed(
        arguments, f"Every turn, adapter, index, setting and key in {home.folder} would be deleted for good."
    ):
        show(arguments, {"deleted": [], "message": "Nothing was deleted."}, "Nothing was deleted.")
        return 1
    gone = home.purge()
    show(arguments, {"deleted": [str(path) for path in gone]}, *(f"Deleted {path}" for path in gone))
    return 0


def confirmed(arguments: Namespace, warning: str) -> bool:
    """Ask, unless ``--yes`` says so already; without a terminal the answer is no."""
    if arguments.yes:
        return True
    if arguments.json or not sys.stdin.isatty():
        return False
    console.print(warning, markup=False, highlight=False)
    return console.input("Delete? [y/N] ").strip().lower() in ("y", "yes")
