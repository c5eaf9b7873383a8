"""The job runner: takes jobs from the journal's queue, one at a time, on a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.core.events import CancelCheck, Progress, ProgressCallback
from cocolora.core.records import Job, JobState
from cocolora.core.retrying import again_at
from cocolora.engine.leases import leased
from cocolora.engine.task import Handler, Task, Work
from cocolora.errors import Cancelled, CocoloraError, HomeBusy, ModelError, TurnChanged
from cocolora.journal import JobQueue
from cocolora.settings import Jobs

logger = logging.getLogger(__name__)

QUIET_KINDS = frozenset({"index", "scrub", "recheck", "measure"})
_SHORTEST_REST_S = 0.05
_AFTER_TROUBLE_S = 5.0


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as the user sees it; a quiet one leaves no last word when all went well."""

    id: str
    kind: str
    state: JobState
    progress: Progress | None = None
    message: str = ""
    quiet: bool = False
    profile: str = DEFAULT_PROFILE


def nothing_planned() -> datetime | None:
    """Plan nothing."""
    return None


class JobRunner:
    """Runs the journal's jobs in this process.

    A ``resident`` runner takes up every job that waits, also those that another process left, and asks ``plan``
    before each rest: that may submit jobs, and returns when to ask again. Another one runs only what was submitted
    to it. ``settings`` is asked anew each time.
    """

    def __init__(
        self,
        queue: JobQueue,
        handlers: Mapping[str, Handler],
        *,
        clock: Callable[[], datetime],
        settings: Callable[[], Jobs],
        resident: bool = False,
        plan: Callable[[], datetime | None] = nothing_planned,
    ) -> None:
        self._queue = queue
        self.handlers = dict(handlers)
        self._clock = clock
        self._settings = settings
        self._resident = resident
        self._plan = plan
        self._state = threading.Condition(threading.RLock())
        self._asked: dict[str, JobView] = {}
        self._running: JobView | None = None
        self._stopped = threading.Event()
        self._interruption = ""
        self._last: JobView | None = None
        self._woken = self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def current(self) -> JobView | None:
        """The job that runs or is next."""
        return next(iter(self.pending), None)

    @property
    def pending(self) -> tuple[JobView, ...]:
        """The job that runs, and those that wait here, in their order."""
        with self._state:
            return (*([self._running] if self._running else []), *self._asked.values())

    @property
    def last(self) -> JobView | None:
        """The job that ended last."""
        return self._last

    def start(self) -> None:
        """Queue what processes that are gone left; a resident runner adopts what waits, and begins."""
        with self._state:
            self._recover()
            if self._resident:
                self._asked |= {job.id: _view(job) for job in self._queue.waiting() if job.kind in self.handlers}
                self._begin()

    def submit(self, kind: str, payload: Mapping[str, object] | None = None, *, profile: str = DEFAULT_PROFILE) -> None:
        """Queue a job and return at once."""
        with self._state:
            job_id = self._queue.add(kind, payload or {}, profile=profile, now=self._clock())
            self._adopt(self._queue.get(job_id))

    def submit_once(
        self, kind: str, payload: Mapping[str, object] | None = None, *, profile: str = DEFAULT_PROFILE
    ) -> None:
        """Queue a job unless one of this kind waits or runs for the profile, in whichever process."""
        with self._state:
            self._recover()
            job = self._queue.add_once(kind, payload or {}, profile=profile, now=self._clock())
            if job.state is JobState.QUEUED:
                self._adopt(job)

    def wake(self) -> None:
        """Look again at what is to be done: something was said, or a setting changed."""
        with self._state:
            self._woken = True
            self._state.notify_all()

    def stop(self) -> bool:
        """Ask the running job to stop, for good, or cancel the one that waits; say whether there was one."""
        with self._state:
            current = self.current
            if current is None:
                return False
            stopped = self._queue.stop(current.id, now=self._clock())
            if self._running is None:
                self._ended(_view(stopped))
            self._stopped.set()
            return True

    def interrupt(self, message: str) -> None:
        """Send the running job back to the queue, if there is one: what it needs is gone for now."""
        with self._state:
            if self._running is not None:
                self._interruption = message
                self._stopped.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until nothing runs or waits here; say whether that came about."""
        with self._state:
            return self._state.wait_for(lambda: not self._asked and self._running is None, timeout_s)

    def close(self, timeout_s: float = 30.0) -> None:
        """Stop running jobs; one that is interrupted by this goes back to the queue."""
        with self._state:
            self._closing = True
            self._stopped.set()
            self.wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    @contextmanager
    def here(
        self,
        kind: str,
        payload: Mapping[str, object],
        *,
        profile: str,
        on_progress: ProgressCallback,
        cancelled: CancelCheck,
    ) -> Iterator[Work]:
        """Do a job on the caller's thread: should this process be killed, a resident one takes it up."""
        lease_s, now = self._settings().lease_s, self._clock()
        job = self._queue.start_new(kind, payload, profile=profile, now=now, lease_s=lease_s)
        with leased(self._queue, job.id, clock=self._clock, lease_s=lease_s) as stopped:
            noting = self._noting(job.id, on_progress)
            work = Work(Task(payload, profile, noting, lambda: cancelled() or stopped.is_set()))
            try:
                yield work
            except (Cancelled, KeyboardInterrupt) as error:
                self._finish(job.id, JobState.CANCELLED, str(error))
                raise
            except Exception as error:
                self._finish(job.id, JobState.FAILED, _sentence(kind, error))
                raise
            self._finish(job.id, JobState.DONE, work.message)

    # The thread

    def _adopt(self, job: Job) -> None:
        self._asked[job.id] = _view(job)
        self._begin()
        self.wake()

    def _begin(self) -> None:
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._run_all, name="cocolora-jobs", daemon=True)
            self._thread.start()

    def _run_all(self) -> None:
        while not self._closing:
            try:
                planned_at = self._plan() if self._resident else None
                job = self._take_or_rest(planned_at)
                if job is not None:
                    self._run(job)
            except Exception:  # the thread is an edge: jobs go on when the trouble is over
                logger.exception("jobs cannot be run at the moment")
                with self._state:
                    self._state.wait(_AFTER_TROUBLE_S)

    def _take_or_rest(self, planned_at: datetime | None) -> Job | None:
        with self._state:
            if self._closing:
                return None
            self._recover()
            self._let_go_of_others()
            among = None if self._resident else list(self._asked)
            settings = self._settings()
            job = self._queue.take(kinds=self.handlers, among=among, now=self._clock(), lease_s=settings.lease_s)
            if job is not None:
                self._asked.pop(job.id, None)
                self._running = _view(job)
                self._stopped.clear()
                self._interruption = ""
            elif not self._woken:
                self._state.wait(self._rest_s(planned_at, among))
            self._woken = False
            return job

    def _let_go_of_others(self) -> None:
        """Await no job any longer that another process has taken up or cancelled."""
        for job_id in list(self._asked):
            seen = self._queue.get(job_id)
            if seen.state is not JobState.QUEUED:
                self._ended(_view(seen))

    def _recover(self) -> None:
        self._queue.recover(settings=self._settings(), now=self._clock())

    def _rest_s(self, planned_at: datetime | None, among: list[str] | None) -> float | None:
        """Return how long nothing is to be done; with jobs to await or to adopt, a look is had once in a lease."""
        moments = [moment for moment in (planned_at, self._queue.next_moment(among)) if moment is not None]
        rests = [(moment - self._clock()).total_seconds() for moment in moments]
        if self._resident or among:
            rests.append(self._settings().lease_s)
        return max(_SHORTEST_REST_S, min(rests)) if rests else None

    def _run(self, job: Job) -> None:
        lease_s = self._settings().lease_s
        with leased(self._queue, job.id, clock=self._clock, lease_s=lease_s) as left:
            task = Task(
                job.payload,
                job.profile,
                self._noting(job.id, self._show),
                lambda: self._stopped.is_set() or left.is_set(),
            )
            try:
                ended = self._attempt(job, task)
            except BaseException:
                with self._state:
                    self._running = None
                raise
        with self._state:  # at once: between two states a job would be seen in neither
            self._running = None
            if ended.state is JobState.QUEUED and not self._closing:
                self._asked[job.id] = ended
            else:
                self._ended(ended)

    def _attempt(self, job: Job, task: Task) -> JobView:
        """Run a job once; return it as it is then: ended, or back in the queue."""
        try:
            message = self.handlers[job.kind](task)
        except Cancelled as error:
            if self._closing:
                return self._put_back(job, "The program was closed before this was done.", counted=False, wait=False)
            if self._interruption:
                return self._put_back(job, self._interruption, counted=False)
            return self._finish(job.id, JobState.CANCELLED, str(error))
        except HomeBusy as error:
            return self._put_back(job, str(error), counted=False)
        except ModelError as error:
            is_first = job.attempts + job.waits == 1  # a later one may come before the host has loaded a model
            if self._interruption or not is_first or self._has_got_somewhere():
                return self._put_back(job, str(error), counted=False)
            return self._finish(job.id, JobState.FAILED, str(error))
        except Exception as error:  # a job is an edge: the chat goes on, the log has the traceback
            final = isinstance(error, CocoloraError) and not isinstance(error, TurnChanged)
            logger.log(*_severity(error), exc_info=not final)
            if final or job.attempts >= self._settings().attempts:
                return self._finish(job.id, JobState.FAILED, _sentence(job.kind, error))
            return self._put_back(job, _sentence(job.kind, error), counted=True)
        return self._finish(job.id, JobState.DONE, message)

    def _put_back(self, job: Job, message: str, *, counted: bool, wait: bool = True) -> JobView:
        now = self._clock()
        times = job.attempts if counted else job.waits + 1
        ready_at = again_at(times, self._settings(), now=now) if wait else now
        self._queue.put_back(job.id, message=message, ready_at=ready_at, counted=counted)
        return _view(self._queue.get(job.id))

    def _finish(self, job_id: str, state: JobState, message: str) -> JobView:
        self._queue.finish(job_id, state=state, message=message, now=self._clock())
        return _view(self._queue.get(job_id))

    def _ended(self, view: JobView) -> None:
        self._asked.pop(view.id, None)
        if view.state is JobState.FAILED or (view.state in (JobState.DONE, JobState.CANCELLED) and not view.quiet):
            self._last = view
        self._state.notify_all()

    def _show(self, progress: Progress) -> None:
        with self._state:
            if self._running is not None:
                self._running = replace(self._running, state=JobState.RUNNING, progress=progress)

    def _has_got_somewhere(self) -> bool:
        """Say whether a part of the running job is done already: it had a model then."""
        with self._state:
            progress = self._running.progress if self._running is not None else None
            return progress is not None and progress.done > 0

    def _noting(self, job_id: str, on_progress: ProgressCallback) -> ProgressCallback:
        def note(progress: Progress) -> None:
            on_progress(progress)
            self._queue.progress(job_id, doing=progress.doing, done=progress.done, total=progress.total)

        return note


def _view(job: Job) -> JobView:
    return JobView(job.id, job.kind, job.state, None, job.message, job.kind in QUIET_KINDS, job.profile)


def _severity(error: Exception) -> tuple[int, str, str]:
    level = logging.WARNING if isinstance(error, CocoloraError) else logging.ERROR
    return level, "a job failed: %s", str(error)


def _sentence(kind: str, error: Exception) -> str:
    if isinstance(error, CocoloraError):
        return str(error)
    return f"{kind} failed: {error}. The log has the details; nothing was changed."
