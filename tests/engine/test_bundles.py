"""Uploaded bundles are looked into and taken in as jobs: told step by step, stopped without a trace, taken up again."""

import signal
import subprocess
import sys

import pytest

from cocolora.core.adapters import Activation, AdapterState
from cocolora.core.events import Progress
from cocolora.core.records import JobState
from cocolora.engine import Engine
from cocolora.engine.bundles import BundleReader, taking_in
from cocolora.engine.task import Task
from cocolora.errors import BundleRefused, Cancelled
from cocolora.sharing import write_bundle
from tests.sharing.bundles import NOW, files_of, make_adapter, reseal, zipped

KILLED = """
import os, signal, sys; sys.path[:0] = {path!r}
from pathlib import Path
from cocolora.core.events import Progress
from cocolora.engine import Engine, share
from cocolora.engine.open_model import model_in
from cocolora.journal import Journal
from cocolora.sharing import unpacking

def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

setattr({place}, kill)
engine = Engine(Path({home!r}), model_in())
engine.jobs.submit("take in", {payload!r})
engine.jobs.wait()
"""
PLACES = {
    "while files are copied": 'unpacking.CountedSource, "open"',
    "before they are shown": 'unpacking, "_show"',
    "before the catalogue knows them": 'Journal, "add_adapters"',
    "before the index knows them": 'share, "index_questions"',
}


@pytest.fixture
def upload(engine, tmp_path):
    """A bundle of two adapters with a question each for the model that is loaded: eight files."""
    base = engine.workbench().model.identity
    contents = [
        make_adapter(tmp_path / f"made{index}", index, questions=(f"Who is {index}?",), base=base) for index in range(2)
    ]
    write_bundle(tmp_path / "friend.zip", contents, base=base, now=NOW)
    return tmp_path / "friend.zip"


@pytest.fixture
def work(engine):
    """Return a function that does a job with a bundle until so many steps were told: what was said, and the steps."""
    reader = BundleReader(engine._rooms)

    def work(kind, payload, *, steps=100):
        told = []
        task = Task(payload, "personal", told.append, lambda: len(told) >= steps)
        return reader.handlers[kind](task), told

    return work


def look(engine, upload):
    engine.sharing.start_looking(upload)
    assert engine.jobs.wait(timeout_s=30)
    return engine.sharing.found(upload)


def test_what_was_looked_into_waits_until_it_is_taken_in_switched_off(engine, upload):
    found = look(engine, upload)
    assert engine.jobs.last.message == "Nothing was found to refuse in friend.zip. It was not taken in yet."
    assert [adapter.name for adapter in found.adapters] == ["garden 0", "garden 1"]
    assert engine.adapters() == []
    engine.sharing.start_taking_in(found, profile="work")
    assert engine.jobs.wait(timeout_s=30)
    assert engine.jobs.last.message.startswith('Took in 2 adapters: "garden 0", "garden 1". Imported adapters stay off')
    for adapter in engine.adapters("work"):
        assert (adapter.state, adapter.activation) == (AdapterState.IMPORTED, Activation.OFF)
        assert adapter.origin == "friend.zip (not signed)"
    assert len(engine.adapters("work")) == 2
    assert not upload.exists()
    assert engine.sharing.found(upload) is None
    assert engine.verify() == []


def test_a_bundle_that_brings_nothing_new_says_so(engine, upload):
    engine.sharing.take_in(upload)
    assert look(engine, upload).adapters == ()
    assert engine.jobs.last.message == "Everything in friend.zip is here already."


def test_every_file_that_is_checked_and_copied_is_told(engine, upload, work):
    checked = [Progress("checking files", number, 8) for number in range(8)]
    assert work("look into", {"source": str(upload)})[1] == checked
    copied = [Progress("copying files", number, 4) for number in range(4)]
    assert work("take in", taking_in(look(engine, upload)))[1] == checked + copied


def test_a_stop_at_any_step_leaves_nothing_and_what_was_found_still_waits(engine, upload, work):
    payload = taking_in(look(engine, upload))
    for steps in range(12):
        with pytest.raises(Cancelled, match="Importing was stopped"):
            work("take in", payload, steps=steps)
        assert engine.adapters() == []
        assert engine.verify() == []
    with pytest.raises(Cancelled):
        work("look into", {"source": str(upload)}, steps=3)
    assert engine.sharing.found(upload) is not None


def test_a_hostile_bundle_is_refused_in_the_words_of_the_command_line(engine, upload, tmp_path):
    found = look(engine, upload)
    whole = tmp_path / "whole"
    base = engine.workbench().model.identity
    write_bundle(whole, [make_adapter(tmp_path / "other", 5, base=base)], base=base, now=NOW)
    files = files_of(whole)
    (name,) = (name for name in files if name.endswith(".safetensors"))
    upload.write_bytes(zipped(reseal(files | {name: b"junk" * 9})))
    with pytest.raises(BundleRefused) as refusal:
        engine.sharing.take_in(upload)
    assert look(engine, upload) is None
    assert engine.jobs.last.message == str(refusal.value)
    engine.sharing.start_taking_in(found)
    assert engine.jobs.wait(timeout_s=30)
    assert (engine.jobs.last.state, engine.jobs.last.message) == (JobState.FAILED, str(refusal.value))
    assert not upload.exists()
    assert engine.adapters() == []
    assert engine.verify() == []


def test_an_upload_that_is_gone_is_not_called_taken_in(engine, upload, work):
    payload = taking_in(look(engine, upload))
    upload.unlink()
    with pytest.raises(BundleRefused, match="it cannot be read"):
        work("take in", payload)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_a_taking_in_that_was_killed_took_in_nothing_or_all_and_goes_on(
    place, engine, upload, make_engine, find_demo_base, clock
):
    payload, home = taking_in(look(engine, upload)), engine.home.folder
    engine.close()
    path = [path for path in sys.path if path]
    code = KILLED.format(path=path, home=str(home), payload=payload, place=PLACES[place])
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    passing = make_engine(home)
    assert len(passing.adapters()) == (2 if place == "before the index knows them" else 0)
    assert passing.verify() == []
    passing.close()
    resident = Engine(home, find_demo_base, clock=clock, resident=True)
    try:
        assert resident.jobs.wait(timeout_s=60)
        assert next(job.state for job in resident.journal.queue.recent()) is JobState.DONE
        assert {adapter.state for adapter in resident.adapters()} == {AdapterState.IMPORTED}
        assert len(resident.adapters()) == 2
        assert {adapter.id for adapter in resident.adapters()} <= resident._rooms.index.known_turns()
        assert not upload.exists()
        assert resident.verify() == []
    finally:
        resident.close()
