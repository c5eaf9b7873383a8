"""The overview: what was learned, what waits, what runs and how far it is, with a start and a stop."""

from __future__ import annotations

import gradio as gr

from cocolora.core.records import JobState
from cocolora.engine import Engine
from cocolora.engine.jobs import JobView
from cocolora.engine.status import Status
from cocolora.ui.board import Board
from cocolora.ui.page import Page, View
from cocolora.ui.words import escape, refused, said

DOING = {"learn": "Learning", "forget": "Forgetting", "index": "Indexing"}
FIRST_STEP = (
    "Nothing was said yet. Chat for a while: every reply is remembered here. Then press Learn now, or wait until "
    "enough was said."
)
LOOKING = "Looking at what was learned …"
WITHOUT_TRAINING = "What is said is remembered all the same, and quoted where it fits."


def show_status(status: Status) -> str:
    """Return the status as HTML."""
    lines = [f"<p><strong>{escape(status.sentence)}</strong></p>"]
    if status.trouble:
        lines.append(f"<p>{escape(WITHOUT_TRAINING)}</p>")
    else:
        lines.append(f'<p class="cocolora-quiet">Model: {escape(status.model)}</p>')
    if not status.turns:
        lines.append(f"<p>{escape(FIRST_STEP)}</p>")
    if status.job:
        lines.append(show_job(status.job))
    elif status.last_job:
        lines.append(show_last(status.last_job))
    return f'<div class="cocolora-status">{"".join(lines)}</div>'


def show_job(job: JobView) -> str:
    """Return a waiting or running job as HTML, with a bar once it says how far it is."""
    kind = DOING.get(job.kind, job.kind.capitalize())
    progress = job.progress
    if progress is None:
        return f"<p>{escape(kind)} begins …</p><progress aria-label='{escape(kind)}'></progress>"
    far = f"{progress.done} of {progress.total}"
    return (
        f"<p>{escape(kind)}: {escape(progress.doing)}, {far}</p>"
        f"<progress aria-label='{escape(kind)}' value='{progress.done}' max='{max(progress.total, 1)}'></progress>"
    )


def show_last(job: JobView) -> str:
    """Return how the last job ended as HTML."""
    return refused(job.message) if job.state is JobState.FAILED else said(job.message)


def learn_now(engine: Engine, page: Page) -> str:
    """Learn all unread turns in the background."""
    current = engine.jobs.current
    if current and current.kind == "learn":
        return "Learning is under way already."
    if not engine.turns(profile=page.profile):
        return FIRST_STEP
    engine.start_learning(profile=page.profile)
    return ""  # the status says so


def stop(engine: Engine, page: Page) -> str:
    """Ask the running job to stop."""
    return "Stopping after the present step." if engine.jobs.stop() else "Nothing is running."


def choose_profile(engine: Engine, page: Page, profile: str) -> str:
    """Look at another profile."""
    page.choose_profile(profile)
    return f'This is what is remembered under "{profile}".'


def build_overview(board: Board) -> None:
    """Lay out the overview."""
    status = gr.HTML(f"<p>{LOOKING}</p>")
    profile = gr.Dropdown(label="Profile", info="Whose memory this is.", visible=False)
    with gr.Row():
        learn = gr.Button("Learn now", variant="primary", elem_id="cocolora-learn")
        halt = gr.Button("Stop", variant="stop", visible=False, elem_id="cocolora-stop")
    answer = gr.HTML()
    board.follow(status, see=_seen_status, show=lambda view: show_status(view.status))
    board.follow(halt, see=_works, show=lambda view: gr.update(visible=_works(view)))
    board.follow(profile, see=lambda view: (view.profiles, view.page.profile), show=_profiles)
    board.on(learn.click, learn_now, answer=answer)
    board.on(halt.click, stop, answer=answer)
    board.on(profile.input, choose_profile, [profile], answer=answer)


def _seen_status(view: View) -> object:
    return show_status(view.status)


def _works(view: View) -> bool:
    return view.status.job is not None


def _profiles(view: View) -> object:
    return gr.update(choices=list(view.profiles), value=view.page.profile, visible=len(view.profiles) > 1)
