"""The job runner over a real journal: order, retries, stops, closings, and what a resident one takes up."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from cocolora.core.events import Progress
from cocolora.core.records import JobState
from cocolora.engine.jobs import JobRunner
from cocolora.errors import Cancelled, HomeBusy, NoModel
from cocolora.journal import Journal
from cocolora.settings import Jobs

PATIENCE_S = 20
QUICK = Jobs(first_wait_s=0.01, longest_wait_s=0.02)


@pytest.fixture
def queue(tmp_path):
    journal = Journal.open(tmp_path / "journal.db")
    yield journal.queue
    journal.close()


@pytest.fixture
def runner(queue):
    """Return a function that makes a runner of handlers; each is closed at the end."""
    made = []

    def make(resident=False, settings=QUICK, clock=lambda: datetime.now(UTC), plan=lambda: None, **handlers):
        made.append(JobRunner(queue, handlers, clock=clock, settings=lambda: settings, resident=resident, plan=plan))
        return made[-1]

    yield make
    for one in made:
        one.close()


def until_stopped(task):
    while not task.cancelled():
        task.on_progress(Progress("working", 1, 2))
    raise Cancelled("The work")


def test_jobs_run_one_after_the_other_with_their_payload_and_profile(runner, queue):
    seen = []

    def note(task):
        seen.append((task.payload, task.profile))
        return f"said {len(seen)}"

    jobs = runner(learn=note)
    jobs.submit("learn", {"number": 1}, profile="work")
    jobs.submit("learn", {"number": 2})
    assert jobs.wait(PATIENCE_S)
    assert seen == [({"number": 1}, "work"), ({"number": 2}, "personal")]
    assert (jobs.last.state, jobs.last.message, jobs.current) == (JobState.DONE, "said 2", None)
    assert [job.state for job in queue.recent()] == [JobState.DONE] * 2


def test_an_unforeseen_failure_is_tried_again_and_an_explained_one_is_not(runner, queue):
    tries = []

    def fail(error, task):
        tries.append(type(error))
        raise error

    jobs = runner(disk=lambda task: fail(OSError("full"), task), model=lambda task: fail(NoModel(), task))
    jobs.submit("disk")
    jobs.submit("model")
    assert jobs.wait(PATIENCE_S)
    assert (tries.count(OSError), tries.count(NoModel)) == (3, 1)
    messages = {job.kind: (job.state, job.message) for job in queue.recent()}
    assert messages["disk"][0] is messages["model"][0] is JobState.FAILED
    assert "disk failed: full" in messages["disk"][1]
    assert "No model is loaded" in messages["model"][1]


def test_while_another_process_is_at_work_a_job_waits_and_does_not_fail(runner, queue, tmp_path):
    tries = []

    def busy(task):
        tries.append(1)
        if len(tries) < 6:
            raise HomeBusy(tmp_path)
        return "at last"

    jobs = runner(learn=busy)
    jobs.submit("learn")
    assert jobs.wait(PATIENCE_S)
    (job,) = queue.recent()
    assert (job.state, job.message, job.attempts, job.waits) == (JobState.DONE, "at last", 1, 5)


def test_a_job_that_is_taken_up_before_a_model_is_loaded_waits_for_one(runner, queue):
    left = queue.add("learn", {}, now=datetime.now(UTC))
    queue.start(left, now=datetime.now(UTC), lease_s=60)
    queue.put_back(left, message="closed", ready_at=datetime.now(UTC), counted=False)
    tries = []

    def learn(task):
        tries.append(1)
        if len(tries) < 4:
            raise NoModel
        return "learned"

    jobs = runner(resident=True, learn=learn)
    jobs.start()
    assert jobs.wait(PATIENCE_S)
    assert queue.get(left).message == "learned"


def test_a_stopped_job_stays_stopped_and_a_closing_puts_it_back(runner, queue):
    jobs = runner(learn=until_stopped)
    jobs.submit("learn")
    _await_progress(jobs)
    assert jobs.stop()
    assert jobs.wait(PATIENCE_S)
    assert queue.recent()[0].state is JobState.CANCELLED
    assert not jobs.stop()
    jobs.submit("learn")
    _await_progress(jobs)
    jobs.close()
    job = queue.recent()[0]
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    again = runner(resident=True, learn=lambda task: "done after all")
    again.start()
    assert again.wait(PATIENCE_S)
    assert queue.get(job.id).message == "done after all"


def _await_progress(jobs):
    while not ((job := jobs.current) and job.progress):
        pass


def test_a_waiting_job_can_be_stopped(runner, queue, tmp_path):
    def busy(task):
        raise HomeBusy(tmp_path)

    jobs = runner(settings=Jobs(first_wait_s=500), learn=busy)
    jobs.submit("learn")
    while not ((job := jobs.current) and job.message):
        pass
    assert jobs.stop()
    assert jobs.wait(PATIENCE_S)
    assert queue.recent()[0].state is JobState.CANCELLED
    assert jobs.last.state is JobState.CANCELLED


def test_only_a_resident_runner_takes_up_what_others_left(runner, queue):
    left = queue.add("learn", {}, now=datetime.now(UTC))
    passing = runner(learn=lambda task: "passing by")
    passing.start()
    passing.submit("learn")
    assert passing.wait(PATIENCE_S)
    assert queue.get(left).state is JobState.QUEUED
    resident = runner(resident=True, learn=lambda task: "taken up", index=lambda task: "indexed")
    resident.start()
    assert resident.wait(PATIENCE_S)
    assert queue.get(left).message == "taken up"
    later = queue.add("index", {}, now=datetime.now(UTC))
    resident.wake()
    while queue.get(later).state is not JobState.DONE:
        pass


def test_of_two_runners_one_does_a_job_and_none_waits_for_ever(runner, queue):
    done = []

    def note(task):
        done.append(task)
        return "done"

    both = [runner(learn=note) for _ in range(2)]
    for jobs in both:
        jobs.submit_once("learn")
    assert all(jobs.wait(PATIENCE_S) for jobs in both)
    assert len(done) == len(queue.recent())


def test_the_plan_is_asked_again_when_its_time_has_come(runner):
    asked, moved = [], threading.Event()
    start = datetime.now(UTC)

    def plan():
        asked.append(datetime.now(UTC))
        if len(asked) > 1:
            moved.set()
            return None
        return start + timedelta(seconds=0.2)

    runner(resident=True, plan=plan).start()
    assert moved.wait(PATIENCE_S)
    assert asked[1] >= start + timedelta(seconds=0.2)


def test_work_on_the_caller_s_thread_is_a_job_too(runner, queue):
    jobs = runner(learn=lambda task: "later")
    watch = {"on_progress": lambda progress: None, "cancelled": lambda: False}
    with jobs.here("learn", {}, profile="work", **watch) as work:
        work.task.on_progress(Progress("reading", 1, 2))
        assert (queue.recent()[0].state, queue.recent()[0].doing) == (JobState.RUNNING, "reading")
        work.message = "read"
    assert (queue.recent()[0].state, queue.recent()[0].message) == (JobState.DONE, "read")
    for error, state in ((Cancelled("Reading"), JobState.CANCELLED), (OSError("full"), JobState.FAILED)):
        with pytest.raises(type(error)), jobs.here("learn", {}, profile="work", **watch):
            raise error
        assert queue.recent()[0].state is state
    assert jobs.current is None


def test_a_job_can_be_stopped_from_elsewhere(runner, queue):
    jobs = runner(settings=Jobs(lease_s=3), learn=until_stopped)
    jobs.submit("learn")
    _await_progress(jobs)
    queue.stop(queue.recent()[0].id, now=datetime.now(UTC))
    assert jobs.wait(PATIENCE_S)
    assert queue.recent()[0].state is JobState.CANCELLED


def test_what_was_interrupted_goes_on_by_itself(runner, queue):
    begun, rounds = threading.Event(), []

    def learn(task):
        rounds.append(task)
        if len(rounds) > 1:
            return "learned"
        begun.set()
        return until_stopped(task)

    jobs = runner(learn=learn)
    jobs.interrupt("Nothing runs yet.")
    jobs.submit("learn")
    assert begun.wait(PATIENCE_S)
    jobs.interrupt("The model was unloaded.")
    assert jobs.wait(PATIENCE_S)
    (job,) = queue.recent()
    assert (len(rounds), job.state, job.message) == (2, JobState.DONE, "learned")
    assert job.attempts == 1, "an interruption is no failed attempt"


def test_a_stop_by_the_user_outlasts_an_interruption(runner, queue):
    begun = threading.Event()

    def learn(task):
        begun.set()
        return until_stopped(task)

    jobs = runner(learn=learn)
    jobs.submit("learn")
    assert begun.wait(PATIENCE_S)
    jobs._interruption = "The model was unloaded."
    jobs.stop()
    assert jobs.wait(PATIENCE_S)
    assert queue.recent()[0].state is JobState.CANCELLED


def test_work_that_loses_its_model_midway_waits_for_the_next_one(runner, queue):
    rounds = []

    def learn(task):
        rounds.append(task)
        if len(rounds) > 1:
            return "learned"
        task.on_progress(Progress("Training", 1, 2))
        raise NoModel

    jobs = runner(learn=learn)
    jobs.submit("learn")
    assert jobs.wait(PATIENCE_S)
    assert (len(rounds), queue.recent()[0].state) == (2, JobState.DONE)
