"""The settings of one profile alone: what differs in it, and any setting that may, chosen, changed and unset."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import gradio as gr
from pydantic.fields import FieldInfo

from cocolora.engine import Engine
from cocolora.settings import OWN_SETTINGS, Settings
from cocolora.ui.board import Board
from cocolora.ui.page import Page, View
from cocolora.ui.settings_form import in_words, info, label, sections
from cocolora.ui.words import escape

NOTHING_CHOSEN = "Choose a setting first."
FIELDS = {
    f"{section}.{name}": sections()[section].model_fields[name]
    for section, names in OWN_SETTINGS.items()
    for name in names
}
"""Every setting that may differ in a profile, by its place, such as ``learning.rank``."""


def choose_setting(engine: Engine, page: Page, place: str | None) -> str:
    """Choose the setting to look at."""
    page.setting = place or None
    return ""


def keep_own(engine: Engine, page: Page, typed: str | None, picked: str | None) -> str:
    """Let the chosen setting have a value in this profile alone: the typed one, or one of the few that it can have."""
    if page.setting is None:
        return NOTHING_CHOSEN
    settings = _change(engine, page, (picked if options(FIELDS[page.setting]) else typed) or "")
    value = in_words(read(settings.of(page.profile), page.setting))
    return f"{called(page.setting)} is {value} in “{page.profile}” from now on."


def follow_everywhere(engine: Engine, page: Page) -> str:
    """Let the chosen setting be in this profile what it is everywhere."""
    if page.setting is None:
        return NOTHING_CHOSEN
    _change(engine, page, None)
    return f"{called(page.setting)} is as everywhere in “{page.profile}”."


def _change(engine: Engine, page: Page, value: str | None) -> Settings:
    section, _, name = (page.setting or "").partition(".")
    return engine.change_settings_in(page.profile, section, **{name: value})


def read(settings: Settings, place: str) -> object:
    """Return a setting's value by its place."""
    section, _, name = place.partition(".")
    return getattr(getattr(settings, section), name)


def called(place: str) -> str:
    """Return what a setting is called, with its section and its unit."""
    section, _, name = place.partition(".")
    return f"{section.capitalize()} – {label(name, FIELDS[place])}"


def options(field: FieldInfo) -> list[str]:
    """Return the values that a setting can have, where these are few; empty where its value is typed."""
    if field.annotation is bool:
        return ["on", "off"]
    return list(get_args(field.annotation)) if get_origin(field.annotation) is Literal else []


def show_differences(view: View) -> str:
    """Return which settings differ in the profile that is looked at, as HTML."""
    own, profile = view.settings.profiles.own.get(view.page.profile, {}), view.page.profile
    differing = [
        place for place in FIELDS if place in {f"{section}.{name}" for section in own for name in own[section]}
    ]
    if not differing:
        return f'<p class="cocolora-quiet">{escape(f"In “{profile}” every setting is as everywhere.")}</p>'
    items = "".join(f"<li>{escape(f'{called(place)}: {_both(view, place)}')}</li>" for place in differing)
    return f'<p>{escape(f"In “{profile}” these are not as everywhere:")}</p><ul class="cocolora-listed">{items}</ul>'


def show_setting(view: View) -> str:
    """Return what the chosen setting means, its default, and what it is here and everywhere, as HTML."""
    place = view.page.setting
    return f"<p>{escape(f'{info(FIELDS[place])} Now: {_both(view, place)}.')}</p>" if place else ""


def _both(view: View, place: str) -> str:
    here, everywhere = in_words(read(view.own_settings, place)), in_words(read(view.settings, place))
    return f"{here} in “{view.page.profile}”, {everywhere} everywhere"


def build_own_settings(board: Board) -> None:
    """Lay out what differs in the profile, and the choice of a setting with its value."""
    with gr.Accordion("Settings of this profile alone", open=False, elem_id="cocolora-own-settings"):
        differences = gr.HTML()
        choices = [(called(place), place) for place in FIELDS]
        which = gr.Dropdown(choices, value=None, label="Setting", elem_id="cocolora-own-setting")
        sentence = gr.HTML()
        typed = gr.Textbox(label="Value in this profile", max_lines=1, visible=False, elem_id="cocolora-own-value")
        picked = gr.Radio([], label="Value in this profile", visible=False, elem_id="cocolora-own-choice")
        with gr.Row(elem_classes="cocolora-buttons"):
            keep = gr.Button("Keep it for this profile", size="sm", min_width=100, elem_id="cocolora-keep-own")
            unset = gr.Button("As everywhere", size="sm", min_width=100, elem_id="cocolora-as-everywhere")
        answer = gr.HTML()
    board.follow(differences, see=_settings, show=show_differences)
    board.follow(sentence, see=lambda view: (_settings(view), view.page.setting), show=show_setting)
    board.follow(typed, see=_value, show=_typed)
    board.follow(picked, see=_value, show=_picked)
    board.on(which.input, choose_setting, [which], answer=gr.HTML(visible=False))
    board.on(keep.click, keep_own, [typed, picked], answer=answer)
    board.on(unset.click, follow_everywhere, answer=answer, resend=[typed, picked])


def _settings(view: View) -> object:
    return view.page.profile, view.settings


def _value(view: View) -> tuple[str, str | None, object]:
    """Return what the value's widgets depend on: whatever else is changed leaves in them what was typed."""
    place = view.page.setting
    return view.page.profile, place, in_words(read(view.own_settings, place)) if place else None


def _typed(view: View) -> Any:
    _, place, value = _value(view)
    return gr.update(
        visible=place is not None and not options(FIELDS[place]), value="" if value is None else str(value)
    )


def _picked(view: View) -> Any:
    _, place, value = _value(view)
    found = options(FIELDS[place]) if place else []
    return gr.update(visible=bool(found), choices=found, value=value if found else None)
