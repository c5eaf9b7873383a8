"""Rollups and evaluations as jobs: in the background, stoppable, and applied once however often they are tried."""

import pytest

from cocolora.core.adapters import AdapterState
from cocolora.core.records import JobState, Occasion
from cocolora.errors import Cancelled

PATIENCE_S = 400

pytestmark = pytest.mark.slow


@pytest.fixture
def quick(taught):
    """An engine that trains in a few steps and trusts everything: for what does not depend on what was learned."""
    taught.change_settings("learning", steps=4)
    taught.change_settings("gate", recall=0.0, retention_loss=1.0, abstention=0.0, rollup_loss=1.0, neighbour_loss=1.0)
    taught.change_settings("gate", loss_rise=10.0, probes=4)
    return taught


def test_a_rollup_in_the_background_is_applied_once_and_can_be_undone_and_done_again(quick):
    before = quick.adapters()
    (plan,) = quick.rollups.plan(adapter_ids=[adapter.id for adapter in before])
    assert quick.rollups.cost_steps(plan) > 0
    quick.rollups.start(plan)
    quick.rollups.start(plan)
    assert quick.jobs.wait(PATIENCE_S)
    jobs = quick.journal.queue.recent()
    (rollup,) = [adapter for adapter in quick.adapters() if adapter.state is AdapterState.READY]
    assert [job.state for job in jobs if job.kind == "rollup"] == [JobState.DONE, JobState.DONE]
    assert {job.message for job in jobs if job.kind == "rollup"} == {
        f'2 adapters became "{rollup.name}": {rollup.reason}.'
    }
    quick.rollups.undo(rollup.id)
    again = quick.rollups.roll_up(plan)
    assert (again.id, again.sha256) == (rollup.id, rollup.sha256)
    assert quick.verify() == []


def test_a_stopped_rollup_changes_nothing(quick):
    before = quick.adapters()
    (plan,) = quick.rollups.plan(adapter_ids=[adapter.id for adapter in before])
    quick.rollups.start(plan)
    while not (quick.jobs.current and quick.jobs.current.progress):
        pass
    quick.jobs.stop()
    assert quick.jobs.wait(PATIENCE_S)
    (job,) = [job for job in quick.journal.queue.recent() if job.kind == "rollup"]
    assert job.state is JobState.CANCELLED
    assert quick.adapters() == before
    assert quick.verify() == []


def test_adapters_and_the_whole_stack_are_tested_again_on_demand_and_stay_as_they_are(taught):
    taught.change_settings("gate", probes=6)
    one, other = before = taught.adapters()
    taught.catalogue.start_evaluation([one.id])
    taught.catalogue.start_evaluation()
    assert taught.jobs.wait(PATIENCE_S)
    of_one, of_stack = [v for v in taught.verdicts() if v.occasion is Occasion.EVALUATED]
    assert (of_one.adapter_id, of_stack.adapter_id) == (one.id, "")
    asked_again = taught.journal.adapter(one.id)
    assert asked_again.scores == of_one.scores
    assert (asked_again.state, asked_again.activation, other) == (one.state, one.activation, taught.adapters()[1])
    assert of_one.scores.recall == before[0].scores.recall


@pytest.fixture
def refused(quick):
    """An engine with a rollup that did not pass the gate, and the plan that made it."""
    (plan,) = quick.rollups.plan(adapter_ids=[adapter.id for adapter in quick.adapters()])
    quick.change_settings("gate", recall=1.0)
    quick.change_settings("learning", attempts=1)
    assert quick.rollups.roll_up(plan).state is AdapterState.REJECTED
    return quick, plan


def test_a_refused_rollup_that_is_tried_again_and_stopped_keeps_its_files(refused):
    engine, plan = refused
    before = engine.adapters()
    with pytest.raises(Cancelled):
        engine.rollups.roll_up(plan, cancelled=lambda: True)
    assert engine.adapters() == before
    assert engine.verify() == []


def test_a_refused_rollup_that_is_tried_again_and_killed_has_its_files_at_the_next_start(refused, make_engine):
    engine, _ = refused
    (rollup,) = [adapter for adapter in engine.adapters() if adapter.sources]
    engine.home.set_aside(rollup.id)
    engine.home.adapter_folder(rollup.id).mkdir()
    engine.close()
    assert make_engine(engine.home.folder).verify() == []


def test_a_refused_rollup_that_is_tried_again_and_refused_again_leaves_one_set_of_files(refused):
    engine, plan = refused
    assert engine.rollups.roll_up(plan).state is AdapterState.REJECTED
    assert engine.verify() == []
