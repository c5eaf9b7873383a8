"""Trying adapters out: a question to the model alone, beside chosen adapters together or one by one."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr

from cocolora.core.adapters import Adapter
from cocolora.engine import Engine
from cocolora.engine.trial import Trying
from cocolora.ui.board import Board
from cocolora.ui.page import Page, View
from cocolora.ui.words import adapter_label, escape, refused

ONE_BY_ONE, TOGETHER = "One by one", "Together"
ALONE = "The model alone"
ABOUT_ONE = "One that was learned while another was always on answers as in a chat only together with that one."
ASK_FIRST = "Type a question first."


def try_out(engine: Engine, page: Page, question: str, adapter_ids: list[str], how: str) -> str:
    """Put a question to the model alone and to the chosen adapters."""
    if not question.strip():
        return ASK_FIRST
    stop_trying(engine, page)
    adapters = [engine.journal.adapter(adapter_id) for adapter_id in adapter_ids or []]
    chosen = [adapters] if how == TOGETHER else [[adapter] for adapter in adapters]
    page.trial = engine.try_out(question.strip(), [[], *filter(None, chosen)])
    return ""


def stop_trying(engine: Engine, page: Page) -> str:
    """End the trial with the answers there are."""
    if page.trial is not None:
        page.trial.stop()
    return "Stopped."


def show_trying(trying: Trying) -> str:
    """Return the answers side by side as HTML."""
    cards = "".join(
        f"<div><dt>{escape(name(choice))}</dt><dd>{escape(answer) or ('…' if trying.running else '–')}</dd></div>"
        for choice, answer in zip(trying.choices, trying.answers, strict=True)
    )
    done = sum(map(bool, trying.answers))
    far = f"<p>Answering {min(done + 1, len(trying.answers))} of {len(trying.answers)} …</p>" if trying.running else ""
    trouble = refused(trying.trouble) if trying.trouble else ""
    return f'<dl class="cocolora-tiles cocolora-answers" aria-label="Answers">{cards}</dl>{far}{trouble}'


def name(choice: Sequence[Adapter]) -> str:
    """Return what a choice of adapters is called."""
    return " + ".join(adapter.name for adapter in choice) or ALONE


def build_trials(board: Board) -> None:
    """Lay out the question, the choice and the answers."""
    gr.HTML('<h2 class="cocolora-heading">Try a question</h2>')
    question = gr.Textbox(label="Question", placeholder="What is my dog called?", max_lines=3, elem_id="cocolora-try")
    chosen = gr.Dropdown(
        label="With these adapters",
        info="The model alone always answers beside them.",
        multiselect=True,
        elem_id="cocolora-try-adapters",
    )
    how = gr.Radio([ONE_BY_ONE, TOGETHER], value=ONE_BY_ONE, label="How", info=ABOUT_ONE, elem_id="cocolora-try-how")
    with gr.Row(elem_classes="cocolora-buttons"):
        ask = gr.Button("Try it", variant="primary", size="sm", min_width=100, elem_id="cocolora-try-it")
        halt = gr.Button("Stop trying", variant="stop", size="sm", min_width=100, visible=False)
    answer = gr.HTML()
    answers = gr.HTML()
    board.follow(chosen, see=_choices, show=lambda view: gr.update(choices=_choices(view)))
    board.follow(answers, see=_trying, show=lambda view: show_trying(now) if (now := _trying(view)) else "")
    board.follow(halt, see=_is_trying, show=lambda view: gr.update(visible=_is_trying(view)))
    board.on(ask.click, try_out, [question, chosen, how], answer=answer)
    board.on(question.submit, try_out, [question, chosen, how], answer=answer)
    board.on(halt.click, stop_trying, answer=answer)


def _choices(view: View) -> list[tuple[str, str]]:
    return [(adapter_label(adapter, view.zone), adapter.id) for adapter in reversed(view.status.adapters)]


def _trying(view: View) -> Trying | None:
    return view.page.trial.now if view.page.trial is not None else None


def _is_trying(view: View) -> bool:
    now = _trying(view)
    return now is not None and now.running
