"""A page: what one open browser page has chosen, and what one look at the engine shows it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from cocolora.core.adapters import Adapter
from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.core.pace import Pace, begin
from cocolora.core.records import JobState, KeptVerdict
from cocolora.core.rollup import RollupPlan
from cocolora.core.told import Shelved, Told
from cocolora.engine import Engine
from cocolora.engine.estimate import LearningPlan, Speed
from cocolora.engine.forget import ForgetPlan
from cocolora.engine.handlers import LEARN
from cocolora.engine.history import History
from cocolora.engine.home import Kept
from cocolora.engine.jobs import JobView
from cocolora.engine.profiles import Profile
from cocolora.engine.share import ExportWish
from cocolora.engine.status import Status
from cocolora.engine.trial import Trial
from cocolora.errors import KeyUnusable
from cocolora.settings import Settings

T = TypeVar("T")
TURNS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Preparation:
    """An export that is about to be made: what is wished, where to, which adapters that is, and who signs it."""

    wish: ExportWish
    target: Path
    adapters: tuple[Adapter, ...]
    signer: str


@dataclass(slots=True)
class Page:
    """The choices of one browser page, and what it was last sent: for each followed widget, what that shows.

    ``failed`` has, for each followed widget that could not be shown, a line that says why.
    """

    profile: str = DEFAULT_PROFILE
    spoken_in: str = ""
    adapter_id: str | None = None
    deleting: bool = False
    rollups: tuple[tuple[RollupPlan, int], ...] = ()
    discarding: bool = False
    shown_adapters: int = 20
    trial: Trial | None = None
    conversation_id: str | None = None
    found: frozenset[str] | None = None
    shown: int = 12
    shown_turns: int = TURNS_SHOWN
    turn_ids: list[str] = field(default_factory=list)
    editing: str | None = None
    plan: ForgetPlan | None = None
    preparation: Preparation | None = None
    leaving: Path | None = None
    upload: Path | None = None
    doomed: str | None = None
    setting: str | None = None
    failure: str = ""
    failed: dict[int, str] = field(default_factory=dict)
    sent: dict[int, object] = field(default_factory=dict)

    def choose_profile(self, profile: str) -> None:
        """Look at another profile; what was chosen in the old one is no longer chosen."""
        self.profile = profile
        self.adapter_id = self.leaving = self.found = self.preparation = self.upload = self.doomed = None
        self.deleting = self.discarding = False
        self.rollups = ()
        self.choose_conversation(None)

    def follow_talk(self, profile: str) -> None:
        """Look at the profile that was spoken in last, unless it is the one that was so when the page last looked."""
        if profile != self.spoken_in:
            self.spoken_in = profile
            if profile != self.profile:
                self.choose_profile(profile)

    def choose_conversation(self, conversation_id: str | None) -> None:
        """Read another conversation; what was chosen in the old one is no longer chosen."""
        self.conversation_id, self.shown_turns = conversation_id, TURNS_SHOWN
        self.choose_turns([])

    def choose_turns(self, turn_ids: list[str]) -> None:
        """Choose turns; a preview or an edit of other ones is withdrawn."""
        self.turn_ids = turn_ids
        self.plan = self.editing = None


class Lookout:
    """Looks at the engine for all pages of a tab. What the journal holds is read once for each change of it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._guard = threading.Lock()
        self._mark: object = None
        self._kept: dict[object, object] = {}
        self._pace: tuple[str, Pace] | None = None

    def look(self, page: Page) -> View:
        """Look for a page."""
        with self._guard:
            if (mark := self.engine.mark()) != self._mark:
                self._mark, self._kept = mark, {}
        if not page.profile:
            page.follow_talk(self.engine.profiles.latest())
        status = self.keep(("status", page.profile), lambda: self.engine.status(profile=page.profile))
        jobs = self.engine.jobs
        status = replace(status, job=jobs.current, last_job=jobs.last)
        return View(self, page, status, self.engine.settings, self._remaining_s(status.job))

    def keep(self, key: object, read: Callable[[], T]) -> T:
        """Return what ``read`` returned since the journal last changed."""
        with self._guard:
            kept = self._kept
        if key not in kept:
            kept[key] = read()
        return kept[key]  # type: ignore[return-value]  # the key says which reader put it there

    def _remaining_s(self, job: JobView | None) -> float | None:
        with self._guard:
            if job is None or job.progress is None:
                self._pace = None
                return None
            now_s = time.monotonic()
            known = self._pace[1] if self._pace and self._pace[0] == job.id else begin(job.progress, now_s=now_s)
            pace = known.follow(job.progress, now_s=now_s)
            self._pace = (job.id, pace)
            return pace.remaining_s(job.progress, now_s=now_s)


