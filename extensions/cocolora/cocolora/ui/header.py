"""The header: what is remembered, learned and waiting, what runs and how far it is, with a start and a stop."""

from __future__ import annotations

import gradio as gr

from cocolora.core.adapters import AdapterState
from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.core.phrases import count
from cocolora.core.records import JobState
from cocolora.engine import Engine
from cocolora.engine.handlers import LEARN
from cocolora.engine.jobs import JobView
from cocolora.ui.board import Board
from cocolora.ui.page import Page, View
from cocolora.ui.words import duration, escape, refused, said

DOING = {
    "learn": "Learning",
    "forget": "Forgetting",
    "index": "Indexing",
    "scrub": "Erasing",
    "rollup": "Rolling up",
    "evaluate": "Testing",
    "recheck": "Testing",
    "admit": "Testing",
    "export": "Exporting",
    "leaks": "Looking for leaks",
    "import": "Importing",
    "look into": "Looking into a bundle",
    "take in": "Taking in a bundle",
    "measure": "Measuring",
}
FIRST_STEP = (
    "Nothing was said yet. Chat for a while: every reply is remembered here. Then press Learn now, or wait until "
    "enough was said."
)
LOOKING = "Looking at what was learned …"
UNDER_WAY = "Learning is under way already."
LEARNING_WAITS = "Learning begins when what runs now is done."
NEEDS_MODEL = "Nothing can be learned now: the top of the page says why."
WITHOUT_TRAINING = "What is said is remembered all the same, and quoted where it fits."


def show_status(view: View) -> str:
    """Return the status as HTML."""
    status = view.status
    lines = [_tiles(view)]
    lines += dict.fromkeys(tuple(view.page.failed.values()))
    if status.trouble:
        lines.append(refused(f"{status.trouble} {WITHOUT_TRAINING}"))
    if not status.turns:
        lines.append(f"<p>{escape(FIRST_STEP)}</p>")
    if status.job:
        lines.append(show_job(status.job, remaining_s=view.remaining_s, profile=status.profile))
    elif status.last_job and status.last_job.message:
        lines.append(show_last(status.last_job))
    return f'<div class="cocolora-status">{"".join(lines)}</div>'


def _tiles(view: View) -> str:
    status, history = view.status, view.history
    ready = [adapter for adapter in status.adapters if adapter.state is AdapterState.READY]
    facts = sum(history.facts.get(adapter.id, 0) for adapter in ready)
    model = f" on {status.model.rpartition(' (')[0]}" if status.model else ""
    tiles = [
        _tile("Remembered", count(status.turns, "turn"), f"from {count(status.conversations, 'conversation')}"),
        _tile("Learned", count(facts, "fact"), f"in {count(len(ready), 'adapter')}{model}"),
        _tile("Waiting", count(status.unread, "turn"), _when(view), full=_fullness(view)),
    ]
    return f'<dl class="cocolora-tiles">{"".join(tiles)}</dl>'


def _tile(name: str, value: str, detail: str, *, full: float | None = None) -> str:
    meter = ""
    if full is not None:
        meter = f'<span class="cocolora-meter" aria-hidden="true"><span style="width:{full:.0%}"></span></span>'
    number, _, noun = value.partition(" ")
    return (
        f"<div><dt>{escape(name)}</dt><dd><strong>{escape(number)}</strong> {escape(noun)}{meter}"
        f"<small>{escape(detail)}</small></dd></div>"
    )


def _when(view: View) -> str:
    status = view.status
    if view.is_learning:
        return "being learned now"
    if not status.unread and not status.rebuilds:
        return "all was read"
    if status.trouble:
        return "for a model that can learn"
    again = f", and {count(status.rebuilds, 'adapter')} to be made again" if status.rebuilds else ""
    return f"{'learning is due' if status.due.now else status.due.why}{again}"


def _fullness(view: View) -> float:
    status, due_turns = view.status, view.own_settings.learning.due_turns
    return 1.0 if status.due.now else min(1.0, (status.unread - status.due.imported) / due_turns)


def show_job(job: JobView, *, remaining_s: float | None = None, profile: str = DEFAULT_PROFILE) -> str:
    """Return a waiting or running job as HTML, with a bar once it says how far it is.

    Learning names its profile where that is not the one that is looked at, ``profile``.
    """
    kind = DOING.get(job.kind, job.kind.capitalize())
    if job.kind == LEARN and job.profile != profile:
        kind = f"{kind} “{job.profile}”"
    progress = job.progress
    if progress is None:
        return f"<p>{escape(kind)} begins …</p><progress aria-label='{escape(kind)}'></progress>"
    of_many = " in this step" if job.kind == LEARN else ""
    left = "" if remaining_s is None else f", about {duration(remaining_s)} left{of_many}"
    far = f"{progress.done} of {progress.total}{left}"
    return (
        f"<p>{escape(kind)}: {escape(progress.doing.lower())}, {far}</p>"
        f"<progress aria-label='{escape(kind)}' value='{progress.done}' max='{max(progress.total, 1)}'></progress>"
    )


def show_last(job: JobView) -> str:
    """Return how the last job ended as HTML."""
    return refused(job.message) if job.state is JobState.FAILED else said(job.message)


def learn_now(engine: Engine, page: Page) -> str:
    """Learn all unread turns in the background, after what runs already."""
    pending = engine.jobs.pending
    if any(job.kind == LEARN and job.profile == page.profile for job in pending):
        return UNDER_WAY
    if not engine.journal.counts(page.profile).turns:
        return FIRST_STEP
    if engine.status(profile=page.profile).trouble:
        return NEEDS_MODEL
    engine.start_learning(profile=page.profile)
    return LEARNING_WAITS if pending else ""  # the status says so


def stop(engine: Engine, page: Page) -> str:
    """Ask the running job to stop."""
    return "Stopping after the present step." if engine.jobs.stop() else "Nothing is running."


def choose_profile(engine: Engine, page: Page, profile: str) -> str:
    """Look at another profile."""
    page.choose_profile(profile)
    return f'This is what is remembered under "{profile}".'


def build_header(board: Board) -> None:
    """Lay out the header."""
    status = gr.HTML(f"<p>{LOOKING}</p>", elem_id="cocolora-status")
    with gr.Row(elem_classes=["cocolora-buttons", "cocolora-head"]):
        learn = gr.Button("Learn now", variant="primary", size="sm", min_width=140, elem_id="cocolora-learn")
        halt = gr.Button("Stop", variant="stop", visible=False, size="sm", min_width=100, elem_id="cocolora-stop")
        profile = gr.Dropdown(label="Whose memory (profile)", visible=False, min_width=160)
    answer = gr.HTML()
    board.follow(status, see=show_status, show=show_status)
    board.follow(halt, see=_works, show=lambda view: gr.update(visible=_works(view)))
    board.follow(profile, see=lambda view: (view.profiles, view.page.profile), show=_profiles)
    board.on(learn.click, learn_now, answer=answer)
    board.on(halt.click, stop, answer=answer)
    board.on(profile.input, choose_profile, [profile], answer=answer)


def _works(view: View) -> bool:
    return view.status.job is not None


def _profiles(view: View) -> object:
    return gr.update(choices=list(view.profiles), value=view.page.profile, visible=len(view.profiles) > 1)
