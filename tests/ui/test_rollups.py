from datetime import timedelta

import pytest

from cocolora.core.adapters import Activation, AdapterState
from cocolora.core.gate import Scores
from cocolora.core.records import KeptVerdict, Occasion
from cocolora.core.rollup import RollupMethod, RollupPlan
from cocolora.errors import NoModel
from cocolora.ui import adapters, evaluating, rollups, sharing, trials
from cocolora.ui.page import Lookout
from cocolora.ui.words import minute
from tests.ui.conftest import STARTED


def noting(engine, kind):
    """Let jobs of a kind only note their payload, and return the notes."""
    payloads = []

    def note(task):
        payloads.append(task.payload)
        return "Done."

    engine.jobs.handlers[kind] = note
    return payloads


def test_what_is_due_needs_no_choice_and_without_a_model_nothing_is_due(engine, page):
    assert rollups.choose_sources(engine, page, [], "retrain") == rollups.NOTHING_DUE
    assert rollups.roll_up(engine, page) == "Look at what would become of them first."
    assert engine.jobs.current is None


def test_choosing_adapters_without_a_model_says_why_and_withdraws_an_older_preview(engine, page, learned):
    chosen = [learned("Anna").id, learned("Bert").id]
    page.rollups = ((RollupPlan(tuple(engine.adapters()), 1, "you chose them"), 40),)
    with pytest.raises(NoModel):
        rollups.choose_sources(engine, page, chosen, "retrain")
    assert page.rollups == ()


def test_a_plan_says_what_becomes_of_what_at_what_cost(engine, tell, learned):
    turns = tell("pets", "My dog is called Biscuit.", "My cat is called Mog.")
    sources = (learned("<Anna>", turns[:1]), learned("Bert", turns[1:]))
    plan = RollupPlan(sources, 1, "you chose them")
    (shown, summed) = (
        rollups.show_plans([(plan, 90)], seconds=[120.0]),
        rollups.show_plans([(plan, 0)], seconds=[None]),
    )
    assert "&lt;Anna&gt;&quot;, &quot;Bert&quot; would become one adapter of level 1 with 2 turns" in shown
    assert "90 training steps (apart they took 20 steps), about 2 min for one attempt" in shown
    assert "Cost: no training." in summed


def test_rolling_up_runs_in_the_background_and_the_page_may_go_on(engine, page, learned):
    plan = RollupPlan((learned("Anna"), learned("Bert")), 1, "you chose them", RollupMethod.CAT)
    page.rollups = ((plan, 0),)
    started = noting(engine, "rollup")
    assert rollups.roll_up(engine, page).startswith("Rolling up has begun")
    assert page.rollups == ()
    assert engine.jobs.wait(timeout_s=30)
    assert started == [{"adapters": [source.id for source in plan.sources], "method": "cat"}]


def test_a_rollup_is_undone_and_says_so(engine, page, tell, learned):
    turns = tell("pets", "My dog is called Biscuit.", "My cat is called Mog.")
    parts = [learned(name, [turn], state=AdapterState.ROLLED_UP) for name, turn in zip("ab", turns, strict=True)]
    rollup = learned("both", turns, level=1, sources=tuple(part.id for part in parts))
    page.adapter_id = rollup.id
    view = Lookout(engine).look(page)
    assert adapters._is_rollup(view)
    assert "level 1" in adapters.label(rollup)
    shown = adapters.show_adapter(parts[0], (), gate=engine.settings.gate, model="tiny (ffffffff)", zone=None)
    assert "Part of a rollup" in shown
    assert rollups.undo(engine, page) == "2 adapters answer again in the place of the rollup."
    assert {adapter.state for adapter in engine.adapters() if not adapter.sources} == {AdapterState.READY}


def test_undoing_a_rollup_says_which_of_its_adapters_were_off_before(engine, page, tell, learned):
    turns = tell("pets", "My dog is called Biscuit.", "My cat is called Mog.")
    kept = {"state": AdapterState.ROLLED_UP}
    parts = (learned("a", turns[:1], **kept), learned("b", turns[1:], activation=Activation.OFF, **kept))
    page.adapter_id = learned("both", turns, level=1, sources=tuple(part.id for part in parts)).id
    assert rollups.undo(engine, page) == '2 adapters are back in the place of the rollup. Off, as before: "b".'


def test_what_was_rolled_up_is_deleted_only_after_a_question(engine, page, tell, learned):
    turns = tell("pets", "My dog is called Biscuit.")
    part = learned("a", turns, state=AdapterState.ROLLED_UP)
    learned("b", turns, level=1, sources=(part.id,), activation=Activation.ROUTED)
    assert rollups.ask_discard(engine, page).startswith("Delete 1 adapter")
    assert rollups._is_discarding(Lookout(engine).look(page))
    assert rollups.keep(engine, page) == "Nothing was deleted."
    assert len(engine.adapters()) == 2
    assert rollups.discard(engine, page) == "Deleted 1 rolled-up adapter."
    assert [adapter.name for adapter in engine.adapters()] == ["b"]


def test_the_newest_test_of_the_whole_stack_is_shown_and_can_be_asked_for(engine, page):
    assert evaluating.NEVER_ASKED in evaluating._shown(Lookout(engine).look(page))
    scores = Scores(recall=0.8, retention=0.9, retention_base=0.9, abstention=0.7)
    for passed, reason in ((True, ""), (False, "it recalls <80%")):
        verdict = KeptVerdict(page.profile, "", Occasion.EVALUATED, passed, reason, scores, STARTED)
        engine.journal.add_verdict(verdict)
    shown = evaluating._shown(Lookout(engine).look(page))
    assert "It is weak: it recalls &lt;80%" in shown
    assert "80%" in shown
    asked = noting(engine, "evaluate")
    evaluating.evaluate_stack(engine, page)
    assert engine.jobs.wait(timeout_s=30)
    assert asked == [{"adapters": []}]


@pytest.mark.parametrize("menu", [rollups, sharing, trials])
def test_menus_say_when_each_adapter_was_made_and_of_how_much(menu, engine, page, learned, tell):
    turns = tell("pets", "My dog is Rex.", "My cat is Mia.")
    early = learned("knowledge 2026-11-21", turns[:1])
    late = learned("evening", turns, made_at=early.made_at + timedelta(hours=3))
    by_id = {adapter_id: text for text, adapter_id in menu._choices(Lookout(engine).look(page))}
    assert by_id[early.id] == f"{early.name} · 1 turn · {minute(early.made_at, None)}"
    assert by_id[late.id] == f"evening · 2 turns · {minute(late.made_at, None)}"
