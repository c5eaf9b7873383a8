"""Sharing: the profile's adapters out as one file, and a bundle of someone else's in."""

from __future__ import annotations

import tempfile
from pathlib import Path

import gradio as gr

from cocolora.core.adapters import AdapterState
from cocolora.core.counting import count
from cocolora.engine import Engine
from cocolora.ui.board import Board
from cocolora.ui.page import Page, View

FILE_NAME = "cocolora-stack.zip"
WITH_QUESTIONS = (
    "Adds the questions that the adapters were taught, not the answers: whoever imports the file can then have them "
    "chosen by prompt, and can read what was asked. Without it no text of your chats is in the file."
)
WHAT_IT_TELLS = "An adapter can be made to tell what it learned: share it only with those who may know that."
NOTHING_TO_SHARE = "There is nothing to export yet: no adapter has passed its tests."
QUARANTINE = "Imported adapters stay off until you switch them on."


def export(engine: Engine, page: Page, name: str, with_questions: bool) -> str:
    """Write the profile's adapters that passed their tests to a file that the page offers for download."""
    page.bundle = None
    if not any(adapter.state is AdapterState.READY for adapter in engine.adapters(page.profile)):
        return NOTHING_TO_SHARE
    target = Path(tempfile.mkdtemp(prefix="cocolora-export-")) / file_name(name)
    done = engine.sharing.export(target, profile=page.profile, with_questions=with_questions)
    page.bundle = str(done.target)
    text = "with the questions they answer" if done.with_questions else "without any text of your chats"
    return (
        f"{count(len(done.adapters), 'adapter')} in {target.name} ({done.size_bytes / 1e6:.1f} MB), {text}. "
        f"{WHAT_IT_TELLS}"
    )


def file_name(wanted: str) -> str:
    """Return a file name for a bundle: the last part of what was typed, ending in .zip."""
    last = wanted.replace("\\", "/").rsplit("/", 1)[-1]
    stem = "".join(char if char.isalnum() or char in "-_. " else "-" for char in last).strip(" .")
    return (stem if stem.lower().endswith(".zip") else f"{stem}.zip") if stem else FILE_NAME


def take_in(engine: Engine, page: Page, bundle: str | None) -> str:
    """Check a bundle and take its adapters in, switched off."""
    if not bundle:
        return "Choose a file first."
    taken = engine.sharing.take_in(Path(bundle), profile=page.profile).adapters
    if not taken:
        return "Everything in this file is here already."
    names = ", ".join(f'"{adapter.name}"' for adapter in taken)
    return f"Took in {count(len(taken), 'adapter')}: {names}. {QUARANTINE}"


def build_sharing(board: Board) -> None:
    """Lay out export and import."""
    with gr.Group():
        name = gr.Textbox(FILE_NAME, label="File name", info="All adapters that passed their tests go in.", max_lines=1)
        questions = gr.Checkbox(False, label="With questions", info=WITH_QUESTIONS)
    out = gr.Button("Export", elem_id="cocolora-export")
    exported = gr.HTML()
    bundle = gr.File(label="Download", interactive=False, visible=False)
    upload = gr.File(label="Import a bundle (.zip)", file_types=[".zip"], type="filepath", elem_id="cocolora-upload")
    load = gr.Button("Import", elem_id="cocolora-import")
    imported = gr.HTML()
    board.follow(bundle, see=lambda view: view.page.bundle, show=_bundle)
    board.on(out.click, export, [name, questions], answer=exported)
    board.on(load.click, take_in, [upload], answer=imported)


def _bundle(view: View) -> object:
    return gr.update(value=view.page.bundle, visible=view.page.bundle is not None)
