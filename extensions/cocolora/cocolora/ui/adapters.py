"""The stack: its adapters in a list, and everything about the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Any

import gradio as gr

from cocolora.core.adapters import Activation, Adapter, AdapterState, in_order
from cocolora.core.history import Descent
from cocolora.core.phrases import count
from cocolora.engine import Engine
from cocolora.settings import Gate
from cocolora.ui.board import Board
from cocolora.ui.charts import show_scores
from cocolora.ui.evaluating import build_evaluating, evaluate
from cocolora.ui.page import Page, View
from cocolora.ui.rollups import build_rollups, undo
from cocolora.ui.trials import build_trials
from cocolora.ui.words import ACTIVATIONS, adapter_state, chat_title, day, escape, minute

SHOWN = 20
MOST_WEIGHT = 2
NO_ADAPTERS = "No adapters yet. Tell the bot something worth knowing, then press Learn now."
CHOOSE_ONE = "Choose an adapter to see where it comes from and how well it does, and to change it."
ORDER = "The newest first, unless you move one. Of two that fit a prompt equally well, the upper one answers."
SHORT_ACTIVATIONS = {Activation.ALWAYS: "always on", Activation.ROUTED: "on when it fits", Activation.OFF: "off"}


def label(adapter: Adapter) -> str:
    """Return an adapter's entry in the list: its name, and below it when it takes part."""
    taking_part = SHORT_ACTIVATIONS[adapter.activation] if adapter.usable else "off"
    weight = "" if adapter.weight == 1 else f" · weight {adapter.weight:g}"
    level = f" · rollup of level {adapter.level}" if adapter.level else ""
    return f"{adapter.name}\n{adapter.kind}{level} · {taking_part}{weight}"


def show_adapter(adapter: Adapter, descents: Sequence[Descent], *, gate: Gate, model: str, zone: tzinfo | None) -> str:
    """Return what there is to know of an adapter as HTML, dated in the user's time ``zone``."""
    recipe = adapter.recipe
    facts = {
        "State": adapter_state(adapter, model=model),
        "Learned from": learned_from(adapter, descents, zone),
        **({"Made of": f"{count(len(adapter.sources), 'adapter')}, level {adapter.level}"} if adapter.sources else {}),
        "Made": f"{minute(adapter.made_at, zone)}, on {adapter.base.name}",
        "Size": f"{adapter.size_bytes / 1e6:.2f} MB: rank {recipe.rank}, alpha {recipe.alpha:g}, "
        f"{recipe.steps} steps at {recipe.learning_rate:g}",
    }
    rows = "".join(f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in facts.items())
    heading = f'<h2 class="cocolora-heading">{escape(adapter.name)}</h2>'
    scores = show_scores([adapter], gate) if adapter.scores else "<p>It was not tested here.</p>"
    return f'{heading}<dl class="cocolora-facts">{rows}</dl>{scores}'


def learned_from(adapter: Adapter, descents: Sequence[Descent], zone: tzinfo | None) -> str:
    """Return what an adapter was made from, in words."""
    if adapter.origin:
        return f"Imported from {adapter.origin}"
    told = [
        f"{count(d.turns, 'turn')} of “{chat_title(d.title, d.started_at, zone)}” ({day(d.started_at, zone)})"
        for d in descents
    ]
    return "; ".join(told) or "turns that were forgotten since"


def choose(engine: Engine, page: Page, adapter_id: str | None) -> str:
    """Choose the adapter that the buttons act on. A list that was sent anew may name the one that is chosen."""
    if adapter_id != page.adapter_id:
        page.adapter_id, page.deleting = adapter_id, False
    return ""


def choice_of(adapter: Adapter, activation: Activation) -> str:
    """Return the choice that an adapter takes part so."""
    return f"{adapter.id} {activation}"


def show_more(engine: Engine, page: Page) -> str:
    """List more adapters."""
    page.shown_adapters += SHOWN
    return ""


