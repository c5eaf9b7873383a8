"""What was forgotten leaves the journal's file, also where another program was in the way at first."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from cocolora.core.records import JobState
from cocolora.journal import Journal
from cocolora.journal.database import Database
from tests.engine.conftest import BOAT, DOG

PATIENCE_S = 60


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Let nobody wait for another program for long."""
    scrub = Database.scrub
    monkeypatch.setattr(Database, "scrub", lambda database: scrub(database, patience_s=0.05))


@contextmanager
def read_by_another(engine):
    other = Journal.open(engine.home.journal_file)
    with other._database.reading() as connection:
        connection.execute("SELECT * FROM turns").fetchone()
        yield
    other.close()


def is_left(engine):
    return any(b"biscuit" in path.read_bytes().lower() for path in engine.home.folder.glob("journal.db*"))


def scrubbing(engine):
    return [job.state for job in engine.journal.queue.recent() if job.kind == "scrub"]


def test_bytes_that_another_program_kept_in_the_file_are_spoken_of_and_go_at_the_next_start(engine, make_engine, tell):
    tell(engine, "pets", DOG, BOAT)
    with read_by_another(engine):
        said = engine.forgetting.forget(engine.forgetting.plan(match="Biscuit"))
    assert "Another program reads the journal" in said
    assert is_left(engine)
    engine.close()
    again = make_engine(engine.home.folder)
    assert again.jobs.wait(PATIENCE_S)
    assert scrubbing(again) == [JobState.DONE]
    assert not is_left(again)


def test_erasing_is_tried_until_the_other_program_is_done(engine, tell, clock):
    tell(engine, "pets", DOG, BOAT, profile="work")
    with read_by_another(engine):
        engine.profiles.delete("work")
        engine.jobs.submit_once("scrub")
        while not ((job := engine.jobs.current) and job.message):
            pass
        assert "Another program reads the journal" in job.message
    clock.now += timedelta(hours=1)
    engine.jobs.wake()
    assert engine.jobs.wait(PATIENCE_S)
    assert scrubbing(engine) == [JobState.DONE]
    assert not is_left(engine)


def test_nothing_is_said_or_queued_where_nobody_is_in_the_way(engine, tell):
    tell(engine, "pets", DOG)
    assert "Another program" not in engine.forgetting.forget(engine.forgetting.plan(match="Biscuit"))
    assert scrubbing(engine) == []
    assert not is_left(engine)
