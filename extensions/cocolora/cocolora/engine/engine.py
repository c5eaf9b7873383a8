"""The engine: one thin front for the hosts, the tab and the command line; each use case lives in its own file."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from datetime import datetime
from pathlib import Path

from cocolora.core.adapters import Adapter
from cocolora.core.conversations import DEFAULT_PROFILE, Change, ChatMessage, Conversation, Turn
from cocolora.core.events import CancelCheck, ProgressCallback, ignore_progress, never_cancelled
from cocolora.core.parts import Parts
from cocolora.core.ports import LanguageModel, TrainingHost
from cocolora.core.reconcile import Row
from cocolora.core.records import Fault, KeptVerdict, Synced
from cocolora.core.routing import Hit, Route
from cocolora.engine import (
    answer,
    handlers,
    history,
    learn,
    recheck,
    record,
    schedule,
    status,
    verify,
)
from cocolora.engine.asides import Asides
from cocolora.engine.bundles import BundleReader
from cocolora.engine.desks.catalogue import CatalogueDesk
from cocolora.engine.desks.conversations import ConversationDesk
from cocolora.engine.desks.forgetting import ForgettingDesk
from cocolora.engine.desks.profiles import ProfileDesk
from cocolora.engine.desks.rollups import RollupDesk
from cocolora.engine.desks.sharing import SharingDesk
from cocolora.engine.embedding import find_embedder
from cocolora.engine.estimate import MEASURE, LearningPlan, Speed, Speedometer, measure_speed, plan_learning
from cocolora.engine.forget import SCRUB
from cocolora.engine.home import EXPORT_KEPT_S, Home
from cocolora.engine.jobs import JobRunner
from cocolora.engine.leaks import CHECK_LEAKS, LeakFinder
from cocolora.engine.rooms import Rooms, utc_now
from cocolora.engine.run import Run
from cocolora.engine.trial import Trial
from cocolora.engine.workbench import Workbench
from cocolora.errors import HomeBusy
from cocolora.journal import Journal
from cocolora.retrieval import SearchIndex
from cocolora.settings import Settings, SettingsFile


class Engine:
    """Everything cocolora does, over one home folder and whatever model the host has loaded.

    ``find_model`` is asked before every use, so that a host may load another model at any time. Methods that
    change adapters raise HomeBusy while another process does. ``embedder_trouble`` says in a sentence why search
    goes by words alone, and is empty when it does not.

    A ``resident`` engine stays, as that of a host does: it takes up the jobs that other processes left, and learns
    by itself when time makes it due. Another one, opened for one command, does only what it is asked. Each
    subject with more to ask for has a desk: conversations, the catalogue, rollups, forgetting, profiles, sharing;
    ``asides`` answers what a chat asks of cocolora itself. ``training_host`` is what trains where the setting
    ``learning.trainer`` is "host".
    """

    def __init__(
        self,
        folder: Path,
        find_model: Callable[[], LanguageModel | None],
        *,
        clock: Callable[[], datetime] = utc_now,
        training_host: TrainingHost | None = None,
        resident: bool = False,
    ) -> None:
        home = Home(folder)
        home.create()
        settings_file = SettingsFile(home.settings_file)
        settings = settings_file.read()
        journal = Journal.open(home.journal_file)
        embedder, self.embedder_trouble = find_embedder(settings.retrieval, self.workbench)
        index = SearchIndex.open(home.index_folder, find_embedder=embedder, time_zone=settings.retrieval.time_zone)
        self._rooms = Rooms(home, settings_file, journal, index, find_model, clock, training_host)
        self._speedometer = Speedometer(self._rooms)
        finder, reader = LeakFinder(self._rooms), BundleReader(self._rooms)
        self.jobs = JobRunner(
            journal.queue,
            handlers.handlers_of(self._rooms)
            | {MEASURE: self._speedometer.measure, CHECK_LEAKS: finder.check, **reader.handlers},
            clock=clock,
            settings=lambda: self.settings.jobs,
            resident=resident,
            plan=lambda: schedule.start_what_is_due(
                self._rooms, learn=self._learn_by_itself, recheck=self._recheck_by_itself
            ),
        )
        self.conversations = ConversationDesk(self._rooms, self.jobs)
        self.catalogue = CatalogueDesk(self._rooms, self.jobs)
        self.rollups = RollupDesk(self._rooms, self.jobs)
        self.forgetting = ForgettingDesk(self._rooms, self.jobs)
        self.profiles = ProfileDesk(self._rooms)
        self.sharing = SharingDesk(self._rooms, self.jobs, finder, reader)
        self.asides = Asides(self)
        self._tidy()
        record.refresh_index(self._rooms)
        self.jobs.start()
        if any(job.kind == SCRUB for job in journal.queue.waiting()):
            self.jobs.submit_once(SCRUB)

    def _tidy(self) -> None:
        """Delete what a process that was killed left, and old exports; not while another one is at work."""
        try:
            with self.home.writing():
                self.home.discard_orphans(adapter.id for adapter in self.journal.adapters())
                self.home.discard_exports(older_than_s=EXPORT_KEPT_S)
        except HomeBusy:
            pass

    def close(self) -> None:
        """Interrupt the running job, which is then done later, and close the files."""
        self.jobs.close()
        self._rooms.release_model()
        self._rooms.index.close()
        self._rooms.journal.close()

    @property
    def home(self) -> Home:
        """Where everything is kept."""
        return self._rooms.home

    @property
    def journal(self) -> Journal:
        """The journal, for reading."""
        return self._rooms.journal

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._rooms.settings

    def change_settings(self, section: str, **values: object) -> Settings:
        """Change settings of one section, keep them, and return all. Raises SettingsInvalid and changes nothing."""
        return self._keep_settings(self.settings.changed(section, **values))

    def change_settings_in(self, profile: str, section: str, **values: object) -> Settings:
        """Change settings of one section for one profile alone. Raises SettingsInvalid and changes nothing."""
        return self._keep_settings(self.settings.changed_in(profile, section, **values))

    def _keep_settings(self, settings: Settings) -> Settings:
        self._rooms.settings_file.keep(settings)
        self.jobs.wake()
        return settings

    # What was said

    def record(
        self,
        conversation: Conversation,
        rows: Sequence[Row],
        *,
        change: Change = Change.RECORDED,
        parts: Parts | None = None,
    ) -> Synced:
        """Bring the journal up to what the conversation shows, and start learning when it is due.

        ``parts`` are those of the context that the newest reply was generated with, where one was. In a conversation
        whose recording is off, all is passed over.
        """
        if not self.journal.is_recorded(conversation, rows, now=self._rooms.clock()):
            self.pass_over(conversation, rows)
            return Synced(profile=conversation.profile)
        synced = record.record(self._rooms, conversation, rows, change=change, parts=parts)
        self._learn_if_due(synced.profile)
        if synced.revised or synced.removed or self._rooms.index.turns_without_vectors(limit=1):
            self.jobs.submit_once(handlers.INDEX)
        return synced

    def pass_over(self, conversation: Conversation, rows: Sequence[Row]) -> None:
        """See to it that what is said while nothing is recorded is not recorded later, when the chat goes on."""
        self._rooms.journal.pass_over(conversation, rows, now=self._rooms.clock())

    # Answering

    def contextualise(
        self, question: str, *, profile: str = DEFAULT_PROFILE, visible: Sequence[str] = ()
    ) -> answer.Context:
        """Choose the memories and adapters for a question."""
        return answer.contextualise(self._rooms, question, profile=profile, visible=visible)

    def search(
        self, question: str, *, profile: str = DEFAULT_PROFILE, limit: int = 10, by_meaning_alone: bool = False
    ) -> list[Hit]:
        """Return the past turns that fit a question, best first; ``by_meaning_alone`` leaves words and dates out."""
        if by_meaning_alone:
            return self._rooms.index.nearest(question, profile=profile, limit=limit)
        return self._rooms.index.search(question, profile=profile, limit=limit, now=self.now())

    def activate(self, route: Route) -> None:
        """Make a route's adapters active; the caller holds the model."""
        self._rooms.workbench().activate(answer.attachable(self._rooms, route.weights))

    def let_go_of_model(self) -> None:
        """Take every adapter off a model that the host has unloaded or changed, and keep no reference to it.

        What is running is put back in the queue and goes on with the next model.
        """
        self.jobs.interrupt("The model was unloaded before this was done. It goes on when one is loaded.")
        self._rooms.let_go_of_model()

    def reply(self, messages: Sequence[ChatMessage], context: answer.Context, *, max_new_tokens: int = 128) -> str:
        """Generate a reply with the memories and adapters of ``context``."""
        return self.replies([(messages, context)], max_new_tokens=max_new_tokens)[0]

    def replies(
        self, asked: Sequence[tuple[Sequence[ChatMessage], answer.Context]], *, max_new_tokens: int = 128
    ) -> list[str]:
        """Generate the reply to each of several chats."""
        return answer.replies(self._rooms, asked, max_new_tokens=max_new_tokens)

    def stream(
        self, messages: Sequence[ChatMessage], context: answer.Context, *, max_new_tokens: int = 128
    ) -> Generator[str]:
        """Yield a reply in pieces, with the memories and adapters of ``context``; ``close()`` ends it early."""
        return answer.stream(self._rooms, messages, context, max_new_tokens=max_new_tokens)

    def try_out(self, question: str, choices: Sequence[Sequence[Adapter]]) -> Trial:
        """Put a question to several choices of adapters, beside everything else. Raises ModelError, BaseMismatch."""
        return Trial(self._rooms, question, choices)

    # Learning

    def learn(
        self,
        *,
        profile: str = DEFAULT_PROFILE,
        taught_elsewhere: bool = False,
        on_progress: ProgressCallback = ignore_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> learn.Learned:
        """Learn all unread turns now, on this thread; with ``taught_elsewhere``, also what another base has read."""
        payload = {"taught_elsewhere": taught_elsewhere}
        with self.jobs.here(
            handlers.LEARN, payload, profile=profile, on_progress=on_progress, cancelled=cancelled
        ) as work:
            run = Run(self._rooms, profile, work.task.on_progress, work.task.cancelled, by_hand=True)
            learned = learn.learn(run, taught_elsewhere=taught_elsewhere)
            work.message = learned.sentence
        return learned

    def start_learning(self, *, profile: str = DEFAULT_PROFILE) -> None:
        """Learn all unread turns in the background, unless that is under way."""
        self.jobs.submit_once(handlers.LEARN, profile=profile)

    def _learn_by_itself(self, profile: str) -> None:
        self.jobs.submit_once(handlers.LEARN, schedule.AUTOMATIC, profile=profile)

    def _recheck_by_itself(self, profile: str, mark: str) -> None:
        self.jobs.submit_once(recheck.RECHECK, {"stack": mark}, profile=profile)

    def _learn_if_due(self, profile: str) -> None:
        if self.settings.of(profile).learning.automatic and status.read_due(self._rooms, profile=profile).now:
            self._learn_by_itself(profile)
        self.jobs.wake()

    def workbench(self) -> Workbench:
        """Return the loaded model with its stack and trainer. Raises NoModel, CannotTrain."""
        return self._rooms.workbench()

    def plan_learning(
        self, *, profile: str = DEFAULT_PROFILE, on_progress: ProgressCallback = ignore_progress
    ) -> LearningPlan:
        """Say what learning would do now, and how long it would take. Raises NoModel, CannotTrain."""
        speed = self.speed or measure_speed(self._rooms, on_progress=on_progress, cancelled=never_cancelled)
        return plan_learning(self._rooms, profile=profile, speed=speed)

    @property
    def speed(self) -> Speed | None:
        """How fast the loaded model was found to be; None as long as it was not measured."""
        return self._speedometer.speed

    def start_measuring(self, *, anew: bool) -> None:
        """Measure in the background how fast the loaded model is; unless ``anew``, only what can be and was not yet."""
        if anew or self._speedometer.is_wanting:
            self.jobs.submit_once(MEASURE)

    def adapters(self, profile: str | None = None) -> list[Adapter]:
        """Return the adapters of a profile, or all."""
        return self._rooms.journal.adapters(profile)

    # Looking

    def status(self, *, profile: str = DEFAULT_PROFILE) -> status.Status:
        """Return a profile at a glance."""
        return status.read_status(self._rooms, profile=profile, job=self.jobs.current, last_job=self.jobs.last)

    def now(self) -> datetime:
        """Return the time where the user is."""
        return self._rooms.local(self._rooms.clock())

    def mark(self) -> object:
        """Return a value that changes whenever what ``status`` and ``history`` read may have: it costs no reading."""
        return self.journal.revision(), self.settings, status.read_model(self._rooms)

    def history(self, *, profile: str = DEFAULT_PROFILE) -> history.History:
        """Return how a profile's memory grew, and what its adapters descend from."""
        return history.read_history(self._rooms, profile=profile)

    def turns(self, *, conversation_id: str | None = None, profile: str | None = None) -> list[Turn]:
        """Return recorded turns."""
        return self._rooms.journal.turns(conversation_id=conversation_id, profile=profile)

    def verdicts(self, *, profile: str | None = None, adapter_id: str | None = None) -> list[KeptVerdict]:
        """Return the gate's verdicts, oldest first; those with an empty adapter id are on the whole stack."""
        return self._rooms.journal.verdicts(profile=profile, adapter_id=adapter_id)

    def verify(self) -> list[Fault]:
        """Name every fault in the home folder."""
        return verify.verify(self._rooms)
