"""The settings: one form for each section, made from the settings themselves, so that none is ever missing here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, get_args, get_origin

import gradio as gr
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cocolora.engine import Engine
from cocolora.settings import Settings
from cocolora.ui.board import Board
from cocolora.ui.page import Page, View
from cocolora.ui.presets import build_presets
from cocolora.ui.words import escape

UNITS = {
    "bytes": "bytes",
    "days": "days",
    "hours": "hours",
    "minutes": "minutes",
    "ms": "milliseconds",
    "questions": "questions",
    "s": "seconds",
    "samples": "samples",
    "tokens": "tokens",
    "turns": "turns",
}

OWN = "own"
"""The settings of single profiles have no widget: a form keeps them as they are, and names those it does not show."""

WHERE_OWN = "They are changed under Privacy, with the profiles."


def sections() -> dict[str, type[BaseModel]]:
    """Return the sections of the settings by name."""
    found = {name: field.annotation for name, field in Settings.model_fields.items()}
    return {name: kind for name, kind in found.items() if isinstance(kind, type) and issubclass(kind, BaseModel)}


def label(name: str, field: FieldInfo) -> str:
    """Return what a setting is called, with its unit."""
    *words, last = name.split("_")
    if words and last in UNITS:
        return f"{' '.join(words).capitalize()} ({UNITS[last]})"
    unit = " (share, from 0 to 1)" if _limits(field) == (0.0, 1.0) and field.annotation is float else ""
    return f"{name.replace('_', ' ').capitalize()}{unit}"


def shown(value: object) -> object:
    """Return a setting's value as its widget shows it: names with commas between, rules one a line."""
    if isinstance(value, tuple):
        return ", ".join(value)
    return "\n".join(f"{pattern} = {name}" for pattern, name in value.items()) if isinstance(value, dict) else value


def info(field: FieldInfo) -> str:
    """Return what a setting means, and its default."""
    default = in_words(field.default)
    return f"{field.description} Default: {'empty' if default == '' else default}."


def save(section: str, names: list[str]) -> Callable[..., str]:
    """Return the handler that keeps a section's settings."""

    def save_section(engine: Engine, page: Page, *values: object) -> str:
        before = engine.settings
        after = engine.change_settings(section, **dict(zip(names, values, strict=True)))
        return "Saved." if after != before else "Nothing was changed."

    return save_section


def reset(section: str, kind: type[BaseModel]) -> Callable[..., str]:
    """Return the handler that puts a section back to its defaults."""

    def reset_section(engine: Engine, page: Page) -> str:
        engine.change_settings(section, **kind().model_dump(exclude={OWN}))
        return "Back to the defaults."

    return reset_section


def show_own(section: str, kind: type[BaseModel], view: View) -> str:
    """Return which settings of a section differ in the profile that is looked at as HTML; empty where none does."""
    own = view.settings.profiles.own.get(view.page.profile, {}).get(section, {})
    told = [
        f"{label(name, kind.model_fields[name])}: {in_words(own[name])}" for name in kind.model_fields if name in own
    ]
    if not told:
        return ""
    sentence = f"“{view.page.profile}” has settings of its own, which hold there instead of these: {'; '.join(told)}."
    return f'<p class="cocolora-quiet">{escape(sentence)} {escape(WHERE_OWN)}</p>'


def in_words(value: object) -> object:
    """Return a setting's value in words: a switch is on or off."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else shown(value)


def build_settings(board: Board, *, opened: Callable[..., Any]) -> None:
    """Lay out the presets and a form for each section; ``opened`` is the event of opening the settings."""
    with gr.Column(elem_classes="cocolora-card"):
        build_presets(board, opened=opened)
    for section, kind in sections().items():
        with gr.Accordion(section.capitalize(), open=False, elem_id=f"cocolora-settings-{section}"):
            _build_section(board, section, kind)


def _build_section(board: Board, section: str, kind: type[BaseModel]) -> None:
    gr.Markdown(kind.__doc__ or "")
    own = gr.HTML()
    switches = {name: field for name, field in kind.model_fields.items() if field.annotation is bool}
    fields = {name: _widget(name, field) for name, field in switches.items()}
    with gr.Row():
        others = {name: field for name, field in kind.model_fields.items() if name not in switches and name != OWN}
        fields |= {name: _widget(name, field) for name, field in others.items()}
    with gr.Row():
        keep = gr.Button("Save", variant="primary", elem_id=f"cocolora-save-{section}")
        defaults = gr.Button("Defaults")
    answer = gr.HTML()
    for name, widget in fields.items():
        _follow(board, widget, section=section, name=name)
    board.follow(own, see=partial(show_own, section, kind), show=partial(show_own, section, kind))
    widgets = list(fields.values())
    board.on(keep.click, save(section, list(fields)), widgets, answer=answer)
    board.on(defaults.click, reset(section, kind), answer=answer, resend=widgets)


def _follow(board: Board, widget: gr.Component, *, section: str, name: str) -> None:
    def value(settings: Settings) -> object:
        return shown(getattr(getattr(settings, section), name))

    board.follow(widget, see=lambda view: value(view.settings), show=lambda view: gr.update(value=value(view.settings)))


def _widget(name: str, field: FieldInfo) -> gr.Component:
    words: dict[str, Any] = {"label": label(name, field), "info": info(field), "value": shown(field.default)}
    words["min_width"] = 280
    if field.annotation is bool:
        return gr.Checkbox(**words)
    if get_origin(field.annotation) is Literal:
        return gr.Dropdown(list(get_args(field.annotation)), **words)
    if isinstance(field.default, dict):
        return gr.Textbox(lines=3, **words)
    if isinstance(field.default, (str, tuple)):
        return gr.Textbox(**words)
    if field.annotation is int:
        return gr.Number(precision=0, **words)
    if _limits(field) == (0.0, 1.0):
        return gr.Slider(0, 1, step=0.01, **words)
    return gr.Number(step=field.default / 10, **words)


def _limits(field: FieldInfo) -> tuple[Any, Any]:
    lowest = next((limit.ge for limit in field.metadata if hasattr(limit, "ge")), None)
    highest = next((limit.le for limit in field.metadata if hasattr(limit, "le")), None)
    return lowest, highest
