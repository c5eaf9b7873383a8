"""The whole stack is asked again after every change of it, by whichever hand, once."""

import time

import pytest

from cocolora.core.adapters import Activation, stack_mark
from cocolora.core.records import Occasion
from cocolora.engine import Engine
from cocolora.engine.recheck import RECHECK

PATIENCE_S = 200


@pytest.fixture
def resident(taught, find_demo_base, clock):
    """The engine of a host, on the home of two learned conversations."""
    taught.change_settings("gate", probes=4)
    folder = taught.home.folder
    taught.close()
    engine = Engine(folder, find_demo_base, clock=clock, resident=True)
    yield engine
    engine.close()


def rechecks(engine):
    return [job for job in engine.journal.queue.recent() if job.kind == RECHECK]


def wait_for_rechecks(engine, count):
    engine.jobs.wake()
    until = time.monotonic() + PATIENCE_S
    while not (len(found := rechecks(engine)) == count and all(job.finished_at for job in found)):
        assert time.monotonic() < until, f"{len(found)} of {count}: {found}"
        time.sleep(0.05)


@pytest.mark.slow
def test_what_is_switched_off_or_weighed_by_hand_is_asked_once(resident):
    one, other = resident.adapters()
    assert resident.verdicts(adapter_id="")[-1].stack == stack_mark(resident.adapters()), "learning asked it"
    changes = [
        lambda: resident.catalogue.set_activation(one.id, Activation.OFF),
        lambda: resident.catalogue.change(other.id, weight=0.5),
    ]
    for number, change in enumerate(changes, start=1):
        change()
        wait_for_rechecks(resident, number)
        verdict = resident.verdicts(adapter_id="")[-1]
        assert verdict.occasion is Occasion.CHANGED
        assert verdict.stack == stack_mark(resident.adapters())
    resident.catalogue.change(other.id, name="renamed")
    resident.catalogue.delete(one.id)
    resident.catalogue.delete(other.id)
    resident.jobs.wake()
    assert resident.jobs.wait(PATIENCE_S)
    assert len(rechecks(resident)) == len(changes), "a name changes no answer, and an empty stack gives none"
    assert resident.verify() == []


def test_nothing_is_asked_by_itself_where_the_setting_says_so(resident):
    resident.change_settings("gate", recheck=False)
    resident.catalogue.set_activation(resident.adapters()[0].id, Activation.OFF)
    resident.jobs.wake()
    assert resident.jobs.wait(PATIENCE_S)
    assert rechecks(resident) == []
