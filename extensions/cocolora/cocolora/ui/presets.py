"""Presets on the page: a recipe by its name, with how long the loaded model needs for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from cocolora.core.presets import PRESETS, RECIPE
from cocolora.engine import Engine
from cocolora.engine.estimate import Speed
from cocolora.settings import Learning
from cocolora.ui.board import Board
from cocolora.ui.page import Page, View
from cocolora.ui.words import duration, escape

UNMEASURED = "press How long?"
ON_TOP = (
    "This is one attempt at training. Reading the stretch and testing the adapter come on top, and a second attempt "
    "when the gate refuses the first."
)


def choose_preset(engine: Engine, page: Page, name: str | None) -> str:
    """Put a preset's values into force."""
    preset = next((preset for preset in PRESETS if preset.name == name), None)
    if preset is None:
        return "Choose a preset first."
    learning = preset.applied(engine.settings.learning)
    engine.change_settings("learning", **learning.model_dump())
    return f'"{preset.title}" is in force. What was learned before stays as it is.'


def measure(engine: Engine, page: Page) -> str:
    """Measure how fast the loaded model is, in the background."""
    engine.start_measuring(anew=True)
    return ""  # the status says so


def measure_when_opened(engine: Engine, page: Page) -> str:
    """Measure the loaded model if that was not done yet and nothing else is going on."""
    if engine.jobs.current is None:
        engine.start_measuring(anew=False)
    return ""


def in_force(learning: Learning) -> str | None:
    """Return the name of the preset whose values are in force, if one's are."""
    for preset in PRESETS:
        wanted = preset.applied(learning)
        if all(getattr(wanted, name) == getattr(learning, name) for name in RECIPE):
            return preset.name
    return None


def show_presets(learning: Learning, speed: Speed | None) -> str:
    """Return the presets as an HTML table."""
    rows = ""
    for preset in PRESETS:
        recipe = preset.applied(learning)
        how_long = duration(speed.stretch_s(recipe)) if speed else UNMEASURED
        cells = (
            preset.sentence,
            f"rank {recipe.rank}, alpha {recipe.alpha:g}, {recipe.steps} steps at {recipe.learning_rate:g}",
            how_long,
        )
        rows += f'<tr><th scope="row">{escape(preset.title)}</th>{"".join(f"<td>{escape(x)}</td>" for x in cells)}</tr>'
    heads = ("Preset", "For", "Recipe", "One stretch")
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    on_top = f'<p class="cocolora-quiet">{escape(ON_TOP)}</p>' if speed else ""
    return (
        '<div class="cocolora-scroll" tabindex="0" role="region" aria-label="Presets"><table><thead>'
        f"<tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{on_top}"
    )


def build_presets(board: Board, *, opened: Callable[..., Any]) -> None:
    """Lay out the presets; ``opened`` is the event of opening what holds them."""
    gr.HTML('<h2 class="cocolora-heading">Presets for training</h2>')
    table = gr.HTML()
    with gr.Row(elem_classes="cocolora-buttons"):
        choice = gr.Radio([(p.title, p.name) for p in PRESETS], label="Preset", elem_id="cocolora-preset")
        use = gr.Button("Use this preset", size="sm", min_width=140, elem_id="cocolora-use-preset")
        ask = gr.Button("How long?", size="sm", min_width=100, elem_id="cocolora-how-long")
    answer = gr.HTML()
    board.follow(table, see=_seen, show=lambda view: show_presets(view.settings.learning, view.speed))
    board.follow(choice, see=_in_force, show=lambda view: gr.update(value=_in_force(view)))
    board.on(use.click, choose_preset, [choice], answer=answer)
    board.on(ask.click, measure, answer=answer)
    board.on(opened, measure_when_opened, answer=answer)


def _seen(view: View) -> object:
    return view.settings.learning, view.speed


def _in_force(view: View) -> str | None:
    return in_force(view.settings.learning)
