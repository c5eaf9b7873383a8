"""The engine: one thin front for the hosts, the tab and the command line; each use case lives in its own file."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cocolora.core.adapters import Activation, Adapter
from cocolora.core.conversations import DEFAULT_PROFILE, Change, ChatMessage, Conversation, Turn
from cocolora.core.events import CancelCheck, ProgressCallback, ignore_progress, never_cancelled
from cocolora.core.ports import LanguageModel
from cocolora.core.reconcile import Row
from cocolora.core.records import Fault, KeptVerdict, Synced
from cocolora.core.rollup import RollupMethod, RollupPlan
from cocolora.core.routing import Hit, Route
from cocolora.core.told import Told
from cocolora.engine import (
    answer,
    catalogue,
    forget,
    handlers,
    history,
    import_chats,
    learn,
    profiles,
    record,
    roll_up,
    schedule,
    share,
    status,
    verify,
)
from cocolora.engine.asides import Asides
from cocolora.engine.correct import edit_turn
from cocolora.engine.desk import SharingDesk
from cocolora.engine.embedding import find_embedder
from cocolora.engine.estimate import MEASURE, Speed, measure_speed
from cocolora.engine.forget import ForgetPlan
from cocolora.engine.home import Home
from cocolora.engine.jobs import JobRunner
from cocolora.engine.profiles import Profile
from cocolora.engine.rooms import Rooms, utc_now
from cocolora.engine.run import Run
from cocolora.engine.task import Task
from cocolora.engine.told import find_conversations, read_conversation
from cocolora.engine.trial import Trial
from cocolora.engine.workbench import Workbench
from cocolora.errors import HomeBusy
from cocolora.journal import Journal
from cocolora.retrieval import SearchIndex
from cocolora.settings import Settings, load_settings, save_settings


class Engine:
    """Everything cocolora does, over one home folder and whatever model the host has loaded.

    ``find_model`` is asked before every use, so that a host may load another model at any time. Methods that
    change adapters raise HomeBusy while another process does. ``embedder_trouble`` says in a sentence why search
    goes by words alone, and is empty when it does not.

    A ``resident`` engine stays, as that of a host does: it takes up the jobs that other processes left, and learns
    by itself when time makes it due. Another one, opened for one command, does only what it is asked. ``asides``
    answers what a chat asks of cocolora itself.
    """

    def __init__(
        self,
        folder: Path,
        find_model: Callable[[], LanguageModel | None],
        *,
        clock: Callable[[], datetime] = utc_now,
        resident: bool = False,
    ) -> None:
        home = Home(folder)
        home.create()
        settings = load_settings(home.settings_file)
        journal = Journal.open(home.journal_file)
        embedder, self.embedder_trouble = find_embedder(settings.retrieval)
        index = SearchIndex.open(home.index_folder, embedder=embedder, time_zone=settings.retrieval.time_zone)
        self._rooms = Rooms(home, settings, journal, index, find_model, clock)
        self.jobs = JobRunner(
            journal.queue,
            {**handlers.handlers_of(self._rooms), MEASURE: self._measure},
            clock=clock,
            settings=lambda: self.settings.jobs,
            resident=resident,
            plan=lambda: schedule.start_what_is_due(self._rooms, self._learn_by_itself),
        )
        self._speed: Speed | None = None
        self.asides = Asides(self)
        self._tidy()
        record.refresh_index(self._rooms)
        self.jobs.start()

    def _tidy(self) -> None:
        """Delete what a process that was killed left; not while another one is at work."""
        try:
            with self.home.writing():
                self.home.discard_orphans(adapter.id for adapter in self.journal.adapters())
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
        save_settings(settings, self.home.settings_file)
        self._rooms.settings = settings
        self.jobs.wake()
        return settings

    # What was said

    def record(
        self,
        conversation: Conversation,
        rows: Sequence[Row],
        *,
        change: Change = Change.RECORDED,
        drawn_on: Sequence[str] = (),
    ) -> Synced:
        """Bring the journal up to what the conversation shows, and start learning when it is due.

        ``drawn_on`` is the ``sources`` of the context that the newest reply was generated with.
        """
        synced = record.record(self._rooms, conversation, rows, change=change, drawn_on=drawn_on)
        self._learn_if_due(conversation.profile)
        if synced.revised or synced.removed or self._rooms.index.turns_without_vectors(limit=1):
            self.jobs.submit_once(handlers.INDEX)
        return synced

    def import_chats(
        self,
        paths: Sequence[Path],
        *,
        profile: str = DEFAULT_PROFILE,
        on_progress: ProgressCallback = ignore_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> import_chats.Imported:
        """Record the chats in files. Raises ChatFileInvalid."""
        payload = {"paths": [str(path.absolute()) for path in paths]}
        with self.jobs.here(
            handlers.IMPORT, payload, profile=profile, on_progress=on_progress, cancelled=cancelled
        ) as work:
            task = work.task
            imported = import_chats.import_chats(
                self._rooms, paths, profile=profile, on_progress=task.on_progress, cancelled=task.cancelled
            )
            work.message = imported.sentence
        return imported

    def start_import(self, paths: Sequence[Path], *, profile: str = DEFAULT_PROFILE) -> None:
        """Record the chats in files, in the background."""
        payload = {"paths": [str(path.absolute()) for path in paths]}
        self.jobs.submit(handlers.IMPORT, payload, profile=profile)

    def edit_turn(self, turn_id: str, *, conversation_id: str, user: str, reply: str) -> Synced:
        """Give a turn another text. Raises UnknownId, HostsChat, SettingsInvalid."""
        return edit_turn(self._rooms, turn_id, conversation_id=conversation_id, user=user, reply=reply)

    def set_learnable(self, conversation_id: str, learnable: bool) -> None:
        """Switch learning from a conversation on or off; it is recorded either way. Raises UnknownId."""
        self._rooms.journal.set_learnable(conversation_id, learnable)

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
        """Keep no reference to a model that the host has unloaded, so that its memory is free."""
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
            run = Run(self._rooms, profile, work.task.on_progress, work.task.cancelled)
            learned = learn.learn(run, taught_elsewhere=taught_elsewhere)
            work.message = learned.sentence
        return learned

    def start_learning(self, *, profile: str = DEFAULT_PROFILE) -> None:
        """Learn all unread turns in the background, unless that is under way."""
        self.jobs.submit_once(handlers.LEARN, profile=profile)

    def _learn_by_itself(self, profile: str) -> None:
        self.jobs.submit_once(handlers.LEARN, schedule.AUTOMATIC, profile=profile)

    def _learn_if_due(self, profile: str) -> None:
        if self.settings.of(profile).learning.automatic and status.read_due(self._rooms, profile=profile).now:
            self._learn_by_itself(profile)
        self.jobs.wake()

    # Rolling up

    def plan_rollups(
        self,
        *,
        profile: str = DEFAULT_PROFILE,
        adapter_ids: Sequence[str] = (),
        method: RollupMethod = RollupMethod.RETRAIN,
    ) -> tuple[RollupPlan, ...]:
        """Return the rollups that are due, or that of chosen adapters. Raises UnknownId, CannotRollUp."""
        if adapter_ids:
            return (roll_up.plan_chosen(self._rooms, profile, adapter_ids, method),)
        return tuple(replace(plan, method=method) for plan in roll_up.plan_due(self._rooms, profile))

    def roll_up(
        self,
        plan: RollupPlan,
        *,
        profile: str = DEFAULT_PROFILE,
        on_progress: ProgressCallback = ignore_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> Adapter:
        """Carry out a rollup; its sources stay restorable. Raises NoModel, CannotTrain, HomeBusy, Cancelled."""
        with self.home.writing():
            return roll_up.roll_up(Run(self._rooms, profile, on_progress, cancelled), plan)

    def undo_rollup(self, adapter_id: str) -> tuple[Adapter, ...]:
        """Let the sources of a rollup answer again in its place. Raises UnknownId, CannotRollUp, HomeBusy."""
        with self.home.writing():
            return roll_up.undo(self._rooms, adapter_id)

    def discard_rolled_up(self, *, older_than_days: float = 0.0) -> tuple[Adapter, ...]:
        """Delete, for good, what was rolled up so long ago. Raises HomeBusy."""
        with self.home.writing():
            return roll_up.discard_sources(self._rooms, older_than_days=older_than_days)

    def workbench(self) -> Workbench:
        """Return the loaded model with its stack and trainer. Raises NoModel, CannotTrain."""
        return self._rooms.workbench()

    @property
    def speed(self) -> Speed | None:
        """How fast the loaded model was found to be; None as long as it was not measured."""
        model, _, _ = status.read_model(self._rooms)
        return self._speed if self._speed is not None and self._speed.model == model else None

    def start_measuring(self) -> None:
        """Measure in the background how fast the loaded model is."""
        self.jobs.submit_once(MEASURE)

    def _measure(self, task: Task) -> str:
        self._speed = measure_speed(self._rooms, on_progress=task.on_progress, cancelled=task.cancelled)
        return f"Measured how fast {self._speed.model} is."

    # The catalogue

    def adapters(self, profile: str | None = None) -> list[Adapter]:
        """Return the adapters of a profile, or all."""
        return self._rooms.journal.adapters(profile)

    def set_activation(self, adapter_id: str, activation: Activation) -> Adapter:
        """Switch an adapter on or off. Raises UnknownId, AdapterRejected, BaseMismatch."""
        return catalogue.set_activation(self._rooms, adapter_id, activation)

    def change_adapter(self, adapter_id: str, *, name: str | None = None, weight: float | None = None) -> Adapter:
        """Rename or weigh an adapter. Raises UnknownId."""
        return self._rooms.journal.change_adapter(adapter_id, name=name, weight=weight)

    def delete_adapter(self, adapter_id: str) -> None:
        """Delete an adapter; its turns are unread again. Raises UnknownId, HomeBusy."""
        with self.home.writing():
            catalogue.delete_adapter(self._rooms, adapter_id)

    # Forgetting

    def plan_forget(
        self, *, conversation: str | None = None, turn_ids: Sequence[str] = (), match: str | None = None
    ) -> ForgetPlan:
        """Say what forgetting would do. Raises UnknownId."""
        return forget.plan_forget(self._rooms, conversation=conversation, turn_ids=turn_ids, match=match)

    def forget(
        self,
        plan: ForgetPlan,
        *,
        on_progress: ProgressCallback = ignore_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> str:
        """Forget, then teach again what shared an adapter with it; return what happened, in words."""
        profile = handlers.profile_of(plan)
        with self.jobs.here(
            handlers.FORGET, handlers.forgetting(plan), profile=profile, on_progress=on_progress, cancelled=cancelled
        ) as work:
            work.message = handlers.forget_turns(self._rooms, work.task)
        return work.message

    def start_forgetting(self, plan: ForgetPlan) -> None:
        """Forget in the background."""
        self.jobs.submit(handlers.FORGET, handlers.forgetting(plan), profile=handlers.profile_of(plan))

    # Profiles

    def profiles(self) -> list[Profile]:
        """Return the profiles and what each holds."""
        return profiles.list_profiles(self._rooms)

    def latest_profile(self) -> str:
        """Return the profile of what was said last."""
        return self.journal.latest_profile() or DEFAULT_PROFILE

    def profile_called(self, name: str) -> str:
        """Return a profile's name as it is written, whatever its case, or a new one. Raises SettingsInvalid."""
        return profiles.profile_called(self._rooms, name)

    def move_conversation(self, conversation_id: str, *, profile: str) -> Sequence[str]:
        """Move a conversation; return its turns in the new profile. Raises UnknownId, SettingsInvalid, HomeBusy."""
        return profiles.move_conversation(self._rooms, conversation_id, profile=profile)

    def delete_profile(self, name: str) -> Profile:
        """Delete a profile with everything it holds; return what that was. Raises UnknownId, HomeBusy."""
        return profiles.delete_profile(self._rooms, name)

    # Sharing

    @property
    def sharing(self) -> SharingDesk:
        """Everything about sharing; the two most used are below."""
        return SharingDesk(self._rooms)

    def export(self, target: Path, *, profile: str = DEFAULT_PROFILE, with_questions: bool = False) -> share.Exported:
        """Write the profile's adapters as a bundle. Raises AdapterDamaged."""
        return self.sharing.export(target, profile=profile, with_questions=with_questions)

    def import_stack(self, source: Path, *, profile: str = DEFAULT_PROFILE) -> tuple[Adapter, ...]:
        """Take in a bundle, checked, switched off; return what was new. Raises BundleRefused."""
        return self.sharing.take_in(source, profile=profile).adapters

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

    def read_conversation(self, conversation_id: str) -> tuple[Told, ...]:
        """Return a conversation's turns with what became of each."""
        return read_conversation(self._rooms, conversation_id)

    def find_conversations(self, text: str, *, profile: str = DEFAULT_PROFILE) -> frozenset[str]:
        """Return the ids of the conversations that hold a text."""
        return find_conversations(self._rooms, text, profile=profile)

    def turns(self, *, conversation_id: str | None = None, profile: str | None = None) -> list[Turn]:
        """Return recorded turns."""
        return self._rooms.journal.turns(conversation_id=conversation_id, profile=profile)

    def verdicts(self, *, profile: str | None = None, adapter_id: str | None = None) -> list[KeptVerdict]:
        """Return the gate's verdicts, oldest first; those with an empty adapter id are on the whole stack."""
        return self._rooms.journal.verdicts(profile=profile, adapter_id=adapter_id)

    def verify(self) -> list[Fault]:
        """Name every fault in the home folder."""
        return verify.verify(self._rooms)
