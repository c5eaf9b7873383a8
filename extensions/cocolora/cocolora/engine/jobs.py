"""The job runner: long work happens one at a time on a thread of its own, with progress, a stop and a last word."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from cocolora.core.events import CancelCheck, Progress, ProgressCallback
from cocolora.core.records import JobState
from cocolora.errors import Cancelled, CocoloraError
from cocolora.journal import Journal

logger = logging.getLogger(__name__)

Work = Callable[[ProgressCallback, CancelCheck], str]


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as the user sees it; a quiet one leaves no last word when all went well."""

    id: str
    kind: str
    state: JobState
    progress: Progress | None = None
    message: str = ""
    quiet: bool = False


class JobRunner:
    """Runs submitted work in order; every job is written to the journal."""

    def __init__(self, journal: Journal, clock: Callable[[], datetime]) -> None:
        self._journal = journal
        self._clock = clock
        self._waiting: queue.Queue[tuple[JobView, Work]] = queue.Queue()
        self._stop_current = threading.Event()
        self._idle = threading.Condition()
        self._pending: list[JobView] = []
        self._thread: threading.Thread | None = None
        self._last: JobView | None = None

    @property
    def current(self) -> JobView | None:
        """The job that runs or is next."""
        with self._idle:
            return self._pending[0] if self._pending else None

    @property
    def last(self) -> JobView | None:
        """The job that ended last."""
        return self._last

    def submit(self, kind: str, work: Work, *, quiet: bool = False) -> JobView:
        """Queue work and return at once."""
        job = JobView(self._journal.add_job(kind, {}, now=self._clock()), kind, JobState.QUEUED, quiet=quiet)
        with self._idle:
            self._pending.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run_all, name="cocolora-jobs", daemon=True)
                self._thread.start()
        self._waiting.put((job, work))
        return job

    def submit_once(self, kind: str, work: Work, *, quiet: bool = False) -> None:
        """Queue work unless a job of this kind waits or runs."""
        with self._idle:
            if any(job.kind == kind for job in self._pending):
                return
        self.submit(kind, work, quiet=quiet)

    def stop(self) -> bool:
        """Ask the running job to stop; say whether there was one."""
        self._stop_current.set()
        return self.current is not None

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until nothing runs or waits; say whether that came about."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._pending, timeout_s)

    def _run_all(self) -> None:
        while True:
            job, work = self._waiting.get()
            ended = self._run(job, work)
            with self._idle:
                if not ended.quiet or ended.state is JobState.FAILED:
                    self._last = ended
                self._pending.pop(0)
                self._idle.notify_all()

    def _run(self, job: JobView, work: Work) -> JobView:
        self._stop_current.clear()
        self._show(replace(job, state=JobState.RUNNING))
        state, message = JobState.DONE, ""
        try:
            self._journal.start_job(job.id, now=self._clock())
            message = work(lambda progress: self._progress(job, progress), self._stop_current.is_set)
        except Cancelled as error:
            state, message = JobState.CANCELLED, str(error)
        except CocoloraError as error:
            logger.warning("%s: %s", job.kind, error)
            state, message = JobState.FAILED, str(error)
        except Exception as error:  # a job is an edge: the chat goes on, the log has the traceback
            logger.exception("%s failed", job.kind)
            state, message = (
                JobState.FAILED,
                f"{job.kind} failed: {error}. The log has the details; nothing was changed.",
            )
        self._journal.finish_job(job.id, state=state, message=message, now=self._clock())
        return replace(job, state=state, message=message)

    def _progress(self, job: JobView, progress: Progress) -> None:
        self._show(replace(job, state=JobState.RUNNING, progress=progress))
        self._journal.progress_job(job.id, doing=progress.doing, done=progress.done, total=progress.total)

    def _show(self, job: JobView) -> None:
        with self._idle:
            self._pending[0] = job