def switch(engine: Engine, page: Page, choice: str) -> str:
    """Say when an adapter takes part; the choice names it.

    Gradio 4 sends a choice also when the page was given one. It is then about the adapter that was chosen when
    it was given, and changes nothing.
    """
    adapter_id, _, chosen = choice.rpartition(" ")
    adapter, activation = engine.journal.adapter(adapter_id), Activation(chosen)
    if adapter.activation is activation:
        return ""
    if adapter.state is AdapterState.IMPORTED:
        engine.catalogue.start_admission(adapter, activation)
        return ""  # the status says so
    switched = engine.catalogue.set_activation(adapter_id, activation)
    return f'"{switched.name}" takes part: {ACTIVATIONS[switched.activation].lower()}.'


def weigh(engine: Engine, page: Page, weight: float | None) -> str:
    """Weigh the chosen adapter; a number that is still being typed may be none, or out of bounds."""
    if weight is None or not 0 <= weight <= MOST_WEIGHT:
        return ""
    adapter = engine.catalogue.change(_chosen(page), weight=weight)
    return f'"{adapter.name}" now has weight {adapter.weight:g}.'


def rename(engine: Engine, page: Page, name: str) -> str:
    """Rename the chosen adapter."""
    return f'Saved as "{engine.catalogue.change(_chosen(page), name=name).name}".'


def move_up(engine: Engine, page: Page) -> str:
    """Let the chosen adapter stand higher in the stack."""
    engine.catalogue.move(_chosen(page), up=True)
    return ""


def move_down(engine: Engine, page: Page) -> str:
    """Let the chosen adapter stand lower in the stack."""
    engine.catalogue.move(_chosen(page), up=False)
    return ""


def ask_delete(engine: Engine, page: Page) -> str:
    """Ask before the chosen adapter is deleted."""
    page.deleting = True
    name = engine.journal.adapter(_chosen(page)).name
    return f'Delete "{name}"? Its turns stay remembered, and are learned again with the next Learn now.'


def keep(engine: Engine, page: Page) -> str:
    """Do not delete it after all."""
    page.deleting = False
    return "Nothing was deleted."


def delete(engine: Engine, page: Page) -> str:
    """Delete the chosen adapter."""
    name = engine.journal.adapter(_chosen(page)).name
    engine.catalogue.delete(_chosen(page))
    page.adapter_id, page.deleting = None, False
    return f'Deleted "{name}".'


def _chosen(page: Page) -> str:
    return page.adapter_id or ""


def build_adapters(board: Board) -> None:
    """Lay out the list, the chosen adapter and its actions, the whole stack, rollups and trials."""
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            _build_list(board)
        with gr.Column(scale=3, min_width=300):
            _build_chosen(board)
    with gr.Row(elem_classes="cocolora-cards"):
        with gr.Column(min_width=280):
            with gr.Column(elem_classes="cocolora-card"):
                build_evaluating(board)
            with gr.Column(elem_classes="cocolora-card"):
                build_trials(board)
        with gr.Column(elem_classes="cocolora-card", min_width=280):
            build_rollups(board)


def _build_list(board: Board) -> None:
    empty = gr.HTML(f"<p>{escape(NO_ADAPTERS)}</p>")
    listed = gr.Radio(label="Adapters", info=ORDER, elem_id="cocolora-adapter", elem_classes="cocolora-list")
    more = gr.Button("Show more", size="sm", visible=False)
    board.follow(empty, see=_has_any, show=lambda view: gr.update(visible=not _has_any(view)))
    board.follow(listed, see=_listed_seen, show=_listed)
    board.follow(more, see=_has_more, show=lambda view: gr.update(visible=_has_more(view)))
    board.on(listed.input, choose, [listed], answer=gr.HTML(visible=False))
    board.on(more.click, show_more, answer=gr.HTML(visible=False))


