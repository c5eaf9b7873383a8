"""Privacy: whether anything is recorded, what is stored where, and how all of it is taken out."""

from __future__ import annotations

import shlex

import gradio as gr

from cocolora.engine import Engine
from cocolora.ui.board import Board
from cocolora.ui.page import Page, View
from cocolora.ui.words import escape, size

RECORDING = "What is said is recorded"
RECORDING_MEANS = (
    "Off: what is said meanwhile is never recorded or learned; what there is stays, and goes on answering."
)
ON_THIS_MACHINE = (
    "All of it is on this machine, readable by your user alone, and none of it is sent anywhere. Private chats "
    "are not recorded."
)
ONE_BY_ONE = (
    "Forget turns and conversations under Conversations; delete a profile under Profiles. What was forgotten is also "
    "gone from the adapters that learned it, and leaves no text behind."
)
ALL_OF_IT = "To delete everything that cocolora keeps, end the program and delete this folder, or run:"


def record(engine: Engine, page: Page, wanted: bool) -> str:
    """Switch recording on or off."""
    engine.change_settings("recording", enabled=wanted)
    return "What is said is recorded from now on." if wanted else "Nothing that is said is recorded from now on."


def show_stored(view: View) -> str:
    """Return what is stored where, and how it is taken out, as HTML."""
    rows = "".join(
        f'<tr><th scope="row">{escape(kept.what)}<small>{escape(kept.path.name)}</small></th>'
        f"<td>{size(kept.size_bytes)}</td></tr>"
        for kept in view.stored
    )
    folder = view.lookout.engine.home.folder.absolute()
    purge = f"cocolora purge --home {shlex.quote(str(folder))}"
    return (
        f'<p class="cocolora-key">Kept in <code>{escape(str(folder))}</code>:</p>'
        f'<table class="cocolora-table"><tbody>{rows}</tbody></table>'
        f"<p>{escape(ON_THIS_MACHINE)}</p><p>{escape(ONE_BY_ONE)}</p>"
        f'<p class="cocolora-key">{escape(ALL_OF_IT)} <code>{escape(purge)}</code></p>'
    )


def build_privacy(board: Board) -> None:
    """Lay out the switch, what is stored, and the way out."""
    gr.HTML('<h2 class="cocolora-heading">Privacy</h2>')
    switch = gr.Checkbox(True, label=RECORDING, info=RECORDING_MEANS, elem_id="cocolora-recording")
    answer = gr.HTML()
    stored = gr.HTML(elem_classes="cocolora-paragraphs")
    board.follow(switch, see=_is_recording, show=lambda view: gr.update(value=_is_recording(view)))
    board.follow(stored, see=lambda view: view.stored, show=show_stored)
    board.on(switch.input, record, [switch], answer=answer, resend=[switch])


def _is_recording(view: View) -> bool:
    return view.settings.recording.enabled
