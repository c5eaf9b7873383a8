"""Importing: what is in a bundle before anything is taken in, what waits to be switched on, and one's own key."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from cocolora.core.adapters import Activation, Adapter, AdapterState
from cocolora.engine import Engine
from cocolora.engine.bundles import LOOK_INTO, QUARANTINE, TAKE_IN
from cocolora.engine.import_report import Imported
from cocolora.ui.board import Board
from cocolora.ui.page import Page, View
from cocolora.ui.words import escape, refused

AT_WORK = "A bundle is being looked into, or taken in. Wait for that, or press Stop."
NONE_WAITS = "No imported adapter waits to be switched on."
SWITCHING_ON = "Switching one on asks it first what the base model knew and what it cannot know, on this model."
WITHOUT_QUESTIONS = "came without questions, so that no prompt chooses it: switched on, it takes part in every reply"
NO_KEY = "You have no key, so your bundles leave unsigned."
ANOTHER_KEY = "To make another one, move this file away first."
TELL_KEY = "Your bundles are signed by this key. Tell it to those who take them in, on another way than the bundle's:"


def look_into(engine: Engine, page: Page, bundle: str | None) -> str:
    """Begin to check an uploaded bundle; nothing is taken in. The one before is deleted."""
    if _is_at_work(engine):
        return AT_WORK
    before, page.upload = page.upload, Path(bundle) if bundle else None
    if before is not None and before != page.upload:
        engine.sharing.discard(before)
    if page.upload is None:
        return "Choose a file first, and wait until it is uploaded."
    engine.sharing.start_looking(page.upload, profile=page.profile)
    return ""  # the status says so


def take_in(engine: Engine, page: Page) -> str:
    """Begin to take in what the report is about, switched off; the copy that was uploaded is deleted then."""
    offered = _offered(engine, page)
    if offered is None or not offered.adapters:
        return "Look into a file first."
    if _is_at_work(engine):
        return AT_WORK
    engine.sharing.start_taking_in(offered, profile=page.profile)
    return ""  # the status says so


def leave(engine: Engine, page: Page) -> str:
    """Take nothing in; the copy that was uploaded is deleted."""
    if _is_at_work(engine):
        return AT_WORK
    upload, page.upload = page.upload, None
    if upload is not None:
        engine.sharing.discard(upload)
    return "Nothing was taken in."


def _offered(engine: Engine, page: Page) -> Imported | None:
    """Return what was found in the bundle that was uploaded, as long as that is not decided on."""
    return None if page.upload is None else engine.sharing.found(page.upload)


def _seen_offered(view: View) -> Imported | None:
    return _offered(view.lookout.engine, view.page)


def _is_at_work(engine: Engine) -> bool:
    return any(job.kind in (LOOK_INTO, TAKE_IN) for job in engine.jobs.pending)


def switch_on(engine: Engine, page: Page, adapter_id: str | None) -> str:
    """Begin to test an imported adapter; it takes part when it passes."""
    if not adapter_id:
        return "Choose an adapter first."
    adapter = engine.journal.adapter(adapter_id)
    activation = engine.sharing.useful_activation(adapter)
    engine.catalogue.start_admission(adapter, activation)
    usual = activation is adapter.kind.usual_activation
    return "" if usual else f'"{adapter.name}" {WITHOUT_QUESTIONS}.'  # the status says the rest


def make_key(engine: Engine, page: Page) -> str:
    """Make a key to sign bundles with, unless there is one."""
    if key := engine.sharing.public_key():
        return f"Your bundles are signed by {key} already."
    return f"Made. Your bundles are signed by {engine.sharing.make_key()} from now on."


def show_offered(view: View) -> str:
    """Return the report on a bundle as HTML."""
    offered = _seen_offered(view)
    if offered is None:
        return ""
    items = "".join(f"<li>{escape(line)}</li>" for line in offered.findings)
    mute = "".join(f"<p>“{escape(one.name)}” {WITHOUT_QUESTIONS}.</p>" for one in offered.without_questions)
    return f'<div class="cocolora-preview"><ul>{items}</ul>{mute}<p>{escape(QUARANTINE)}</p></div>'


def show_waiting(view: View) -> str:
    """Return the imported adapters that are off as HTML."""
    waiting = _waiting(view)
    if not waiting:
        return f'<p class="cocolora-quiet">{NONE_WAITS}</p>'
    items = "".join(_waiting_line(view, one) for one in waiting)
    return f'<div class="cocolora-preview"><ul>{items}</ul><p class="cocolora-quiet">{SWITCHING_ON}</p></div>'


def _waiting_line(view: View, adapter: Adapter) -> str:
    sharing = view.lookout.engine.sharing
    activation = view.lookout.keep(("useful", adapter.id), lambda: sharing.useful_activation(adapter))
    mute = "" if activation is adapter.kind.usual_activation else f"; it {WITHOUT_QUESTIONS}"
    return f"<li><b>{escape(adapter.name)}</b>, from {escape(adapter.origin)}{mute}</li>"


def show_key(view: View) -> str:
    """Return the public key as HTML, or what is wrong with it."""
    if view.key_trouble:
        return refused(f"{view.key_trouble} {ANOTHER_KEY}")
    key = view.public_key
    told = f"{escape(TELL_KEY)} <code>{escape(key)}</code>" if key else escape(NO_KEY)
    return f'<p class="cocolora-quiet cocolora-key">{told}</p>'


def build_importing(board: Board) -> None:
    """Lay out import, what waits, and the key."""
    gr.HTML('<h2 class="cocolora-heading">Import</h2>')
    upload = gr.File(label="A bundle (.zip)", file_types=[".zip"], type="filepath", elem_id="cocolora-upload")
    look = gr.Button("See what is in it …", elem_id="cocolora-look-into")
    report = gr.HTML()
    with gr.Row(visible=False) as confirm:
        load = gr.Button("Take them in", variant="primary", size="sm", elem_id="cocolora-import")
        no = gr.Button("Leave it", size="sm")
    imported = gr.HTML()
    board.follow(
        upload, see=_is_looked_into, show=lambda view: gr.skip() if _is_looked_into(view) else gr.update(value=None)
    )
    board.follow(report, see=_seen_offered, show=show_offered)
    board.follow(confirm, see=_is_offered, show=lambda view: gr.update(visible=_is_offered(view)))
    board.on(look.click, look_into, [upload], answer=imported)
    board.on(load.click, take_in, answer=imported)
    board.on(no.click, leave, answer=imported)
    _build_waiting(board)
    _build_key(board)


def _build_waiting(board: Board) -> None:
    gr.HTML('<h2 class="cocolora-heading">Imported, and off</h2>')
    shown = gr.HTML()
    with gr.Row(visible=False, elem_classes="cocolora-buttons") as row:
        which = gr.Dropdown(label="Imported adapter", min_width=160, elem_id="cocolora-waiting")
        on = gr.Button("Test it and switch it on", size="sm", min_width=140, elem_id="cocolora-switch-on")
    answer = gr.HTML()
    board.follow(shown, see=_waiting, show=show_waiting)
    board.follow(row, see=_any_waits, show=lambda view: gr.update(visible=_any_waits(view)))
    board.follow(which, see=_waiting, show=_choices)
    board.on(on.click, switch_on, [which], answer=answer)


def _build_key(board: Board) -> None:
    gr.HTML('<h2 class="cocolora-heading">Your key</h2>')
    shown = gr.HTML()
    make = gr.Button("Make a key", size="sm", visible=False, elem_id="cocolora-make-key")
    answer = gr.HTML()
    board.follow(shown, see=show_key, show=show_key)
    board.follow(make, see=_lacks_key, show=lambda view: gr.update(visible=_lacks_key(view)))
    board.on(make.click, make_key, answer=answer)


def _lacks_key(view: View) -> bool:
    return not view.public_key and not view.key_trouble


def _is_looked_into(view: View) -> bool:
    return _seen_offered(view) is not None


def _is_offered(view: View) -> bool:
    offered = _seen_offered(view)
    return offered is not None and bool(offered.adapters) and not _is_at_work(view.lookout.engine)


def _waiting(view: View) -> list[Adapter]:
    return [a for a in view.status.adapters if a.state is AdapterState.IMPORTED and a.activation is Activation.OFF]


def _any_waits(view: View) -> bool:
    return bool(_waiting(view))


def _choices(view: View) -> object:
    waiting = _waiting(view)
    choices = [(adapter.name, adapter.id) for adapter in waiting]
    return gr.update(choices=choices, value=waiting[0].id if waiting else None)