@dataclass(frozen=True, slots=True)
class View:
    """What the engine shows to a page right now; ``remaining_s`` is how long the running step will still take."""

    lookout: Lookout
    page: Page
    status: Status
    settings: Settings
    remaining_s: float | None

    @property
    def own_settings(self) -> Settings:
        """The settings that hold in the profile that is looked at."""
        return self.settings.of(self.page.profile)

    @property
    def zone(self) -> ZoneInfo | None:
        """The user's time zone; None for this machine's."""
        return self.settings.retrieval.zone

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles there are, and the one that is looked at."""
        known = self.lookout.keep("profiles", self.lookout.engine.journal.profiles)
        return tuple(dict.fromkeys([*self.settings.profiles.names, *known, self.page.profile]))

    @property
    def shelf(self) -> tuple[Shelved, ...]:
        """The profile's conversations, newest first."""
        journal, profile = self.lookout.engine.journal, self.page.profile
        return self.lookout.keep(("shelf", profile), lambda: tuple(journal.shelf(profile)))

    @property
    def shelved(self) -> Shelved | None:
        """The chosen conversation, unless it is gone."""
        return next((one for one in self.shelf if one.conversation.id == self.page.conversation_id), None)

    @property
    def told(self) -> tuple[Told, ...]:
        """The turns of the chosen conversation, with what became of them."""
        if self.shelved is None:
            return ()
        engine, chosen = self.lookout.engine, self.shelved.conversation.id
        return self.lookout.keep(("told", chosen), lambda: engine.conversations.read(chosen))

    @property
    def speed(self) -> Speed | None:
        """How fast the loaded model was found to be."""
        return self.lookout.engine.speed

    @property
    def learning_plan(self) -> LearningPlan | None:
        """What learning would do now; None as long as the loaded model was not measured."""
        engine, profile, speed = self.lookout.engine, self.page.profile, self.speed
        if speed is None:
            return None
        return self.lookout.keep(("plan", profile, speed), lambda: engine.plan_learning(profile=profile))

    @property
    def history(self) -> History:
        """How the profile's memory grew."""
        engine, profile = self.lookout.engine, self.page.profile
        return self.lookout.keep(("history", profile), lambda: engine.history(profile=profile))

    @property
    def held(self) -> tuple[Profile, ...]:
        """The profiles and what each holds."""
        engine = self.lookout.engine
        return self.lookout.keep("held", lambda: tuple(engine.profiles.all()))

    @property
    def stored(self) -> tuple[Kept, ...]:
        """What is kept on the disk."""
        return self.lookout.keep("stored", self.lookout.engine.home.kept)

    @property
    def public_key(self) -> str:
        """The key that bundles are signed with; empty where there is none that can be used."""
        try:
            return self.lookout.engine.sharing.public_key()
        except KeyUnusable:
            return ""

    @property
    def key_trouble(self) -> str:
        """Why the key that there is cannot be used; empty where it can, and where there is none."""
        try:
            self.lookout.engine.sharing.public_key()
        except KeyUnusable as error:
            return str(error)
        return ""

    @property
    def is_learning(self) -> bool:
        """Whether the profile is learning right now."""
        job, profile = self.status.job, self.status.profile
        return job is not None and (job.kind, job.state, job.profile) == (LEARN, JobState.RUNNING, profile)

    @property
    def stack_verdict(self) -> KeptVerdict | None:
        """What the newest test of the profile's whole stack found."""
        engine, profile = self.lookout.engine, self.page.profile
        return self.lookout.keep(("stack verdict", profile), lambda: engine.journal.stack_verdict(profile))

    @property
    def due_rollups(self) -> tuple[RollupPlan, ...]:
        """The rollups that are due in the profile."""
        engine, profile = self.lookout.engine, self.page.profile
        return self.lookout.keep(("due rollups", profile), lambda: engine.rollups.plan(profile=profile))

    @property
    def adapter(self) -> Adapter | None:
        """The chosen adapter, unless it is gone."""
        return next((a for a in self.status.adapters if a.id == self.page.adapter_id), None)
