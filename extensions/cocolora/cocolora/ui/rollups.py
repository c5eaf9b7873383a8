"""Rolling up: what would become of which adapters at what cost, doing it, undoing it, and deleting what it kept."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState
from cocolora.core.phrases import count
from cocolora.core.rollup import RollupMethod, RollupPlan
from cocolora.engine import Engine
from cocolora.ui.board import Board
from cocolora.ui.page import Page, View
from cocolora.ui.words import adapter_label, duration, escape

WHAT_IT_IS = (
    "Several adapters become one larger one, which is tested against all of them and then answers in their place. "
    "They stay here, switched off, until you undo the rollup or delete them."
)
METHODS = {
    RollupMethod.RETRAIN: "Train it again on what they were taught",
    RollupMethod.CAT: "Sum them exactly",
    RollupMethod.SVD: "Sum them at the rank of one",
}
ABOUT_METHODS = (
    "Adapters that were trained apart spoil each other when they are summed, so that the tests refuse most sums."
)
NOTHING_DUE = "Nothing is due to be rolled up. Choose adapters to roll them up all the same."
REFUSED_SO_FAR = "A rollup that does not pass its tests is kept off, and the adapters go on as before."
DISCARD_WARNING = "Their rollups can then no longer be undone. What they learned stays in the rollups."


def choose_sources(engine: Engine, page: Page, adapter_ids: list[str] | None, method: str) -> str:
    """Show what the chosen adapters would become; without a choice, what is due."""
    page.rollups = ()
    plans = engine.rollups.plan(profile=page.profile, adapter_ids=adapter_ids or [], method=RollupMethod(method))
    page.rollups = tuple((plan, engine.rollups.cost_steps(plan, profile=page.profile)) for plan in plans)
    if any(steps for _, steps in page.rollups):
        engine.start_measuring(anew=False)
    return "" if plans else NOTHING_DUE


def roll_up(engine: Engine, page: Page) -> str:
    """Carry out what the preview shows, in the background."""
    plans, page.rollups = page.rollups, ()
    if not plans:
        return "Look at what would become of them first."
    for plan, _ in plans:
        engine.rollups.start(plan, profile=page.profile)
    return "Rolling up has begun. The top of the page says how far it is and what came of it."


def leave(engine: Engine, page: Page) -> str:
    """Do not roll up after all."""
    page.rollups = ()
    return "Nothing was changed."


def undo(engine: Engine, page: Page) -> str:
    """Let the sources of the chosen rollup answer again in its place."""
    restored = engine.rollups.undo(page.adapter_id or "")
    off = [f'"{adapter.name}"' for adapter in restored if adapter.activation is Activation.OFF]
    if off:
        back = f"{count(len(restored), 'adapter')} are back in the place of the rollup."
        return f"{back} Off, as before: {', '.join(off)}."
    return f"{count(len(restored), 'adapter')} answer again in the place of the rollup."


def ask_discard(engine: Engine, page: Page) -> str:
    """Ask before what was rolled up is deleted."""
    page.discarding = True
    kept = sum(a.state is AdapterState.ROLLED_UP for a in engine.adapters())
    return f"Delete {count(kept, 'adapter')} that were rolled up, in all profiles? {DISCARD_WARNING}"


def discard(engine: Engine, page: Page) -> str:
    """Delete what was rolled up."""
    page.discarding = False
    return f"Deleted {count(len(engine.rollups.discard()), 'rolled-up adapter')}."


def keep(engine: Engine, page: Page) -> str:
    """Do not delete it after all."""
    page.discarding = False
    return "Nothing was deleted."


def show_plans(plans: Sequence[tuple[RollupPlan, int]], *, seconds: Sequence[float | None]) -> str:
    """Return what would become of which adapters, and what it costs, as HTML."""
    items = "".join(
        f"<li>{escape(_sentence(plan, steps, taking_s))}</li>"
        for (plan, steps), taking_s in zip(plans, seconds, strict=True)
    )
    return f'<div class="cocolora-preview"><ul>{items}</ul><p class="cocolora-quiet">{escape(REFUSED_SO_FAR)}</p></div>'


def _sentence(plan: RollupPlan, steps: int, taking_s: float | None) -> str:
    names = ", ".join(f'"{source.name}"' for source in plan.sources)
    turns = count(sum(len(source.turn_versions) for source in plan.sources), "turn")
    apart = count(sum(source.recipe.steps for source in plan.sources), "step")
    cost = f"{count(steps, 'training step')} (apart they took {apart})" if steps else "no training"
    long = f", about {duration(taking_s)} for one attempt" if taking_s else ""
    return f"{names} would become one adapter of level {plan.level} with {turns}: {plan.reason}. Cost: {cost}{long}."


def build_rollups(board: Board) -> None:
    """Lay out the choice, the preview and what can be deleted afterwards."""
    gr.HTML(f'<h2 class="cocolora-heading">Roll up</h2><p class="cocolora-quiet">{escape(WHAT_IT_IS)}</p>')
    chosen = gr.Dropdown(
        label="Adapters to roll up",
        info="With none chosen, those that are due.",
        multiselect=True,
        elem_id="cocolora-rollup-sources",
    )
    methods = [(text, str(method)) for method, text in METHODS.items()]
    how = gr.Radio(methods, value=str(RollupMethod.RETRAIN), label="How they become one", info=ABOUT_METHODS)
    with gr.Row(elem_classes="cocolora-buttons"):
        look = gr.Button("Plan a rollup …", size="sm", min_width=120, elem_id="cocolora-plan-rollup")
        remove = gr.Button("Delete what was rolled up …", size="sm", min_width=120, visible=False)
    plan = gr.HTML()
    with gr.Row(visible=False) as confirm:
        really = gr.Button("Roll up", variant="primary", size="sm", elem_id="cocolora-roll-up")
        no = gr.Button("Leave them as they are", size="sm")
    with gr.Row(visible=False) as confirm_discard:
        gone = gr.Button("Delete them for good", variant="stop", size="sm")
        stay = gr.Button("Keep them", size="sm")
    answer = gr.HTML()
    board.follow(chosen, see=_choices, show=lambda view: gr.update(choices=_choices(view)))
    board.follow(plan, see=_plans, show=_show_plans)
    board.follow(confirm, see=_is_planned, show=lambda view: gr.update(visible=_is_planned(view)))
    board.follow(remove, see=_any_kept, show=lambda view: gr.update(visible=_any_kept(view)))
    board.follow(confirm_discard, see=_is_discarding, show=lambda view: gr.update(visible=_is_discarding(view)))
    board.on(look.click, choose_sources, [chosen, how], answer=answer)
    board.on(really.click, roll_up, answer=answer)
    board.on(no.click, leave, answer=answer)
    board.on(remove.click, ask_discard, answer=answer)
    board.on(gone.click, discard, answer=answer)
    board.on(stay.click, keep, answer=answer)


def can_be_rolled_up(adapter: Adapter) -> bool:
    """Say whether an adapter can become part of a rollup."""
    learned = adapter.kind is AdapterKind.KNOWLEDGE and bool(adapter.turn_versions)
    return learned and adapter.state is AdapterState.READY


def _choices(view: View) -> list[tuple[str, str]]:
    return [
        (adapter_label(adapter, view.zone), adapter.id) for adapter in view.status.adapters if can_be_rolled_up(adapter)
    ]


def _plans(view: View) -> object:
    return view.page.rollups, view.speed


def _show_plans(view: View) -> str:
    if not view.page.rollups:
        return ""
    speed, batch = view.speed, view.own_settings.learning.batch_samples
    seconds = [speed.steps_s(steps, batch_samples=batch) if speed else None for _, steps in view.page.rollups]
    return show_plans(view.page.rollups, seconds=seconds)


def _is_planned(view: View) -> bool:
    return bool(view.page.rollups)


def _any_kept(view: View) -> bool:
    return any(adapter.state is AdapterState.ROLLED_UP for adapter in view.status.adapters)


def _is_discarding(view: View) -> bool:
    return view.page.discarding and _any_kept(view)
