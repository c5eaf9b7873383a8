"""The adapters: their table, and what can be done with the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr

from cocolora.core.adapters import Activation, Adapter
from cocolora.core.conversations import Turn
from cocolora.core.counting import count
from cocolora.engine import Engine
from cocolora.ui.board import Board
from cocolora.ui.page import Page, View
from cocolora.ui.words import ACTIVATIONS, adapter_state, days, escape, minute, share

HEADERS = {
    "Name": "What it is called; rename it below",
    "Kind": "Knowledge answers about its turns, behaviour changes how everything is answered",
    "Takes part": "When it takes part in an answer",
    "State": "Whether it passed its tests",
    "Learned from": "How many turns, and when they were said",
    "Made": "When it was trained",
    "Recall": "Right answers to new wordings of what it learned",
    "Retention": "Right answers to what the base model knew; the base model's own share in brackets",
    "Abstention": "Admits that it does not know what it cannot know",
}
NO_ADAPTERS = "No adapters yet. Tell the bot something worth knowing, then press Learn now."


def show_table(adapters: tuple[Adapter, ...], turns: dict[str, Turn], *, model: str) -> str:
    """Return the adapters as an HTML table, newest first; ``turns`` are those they learned, by id."""
    if not adapters:
        return f"<p>{escape(NO_ADAPTERS)}</p>"
    head = "".join(f'<th scope="col" title="{escape(why)}">{escape(name)}</th>' for name, why in HEADERS.items())
    body = "".join(_row(adapter, turns, model=model) for adapter in reversed(adapters))
    caption = f"{count(len(adapters), 'adapter')}, newest first"
    return (
        f'<div class="cocolora-scroll" tabindex="0"><table><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(adapter: Adapter, turns: dict[str, Turn], *, model: str) -> str:
    scores = adapter.scores
    cells = [
        str(adapter.kind).capitalize(),
        ACTIVATIONS[adapter.activation],
        adapter_state(adapter, model=model),
        learned_from(adapter, turns),
        minute(adapter.made_at),
        share(scores.recall) if scores else "–",
        f"{share(scores.retention)} ({share(scores.retention_base)})" if scores else "–",
        share(scores.abstention) if scores else "–",
    ]
    return (
        f'<tr><th scope="row">{escape(adapter.name)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
    )


def learned_from(adapter: Adapter, turns: dict[str, Turn]) -> str:
    """Return what an adapter was made from, in words."""
    if adapter.origin:
        return f"Imported from {adapter.origin}"
    said = days(turns[turn_id].said_at for turn_id in adapter.turn_ids if turn_id in turns)
    return ", ".join(filter(None, [count(len(adapter.turn_ids), "turn"), said]))


def choose(engine: Engine, page: Page, adapter_id: str | None) -> str:
    """Choose the adapter that the buttons act on."""
    page.adapter_id, page.deleting = adapter_id, False
    return ""


def switch(engine: Engine, page: Page, activation: str) -> str:
    """Say when the chosen adapter takes part."""
    adapter = engine.set_activation(_chosen(page), Activation(activation))
    return f'"{adapter.name}" takes part: {ACTIVATIONS[adapter.activation].lower()}.'


def save(engine: Engine, page: Page, name: str, weight: float) -> str:
    """Rename and weigh the chosen adapter."""
    adapter = engine.change_adapter(_chosen(page), name=name, weight=weight)
    return f'Saved "{adapter.name}" with weight {adapter.weight:g}.'


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
    engine.delete_adapter(_chosen(page))
    page.adapter_id, page.deleting = None, False
    return f'Deleted "{name}".'


def _chosen(page: Page) -> str:
    return page.adapter_id or ""


def build_adapters(board: Board) -> None:
    """Lay out the table and the actions."""
    table = gr.HTML()
    chosen = gr.Dropdown(label="Adapter", info="Choose one to change it.", visible=False, elem_id="cocolora-adapter")
    with gr.Column(visible=False) as details:
        _build_details(board, chosen)
    board.follow(table, see=lambda view: (view.status.adapters, view.status.model), show=_table(board.engine))
    board.follow(chosen, see=_choices_seen, show=_choices)
    board.follow(details, see=_is_chosen, show=lambda view: gr.update(visible=_is_chosen(view)))


def _build_details(board: Board, chosen: gr.Dropdown) -> None:
    radio = gr.Radio([(label, str(key)) for key, label in ACTIVATIONS.items()], label="Takes part")
    with gr.Row():
        name = gr.Textbox(label="Name", max_lines=1)
        weight = gr.Slider(0, 2, value=1, step=0.05, label="Weight (factor)", info="1 is as trained, 0 is no effect.")
    with gr.Row():
        store = gr.Button("Save name and weight")
        remove = gr.Button("Delete …", variant="stop")
    with gr.Row(visible=False) as confirm:
        really = gr.Button("Delete it for good", variant="stop")
        no = gr.Button("Keep it")
    answer = gr.HTML()
    _follow_details(board, radio=radio, name=name, weight=weight, confirm=confirm)
    board.on(chosen.input, choose, [chosen], answer=answer)
    board.on(radio.input, switch, [radio], answer=answer, resend=[radio])
    board.on(store.click, save, [name, weight], answer=answer)
    board.on(remove.click, ask_delete, answer=answer)
    board.on(really.click, delete, answer=answer)
    board.on(no.click, keep, answer=answer)


def _follow_details(board: Board, *, radio: gr.Radio, name: gr.Textbox, weight: gr.Slider, confirm: gr.Row) -> None:
    def follow(widget: gr.Component, field: str) -> None:
        def see(view: View) -> object:
            return (view.page.adapter_id, getattr(view.adapter, field, None))

        board.follow(widget, see=see, show=lambda view: gr.update(value=getattr(view.adapter, field, None)))

    follow(radio, "activation")
    follow(name, "name")
    follow(weight, "weight")
    board.follow(confirm, see=_is_deleting, show=lambda view: gr.update(visible=_is_deleting(view)))


def _table(engine: Engine) -> Callable[[View], str]:
    def show(view: View) -> str:
        adapters = view.status.adapters
        ids = {turn_id for adapter in adapters for turn_id in adapter.turn_ids}
        turns = {turn.id: turn for turn in engine.journal.turns(ids=ids)}
        return show_table(adapters, turns, model=view.status.model)

    return show


def _choices_seen(view: View) -> object:
    return [(adapter.name, adapter.id) for adapter in reversed(view.status.adapters)], view.adapter is not None


def _choices(view: View) -> object:
    choices = [(adapter.name, adapter.id) for adapter in reversed(view.status.adapters)]
    return gr.update(choices=choices, value=view.adapter.id if view.adapter else None, visible=bool(choices))


def _is_chosen(view: View) -> bool:
    return view.adapter is not None


def _is_deleting(view: View) -> bool:
    return view.page.deleting and view.adapter is not None