def _build_chosen(board: Board) -> None:
    about = gr.HTML()
    board.follow(about, see=_about_seen, show=_about)
    with gr.Column(visible=False) as actions:
        radio = gr.Radio(label="Takes part")
        weight = gr.Slider(
            0,
            MOST_WEIGHT,
            value=1,
            step=0.05,
            label="Weight (factor)",
            info="1 is as trained, 0 is no effect.",
            elem_id="cocolora-weight",
        )
        with gr.Row(elem_classes="cocolora-buttons"):
            name = gr.Textbox(label="Name", max_lines=1)
            store = gr.Button("Rename", size="sm", min_width=100)
        with gr.Row(elem_classes="cocolora-buttons"):
            up = gr.Button("Move up", size="sm", min_width=80, elem_id="cocolora-move-up")
            down = gr.Button("Move down", size="sm", min_width=80, elem_id="cocolora-move-down")
            test = gr.Button("Evaluate now", size="sm", min_width=100, elem_id="cocolora-evaluate")
            restore = gr.Button("Undo the rollup", size="sm", min_width=100, elem_id="cocolora-undo")
            remove = gr.Button("Delete …", size="sm", min_width=100)
        with gr.Row(visible=False) as confirm:
            really = gr.Button("Delete it for good", variant="stop", size="sm")
            no = gr.Button("Keep it", size="sm")
    answer = gr.HTML()  # outside the actions, which hide when the adapter is gone
    board.follow(restore, see=_is_rollup, show=lambda view: gr.update(visible=_is_rollup(view)))
    _follow_chosen(board, radio=radio, name=name, weight=weight)
    board.follow(actions, see=_is_chosen, show=lambda view: gr.update(visible=_is_chosen(view)))
    board.follow(confirm, see=_is_deleting, show=lambda view: gr.update(visible=_is_deleting(view)))
    board.on(radio.input, switch, [radio], answer=answer, resend=[radio])
    board.on(weight.input, weigh, [weight], answer=answer, settle=[weight])  # with the keyboard nothing is released
    board.on(weight.release, weigh, [weight], answer=answer, resend=[weight])
    board.on(store.click, rename, [name], answer=answer)
    board.on(name.submit, rename, [name], answer=answer)
    board.on(up.click, move_up, answer=answer)
    board.on(down.click, move_down, answer=answer)
    board.on(test.click, evaluate, answer=answer)
    board.on(restore.click, undo, answer=answer)
    board.on(remove.click, ask_delete, answer=answer)
    board.on(really.click, delete, answer=answer)
    board.on(no.click, keep, answer=answer)


def _follow_chosen(board: Board, *, radio: gr.Radio, name: gr.Textbox, weight: gr.Slider) -> None:
    def follow(widget: gr.Component, field: str) -> None:
        board.follow(widget, see=_field(field), show=lambda view: gr.update(value=getattr(view.adapter, field, None)))

    board.follow(radio, see=_field("activation"), show=_activations)
    follow(name, "name")
    follow(weight, "weight")


def _field(name: str) -> Callable[[View], object]:
    return lambda view: (view.page.adapter_id, getattr(view.adapter, name, None))


def _activations(view: View) -> Any:
    adapter = view.adapter
    if adapter is None:
        return gr.update(choices=[], value=None)
    choices = [(text, choice_of(adapter, key)) for key, text in ACTIVATIONS.items()]
    return gr.update(choices=choices, value=choice_of(adapter, adapter.activation))


def _has_any(view: View) -> bool:
    return bool(view.status.adapters)


def _has_more(view: View) -> bool:
    return len(view.status.adapters) > view.page.shown_adapters


def _listed_seen(view: View) -> object:
    listed = [(adapter.id, label(adapter)) for adapter in in_order(view.status.adapters)]
    return listed, view.page.shown_adapters, view.page.adapter_id


def _listed(view: View) -> object:
    shown = in_order(view.status.adapters)[: view.page.shown_adapters]
    choices = [(label(adapter), adapter.id) for adapter in shown]
    value = view.page.adapter_id if any(view.page.adapter_id == key for _, key in choices) else None
    return gr.update(choices=choices, value=value, visible=bool(choices))


def _about_seen(view: View) -> object:
    gate, has_any = view.own_settings.gate, bool(view.status.adapters)
    return view.adapter, view.status.model, view.history, gate, has_any, view.zone


def _about(view: View) -> str:
    if view.adapter is None:
        return f"<p>{escape(CHOOSE_ONE)}</p>" if view.status.adapters else ""
    descents = view.history.descent_of(view.adapter.id)
    gate, model = view.own_settings.gate, view.status.model
    return show_adapter(view.adapter, descents, gate=gate, model=model, zone=view.zone)


def _is_chosen(view: View) -> bool:
    return view.adapter is not None


def _is_rollup(view: View) -> bool:
    return view.adapter is not None and view.adapter.state is AdapterState.READY and bool(view.adapter.sources)


def _is_deleting(view: View) -> bool:
    return view.page.deleting and view.adapter is not None
