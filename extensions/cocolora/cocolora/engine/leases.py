"""The lease of a running job: renewed while the work goes on, so that nobody else takes the job for left."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from cocolora.journal import JobQueue

logger = logging.getLogger(__name__)

RENEWALS = 3
"""So many times within one lease a sign is given: one that fails does not lose the job."""


@contextmanager
def leased(queue: JobQueue, job_id: str, *, clock: Callable[[], datetime], lease_s: float) -> Iterator[threading.Event]:
    """Renew a job's lease while the block runs.

    The event is set when the job is to stop: its user stopped it, here or in another process, or another process
    has taken it over.
    """
    stopped, over = threading.Event(), threading.Event()

    def renew() -> None:
        while not over.wait(lease_s / RENEWALS):
            try:
                if not queue.renew(job_id, now=clock(), lease_s=lease_s):
                    stopped.set()
            except Exception:  # a thread is an edge: the next renewal may succeed
                logger.exception("the lease of job %s could not be renewed", job_id)

    thread = threading.Thread(target=renew, name="cocolora-lease", daemon=True)
    thread.start()
    try:
        yield stopped
    finally:
        over.set()
        thread.join()
