"""Sharing: what would leave and what it can be made to tell, and then the profile's adapters as one file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import gradio as gr

from cocolora.core.adapters import AdapterState
from cocolora.core.export import ExportForm
from cocolora.core.phrases import count
from cocolora.engine import Engine
from cocolora.engine.leaks import CHECK_LEAKS
from cocolora.engine.open_model import DEMO_BASE
from cocolora.engine.share import READS_BASE, ExportWish, interfering
from cocolora.ui.board import Board
from cocolora.ui.importing import build_importing
from cocolora.ui.page import Page, Preparation, View
from cocolora.ui.words import adapter_label, escape

FILE_NAME = "cocolora-stack.zip"
FORMS = {
    ExportForm.BUNDLE: "A bundle, for another cocolora",
    ExportForm.PEFT: "PEFT folders, for vLLM, Ollama and other programs",
    ExportForm.COMBINED: "One adapter that does what all do together",
    ExportForm.MERGED: "A copy of the base model with them inside",
    ExportForm.GGUF: "GGUF files, for llama.cpp and Ollama",
}
BASE_NEEDED = "Name the folder that holds the base model's files: this form is made from them."
TARGET_NEEDED = "Name a folder that is not there yet: a copy of the base is written there, not offered for download."
WITH_QUESTIONS = (
    "Adds the questions that the adapters were taught, not the answers: whoever imports the file can then have them "
    "chosen by prompt, and can read what was asked. Without it no text of your chats is in the file."
)
WHAT_IT_TELLS = "An adapter can be made to tell what it learned: share it only with those who may know that."
INTERFERES = (
    "These adapters were trained apart from each other, and all at once they spoil each other's answers: export one "
    "knowledge adapter at a time, or compare before you rely on it."
)
NOTHING_TO_SHARE = (
    "There is nothing to export yet: no adapter has passed its tests. Tell the bot something worth knowing, then press "
    "Learn now."
)
NONE_IS_ON = "None of these adapters is on, and this form holds only what takes part."
CHECKING = "Whether they can be made to recite what they were told is being checked."
UNCHECKED = "Whether they can be made to recite what they were told was not checked."


def prepare(
    engine: Engine,
    page: Page,
    adapter_ids: list[str] | None,
    form: str,
    name: str,
    with_questions: bool,
    signed: bool,
    base_folder: str | None,
    target: str | None,
) -> str:
    """Show what would leave, and begin to look for leaks; a field that was never opened has no value."""
    page.leaving = page.preparation = None
    kind = ExportForm(form)
    if not any(adapter.state is AdapterState.READY for adapter in engine.adapters(page.profile)):
        return NOTHING_TO_SHARE
    base = _base_folder(engine, kind, base_folder)
    if kind in READS_BASE and base is None:
        return BASE_NEEDED
    copy = Path((target or "").strip()).expanduser()
    if kind is ExportForm.MERGED and copy.exists():
        return TARGET_NEEDED
    named = tuple(adapter_ids) if adapter_ids else None
    adapters = tuple(engine.sharing.would_leave(profile=page.profile, adapter_ids=named, form=kind))
    if not adapters:
        return NONE_IS_ON
    is_bundle = kind is ExportForm.BUNDLE
    wish = ExportWish(page.profile, named, kind, with_questions and is_bundle, base, signed and is_bundle)
    place = copy if kind is ExportForm.MERGED else Path(file_name(name))
    page.preparation = Preparation(wish, place, adapters, engine.sharing.public_key() if wish.signed else "")
    if engine.sharing.leaks(adapters) is None:
        engine.sharing.start_leak_check(adapters, profile=page.profile)
    return ""


def _base_folder(engine: Engine, form: ExportForm, typed: str | None) -> Path | None:
    if form not in READS_BASE:
        return None
    if typed and typed.strip():
        return Path(typed.strip()).expanduser()
    return DEMO_BASE if engine.status().model.startswith("demo-base ") else None


def export(engine: Engine, page: Page) -> str:
    """Begin to write what was prepared; the page offers it for download, but for a copy of the base."""
    prepared, page.preparation = page.preparation, None
    if prepared is None:
        return "Look at what would leave first."
    target = prepared.target
    if prepared.wish.form is not ExportForm.MERGED:
        target = engine.sharing.new_export(target.name)
    engine.sharing.start_export(target, prepared.wish)
    page.leaving = target
    return ""  # the status says so


def leave(engine: Engine, page: Page) -> str:
    """Do not export after all."""
    page.preparation = None
    return "Nothing was written."


def file_name(wanted: str) -> str:
    """Return a file name for a bundle: the last part of what was typed, ending in .zip."""
    last = wanted.replace("\\", "/").rsplit("/", 1)[-1]
    stem = "".join(char if char.isalnum() or char in "-_. " else "-" for char in last).strip(" .")
    return (stem if stem.lower().endswith(".zip") else f"{stem}.zip") if stem else FILE_NAME


def show_preparation(view: View) -> str:
    """Return what would leave, what it can tell and who signs it as HTML."""
    prepared = view.page.preparation
    if prepared is None:
        return ""
    wish = prepared.wish
    held = "the questions they answer" if wish.with_questions else "no text of your chats"
    lines = [
        f"{count(len(prepared.adapters), 'adapter')} would leave, with {held}. {FORMS[wish.form]}.",
        *_leak_lines(view, prepared),
        WHAT_IT_TELLS,
        *([INTERFERES] if interfering(wish.form, prepared.adapters) else []),
        *([_signature(prepared)] if wish.form is ExportForm.BUNDLE else []),
    ]
    names = "".join(f"<li>{escape(adapter.name)}</li>" for adapter in prepared.adapters)
    first, *rest = (f"<p>{escape(line)}</p>" for line in lines)
    return f'<div class="cocolora-preview">{first}<ul>{names}</ul>{"".join(rest)}</div>'


def _leak_lines(view: View, prepared: Preparation) -> list[str]:
    leaks = view.lookout.engine.sharing.leaks(prepared.adapters)
    if leaks is not None:
        return [leak.sentence for leak in leaks]
    return [CHECKING if _is_checking(view) else UNCHECKED]


def _signature(prepared: Preparation) -> str:
    if prepared.signer:
        return f"It will be signed with your key, {prepared.signer}."
    return "It will not be signed." if not prepared.wish.signed else "It will not be signed: there is no key yet."


def build_sharing(board: Board) -> None:
    """Lay out export beside import."""
    with gr.Row(elem_classes="cocolora-cards"):
        with gr.Column(elem_classes="cocolora-card", min_width=280):
            _build_export(board)
        with gr.Column(elem_classes="cocolora-card", min_width=280):
            build_importing(board)


def _build_export(board: Board) -> None:
    gr.HTML('<h2 class="cocolora-heading">Export</h2>')
    empty = gr.HTML(f"<p>{escape(NOTHING_TO_SHARE)}</p>")
    chosen = gr.Dropdown(
        label="Adapters",
        info="With none chosen, all that passed their tests.",
        multiselect=True,
        elem_id="cocolora-export-adapters",
    )
    form = gr.Radio(
        [(text, str(kind)) for kind, text in FORMS.items()],
        value=str(ExportForm.BUNDLE),
        label="As",
        elem_id="cocolora-form",
    )
    name = gr.Textbox(FILE_NAME, label="File name", max_lines=1)
    questions = gr.Checkbox(False, label="With questions (bundle)", info=WITH_QUESTIONS)
    signed = gr.Checkbox(True, label="Signed (bundle)", info="With your key, if there is one.")
    with gr.Accordion("For GGUF and a copy of the base", open=False):
        base = gr.Textbox(
            label="Folder of the base model",
            info="Where its files are. Empty is right for the demo base.",
            max_lines=1,
        )
        target = gr.Textbox(label="Folder for the copy", info="It must not be there yet.", max_lines=1)
    look = gr.Button("See what would leave …", elem_id="cocolora-prepare")
    prepared = gr.HTML()
    with gr.Row(visible=False) as confirm:
        out = gr.Button("Export", variant="primary", size="sm", elem_id="cocolora-export")
        no = gr.Button("Leave it", size="sm")
    exported = gr.HTML()
    bundle = gr.File(label="Download", interactive=False, visible=False)
    lines = gr.HTML()
    board.follow(empty, see=_has_any, show=lambda view: gr.update(visible=not _has_any(view)))
    board.follow(chosen, see=_choices, show=lambda view: gr.update(choices=_choices(view)))
    board.follow(prepared, see=_prepared_seen, show=show_preparation)
    board.follow(confirm, see=_can_leave, show=lambda view: gr.update(visible=_can_leave(view)))
    board.follow(bundle, see=_written, show=partial(_bundle, Path(bundle.GRADIO_CACHE).absolute()))
    board.follow(lines, see=_written, show=_loading)
    board.on(look.click, prepare, [chosen, form, name, questions, signed, base, target], answer=exported)
    board.on(out.click, export, answer=exported)
    board.on(no.click, leave, answer=exported)


def _has_any(view: View) -> bool:
    return bool(_choices(view))


def _choices(view: View) -> list[tuple[str, str]]:
    ready = [adapter for adapter in view.status.adapters if adapter.state is AdapterState.READY]
    return [(adapter_label(adapter, view.zone), adapter.id) for adapter in ready]


def _is_checking(view: View) -> bool:
    return any(job.kind == CHECK_LEAKS for job in view.lookout.engine.jobs.pending)


def _prepared_seen(view: View) -> object:
    prepared = view.page.preparation
    leaks = view.lookout.engine.sharing.leaks(prepared.adapters) if prepared else None
    return prepared, leaks, _is_checking(view)


def _can_leave(view: View) -> bool:
    return view.page.preparation is not None and not _is_checking(view)


def _written(view: View) -> Path | None:
    """Return what was exported last, once all of it is there."""
    target = view.page.leaving
    return target if target is not None and target.exists() else None


def _bundle(offered_from: Path, view: View) -> object:
    """Offer the export for download. Gradio would copy any other file to its own folder, and leave it there."""
    written = _written(view)
    if written is None or not written.is_file():
        return gr.update(value=None, visible=False)
    return gr.update(value=str(view.lookout.engine.sharing.lend(written, offered_from)), visible=True)


def _loading(view: View) -> str:
    written = _written(view)
    lines = view.lookout.engine.sharing.how_to_load(written) if written else ""
    if not lines:
        return ""
    told = f'<pre class="cocolora-code" tabindex="0">{escape(lines)}</pre>'
    return f"<details open><summary>The lines that load them</summary>{told}</details>"
