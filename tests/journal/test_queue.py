"""Jobs as rows: queued, leased to a process, tried again when it is gone, and stopped for good."""

from datetime import timedelta

import pytest

from cocolora.core.records import JobState
from cocolora.errors import UnknownId
from cocolora.settings import Jobs
from tests.journal.lives import NOON, after, run_python

LEASE = {"lease_s": 60.0}
TAKE_AND_DIE = (
    "import sys; from datetime import datetime; from cocolora.journal import Journal;"
    "q = Journal.open(sys.argv[1]).queue; now = datetime.fromisoformat(sys.argv[2]);"
    "job = q.take(kinds=['learn'], now=now, lease_s=60); {}; print(job.id)"
)


@pytest.fixture
def queue(journal):
    return journal.queue


@pytest.fixture
def die_with(journal):
    """Return a function that lets another process take the next job and end."""

    def die_with(*, now=NOON, first=""):
        return run_python(TAKE_AND_DIE.format(first or "None"), journal.path, now.isoformat())

    return die_with


def test_a_job_runs_its_course(queue):
    job_id = queue.add("learn", {"turns": ["t1"]}, profile="work", now=NOON)
    assert queue.take(kinds=["learn"], now=after(1), **LEASE).id == job_id
    queue.progress(job_id, doing="training", done=3, total=60)
    assert queue.recover(settings=Jobs(), now=after(1)) == ()
    assert queue.finish(job_id, state=JobState.DONE, message="1 adapter", now=after(2))
    (job,) = queue.recent()
    assert (job.state, job.doing, job.done, job.total, job.message) == (JobState.DONE, "training", 3, 60, "1 adapter")
    assert (job.payload, job.profile, job.attempts) == ({"turns": ["t1"]}, "work", 1)
    assert (job.added_at, job.started_at, job.finished_at) == (NOON, after(1), after(2))
    assert queue.worked_since(["learn"], NOON) == [("work", after(1), after(2))]
    assert queue.worked_since(["learn"], after(3)) == []
    assert queue.latest_ended("learn", profile="work") == job
    assert queue.latest_ended("learn", profile="personal") is None
    for change in (queue.get, lambda job: queue.start(job, now=NOON, **LEASE), lambda job: queue.stop(job, now=NOON)):
        with pytest.raises(UnknownId):
            change("nowhere")


def test_jobs_are_taken_in_their_order_once_and_only_those_wanted(queue):
    first, second = queue.add("learn", {}, now=NOON), queue.add("index", {}, now=NOON)
    third = queue.add("learn", {}, now=NOON)
    assert queue.take(kinds=["learn", "index"], among=[third], now=NOON, **LEASE).id == third
    assert queue.take(kinds=["learn"], now=NOON, **LEASE).id == first
    assert queue.take(kinds=["learn"], now=NOON, **LEASE) is None
    assert queue.take(kinds=["learn", "index"], now=NOON, **LEASE).id == second


def test_one_job_of_a_kind_waits_for_each_profile(queue):
    first = queue.add_once("learn", {}, profile="a", now=NOON)
    assert queue.add_once("learn", {"more": 1}, profile="a", now=NOON) == first
    assert queue.add_once("learn", {}, profile="b", now=NOON).id != first.id
    queue.take(kinds=["learn"], now=NOON, **LEASE)
    assert queue.add_once("learn", {}, profile="a", now=NOON).state is JobState.RUNNING
    queue.finish(first.id, state=JobState.DONE, now=NOON)
    assert queue.add_once("learn", {}, profile="a", now=NOON).id != first.id


def test_a_dead_process_s_job_waits_again_and_is_given_up_after_so_many_tries(queue, die_with):
    job_id = queue.add("learn", {}, now=NOON)
    mine = queue.add("index", {}, now=NOON)
    queue.start(mine, now=NOON, **LEASE)
    now = NOON
    for attempt in (1, 2):
        assert die_with(now=now) == job_id
        assert queue.recover(settings=Jobs(attempts=3), now=now) == (job_id,)
        job = queue.get(job_id)
        assert (job.state, job.attempts) == (JobState.QUEUED, attempt)
        now = queue.next_moment()
    assert now > NOON, "the second interruption waits"
    assert queue.take(kinds=["learn"], now=NOON, **LEASE) is None
    assert die_with(now=now) == job_id
    assert queue.recover(settings=Jobs(attempts=3), now=now) == ()
    job = queue.get(job_id)
    assert job.state is JobState.FAILED
    assert "ended 3 times" in job.message
    assert queue.get(mine).state is JobState.RUNNING


def test_a_cancelled_job_is_not_resumed_after_its_process_was_killed(queue, die_with):
    job_id = queue.add("learn", {}, now=NOON)
    die_with(first="q.stop(job.id, now=now)")
    assert queue.recover(settings=Jobs(), now=NOON) == ()
    assert queue.get(job_id).state is JobState.CANCELLED
    waiting = queue.add("learn", {}, now=NOON)
    assert queue.stop(waiting, now=NOON).state is JobState.CANCELLED
    assert queue.take(kinds=["learn"], now=NOON, **LEASE) is None


def test_a_lease_that_ran_out_is_lost_and_what_the_old_owner_says_afterwards_does_not_count(queue, journal):
    from cocolora.journal.owners import this_owner

    job_id = queue.add("learn", {}, now=NOON)
    elsewhere = this_owner().rpartition(" ")[0] + " another-machine"
    queue.start(job_id, now=NOON, **LEASE)
    assert queue.renew(job_id, now=after(0.5), **LEASE)
    with journal._database.writing() as connection:
        connection.execute("UPDATE jobs SET owner = ?", (elsewhere,))
    assert queue.recover(settings=Jobs(), now=after(1.4)) == (), "another machine's lease still holds"
    assert queue.next_moment() == after(1.5)
    assert not queue.renew(job_id, now=after(1), **LEASE)
    assert not queue.finish(job_id, state=JobState.DONE, now=after(1))
    assert not queue.put_back(job_id, message="", ready_at=NOON, counted=True)
    assert queue.get(job_id).state is JobState.RUNNING
    assert queue.recover(settings=Jobs(), now=after(1.6)) == (job_id,)


def test_a_job_that_was_put_back_waits_for_its_time(queue):
    job_id = queue.add("learn", {}, now=NOON)
    queue.take(kinds=["learn"], now=NOON, **LEASE)
    assert queue.put_back(job_id, message="busy", ready_at=after(5), counted=False)
    assert queue.take(kinds=["learn"], now=after(4), **LEASE) is None
    assert queue.next_moment() == after(5)
    again = queue.take(kinds=["learn"], now=after(5), **LEASE)
    assert (again.id, again.attempts, again.waits) == (job_id, 1, 1)


def test_only_the_latest_jobs_are_kept(queue):
    first = queue.add("learn", {}, now=NOON)
    queue.finish(first, state=JobState.CANCELLED, now=NOON)
    for _ in range(500):
        queue.add("learn", {}, now=NOON)
    assert len(queue.recent(1000)) == 500
    assert len({job.id for job in queue.recent(1000)}) == 500


def test_waits_double_up_to_the_longest():
    from cocolora.core.retrying import again_at

    jobs = Jobs(first_wait_s=10, longest_wait_s=60)
    assert [(again_at(n, jobs, now=NOON) - NOON) / timedelta(seconds=1) for n in range(1, 6)] == [10, 20, 40, 60, 60]
