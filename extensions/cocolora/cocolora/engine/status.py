"""Status: what was learned, what waits, what runs, and what the loaded model can do, for people to read."""

from __future__ import annotations

from dataclasses import dataclass

from cocolora.core.adapters import Adapter, AdapterState
from cocolora.core.learning import Due
from cocolora.core.phrases import count
from cocolora.engine.jobs import JobView
from cocolora.engine.rhythm import judge_due
from cocolora.engine.rooms import Rooms
from cocolora.errors import ModelError


@dataclass(frozen=True, slots=True)
class Status:
    """One profile at a glance. ``trouble`` says why nothing can be learned, empty when it can.

    ``taught_elsewhere`` counts the turns that another base was taught and the loaded one was not, ``rebuilds`` the
    adapters that are to be made again for the loaded one.
    """

    profile: str
    model: str
    trouble: str
    conversations: int
    turns: int
    unread: int
    due: Due
    adapters: tuple[Adapter, ...]
    job: JobView | None
    last_job: JobView | None
    taught_elsewhere: int = 0
    rebuilds: int = 0

    @property
    def sentence(self) -> str:
        """The status in words."""
        ready = sum(adapter.state is AdapterState.READY for adapter in self.adapters)
        remembered = f"{count(self.turns, 'turn')} remembered from {count(self.conversations, 'conversation')}"
        learned = f"{count(ready, 'adapter')} learned"
        waiting = f"learning is due: {self.due.reason}" if self.due.now else self.due.reason
        elsewhere = (
            f"; {count(self.taught_elsewhere, 'turn')} were taught to another base, `cocolora learn --rebuild` teaches "
            "them to this one"
        )
        by_hand = "; `cocolora learn` or Learn now begins, `cocolora learn --plan` says how long that takes"
        waits = f"{(self.trouble or waiting).rstrip('.')}{by_hand if self.due.imported and not self.trouble else ''}"
        waits += elsewhere if self.taught_elsewhere else ""
        return f"{remembered}; {learned}; {waits}."


def read_status(rooms: Rooms, *, profile: str, job: JobView | None, last_job: JobView | None) -> Status:
    """Gather the status of a profile; never raises for want of a model."""
    counts = rooms.journal.counts(profile)
    model, trouble, fingerprint = read_model(rooms)
    unread = rooms.journal.unread(profile, fingerprint, taught_elsewhere=False)
    rebuilds = _count_rebuilds(rooms, profile, fingerprint)
    return Status(
        profile=profile,
        model=model,
        trouble=trouble,
        conversations=counts.conversations,
        turns=counts.turns,
        unread=len(unread),
        due=judge_due(rooms, unread, rebuilds=rebuilds, profile=profile),
        adapters=tuple(rooms.journal.adapters(profile)),
        job=job,
        last_job=last_job,
        taught_elsewhere=len(rooms.journal.unread(profile, fingerprint)) - len(unread) if fingerprint else 0,
        rebuilds=rebuilds,
    )


def read_due(rooms: Rooms, *, profile: str) -> Due:
    """Say whether learning is due; never when the loaded model cannot learn."""
    _, trouble, fingerprint = read_model(rooms)
    if trouble:
        return Due(False, trouble)
    unread = rooms.journal.unread(profile, fingerprint, taught_elsewhere=False)
    rebuilds = _count_rebuilds(rooms, profile, fingerprint)
    return judge_due(rooms, unread, rebuilds=rebuilds, profile=profile)


def _count_rebuilds(rooms: Rooms, profile: str, fingerprint: str) -> int:
    """Count the adapters that are to be made again; one whose turns are all forgotten has nothing to be made of."""
    found = rooms.journal.rebuilds(base_fingerprint=fingerprint, profile=profile)
    return sum(bool(rebuild.turn_ids) for rebuild in found)


def read_model(rooms: Rooms) -> tuple[str, str, str]:
    """Return the loaded model with its mark, why it cannot learn, and its fingerprint; empty where there is none."""
    try:
        identity = rooms.workbench().model.identity
    except ModelError as error:
        return "", str(error), ""
    return str(identity), "", identity.fingerprint
