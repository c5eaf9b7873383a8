"""Profiles: what each holds, which one this page looks at, and one deleted with everything in it."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr

from cocolora.core.phrases import count
from cocolora.engine import Engine
from cocolora.engine.profiles import Profile
from cocolora.ui.board import Board
from cocolora.ui.own_settings import build_own_settings
from cocolora.ui.page import Page, View
from cocolora.ui.words import escape

WHAT_THEY_ARE = (
    "Profiles share neither text nor adapters: what is said in one is never quoted, learned or answered from in "
    "another. A conversation is moved under Conversations; the settings say which chats belong to which profile."
)
HOLDS_NOTHING = "This profile holds nothing that could be deleted."
FOR_GOOD = (
    "This cannot be undone. What the chat program itself has saved is not touched: delete the chats there too if you "
    "want them gone."
)


def look_at(engine: Engine, page: Page, name: str | None) -> str:
    """Look at another profile, on all tabs."""
    if not name:
        return "Choose a profile first."
    page.choose_profile(name)
    return f'This page shows "{name}" now.'


def ask_delete(engine: Engine, page: Page, name: str | None) -> str:
    """Ask before a profile is deleted."""
    page.doomed = None
    held = next((one for one in engine.profiles.all() if one.name == name), None)
    if held is None:
        return "Choose a profile first."
    if not (held.conversations or held.adapters):
        return HOLDS_NOTHING
    page.doomed = held.name
    return f"Delete {contents(held)} of “{held.name}”? {FOR_GOOD}"


def delete(engine: Engine, page: Page) -> str:
    """Delete a profile with everything in it."""
    name, page.doomed = page.doomed, None
    if name is None:
        return "Choose a profile first."
    gone = engine.profiles.delete(name)
    is_there = page.profile in [profile.name for profile in engine.profiles.all()]
    page.choose_profile(page.profile if is_there else engine.profiles.latest())
    return f"Deleted {contents(gone)} of “{gone.name}”."


def keep(engine: Engine, page: Page) -> str:
    """Do not delete it after all."""
    page.doomed = None
    return "Nothing was deleted."


def contents(profile: Profile) -> str:
    """Return what a profile holds, in words."""
    held = (count(profile.conversations, "conversation"), count(profile.turns, "turn"))
    return f"{', '.join(held)} and {count(profile.adapters, 'adapter')}"


def show_profiles(profiles: Sequence[Profile], *, chosen: str) -> str:
    """Return the profiles and what each holds as HTML."""
    rows = "".join(_row(profile, chosen=profile.name == chosen) for profile in profiles)
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Profile", "Conversations", "Turns", "Adapters"))
    return (
        f'<table class="cocolora-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        f'<p class="cocolora-quiet">{escape(WHAT_THEY_ARE)}</p>'
    )


def _row(profile: Profile, *, chosen: bool) -> str:
    here = " <small>(this page)</small>" if chosen else ""
    numbers = (profile.conversations, profile.turns, profile.adapters)
    cells = "".join(f"<td>{number}</td>" for number in numbers)
    return f'<tr><th scope="row">{escape(profile.name)}{here}</th>{cells}</tr>'


def build_profiles(board: Board) -> None:
    """Lay out the profiles."""
    gr.HTML('<h2 class="cocolora-heading">Profiles</h2>')
    shown = gr.HTML()
    which = gr.Dropdown(label="Profile", elem_id="cocolora-which-profile")
    with gr.Row(elem_classes="cocolora-buttons"):
        look = gr.Button("Look at it", size="sm", min_width=100, elem_id="cocolora-look-at-profile")
        remove = gr.Button("Delete the profile …", size="sm", min_width=100, elem_id="cocolora-delete-profile")
    with gr.Row(visible=False) as confirm:
        really = gr.Button("Delete all of it for good", variant="stop", size="sm")
        no = gr.Button("Keep it", size="sm")
    answer = gr.HTML()
    board.follow(shown, see=_seen, show=lambda view: show_profiles(view.held, chosen=view.page.profile))
    board.follow(which, see=lambda view: (view.profiles, view.page.profile), show=_names)
    board.follow(confirm, see=_is_asking, show=lambda view: gr.update(visible=_is_asking(view)))
    board.on(look.click, look_at, [which], answer=answer)
    board.on(remove.click, ask_delete, [which], answer=answer)
    board.on(really.click, delete, answer=answer)
    board.on(no.click, keep, answer=answer)
    build_own_settings(board)


def _seen(view: View) -> object:
    return view.held, view.page.profile


def _names(view: View) -> object:
    return gr.update(choices=list(view.profiles), value=view.page.profile)


def _is_asking(view: View) -> bool:
    return view.page.doomed is not None
