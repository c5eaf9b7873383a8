"""``cocolora demo``: the vision's conversation on the real pipeline, told, learned, asked, forgotten and exported."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress as Bar

from cocolora.core.conversations import DEFAULT_PROFILE, ChatMessage, Conversation
from cocolora.core.events import Progress
from cocolora.core.reconcile import Row
from cocolora.demo import script
from cocolora.demo.exam import ARRANGEMENTS, Sheet, answer_sheet, mark_sheet, unknown_probes
from cocolora.demo.telling import print_result
from cocolora.demo.world import small_talk
from cocolora.engine import Engine
from cocolora.engine.answer import Context
from cocolora.engine.open_model import DEMO_BASE, model_in


def run_story(out: Path, *, as_json: bool, today: date | None = None) -> int:
    """Tell the story into the folder ``out`` and print what came of it; exit code 1 when cocolora did not learn.

    It ends ``today``; another day's dates in the memories make other adapters.
    """
    started = time.perf_counter()
    home, other_home = out / "home", out / "home-of-a-friend"
    for folder in (home, other_home):
        shutil.rmtree(folder, ignore_errors=True)
    console = Console(quiet=as_json)
    with Bar(console=Console(stderr=True), transient=True, disable=as_json) as bar:
        story = Story(home, bar, today or datetime.now(UTC).date())
        try:
            result = story.tell(out, other_home)
        finally:
            story.engine.close()
    result["seconds"] = round(time.perf_counter() - started, 1)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        print_result(console, result, story.sheets, out)
    cocolora = result["cocolora"]
    return 0 if cocolora["facts_recalled"] == cocolora["facts_total"] else 1


class StoryClock:
    """The story's own calendar: it begins on a morning eight days ago."""

    def __init__(self, today: date) -> None:
        self.now = datetime(today.year, today.month, today.day, 9, tzinfo=UTC) - timedelta(days=8)

    def __call__(self) -> datetime:
        """Return the story's time."""
        return self.now


class Story:
    """One telling of the story in one home folder."""

    def __init__(self, home: Path, bar: Bar, today: date) -> None:
        self.clock = StoryClock(today)
        self.engine = Engine(home, model_in(DEMO_BASE), clock=self.clock)
        self.bar = bar
        self.said: list[dict[str, str]] = []
        self.sheets: dict[str, Sheet] = {}
        self.tokens_between = 0

    def tell(self, out: Path, other_home: Path) -> dict[str, Any]:
        """Tell it all; returns the figures."""
        self.converse("friday", script.FRIDAY)
        self.converse("saturday", script.SATURDAY)
        self.converse("sunday", script.SUNDAY)
        self.talk_on()
        self._step("learning the rest")
        self.engine.learn(on_progress=self._show)
        for name, arrange in ARRANGEMENTS.items():
            self._step(f"asking: {name}")
            self.sheets[name] = answer_sheet(self.engine, arrange)
        figures = {name: mark_sheet(self.sheets[name]) for name in ("base", "text_memory", "cocolora")}
        after_forget = self._forget()
        after_import = self._hand_over(out, other_home)
        (out / "transcript.json").write_text(json.dumps(self.said, ensure_ascii=False, indent=1), encoding="utf-8")
        return {
            "tokens_between": self.tokens_between,
            **figures,
            "after_forget": after_forget,
            "after_import": after_import,
            "verify_faults": len(self.engine.verify()),
        }

    def converse(self, name: str, messages: Sequence[str]) -> int:
        """Hold one conversation through the recorder, learning when it is due; return its tokens."""
        self._step(f"chatting: {name}")
        conversation = Conversation(f"story-{name}", DEFAULT_PROFILE, name.capitalize(), "demo", self.clock())
        rows: list[Row] = []
        for message in messages:
            context, reply = self._reply(rows, message)
            self.clock.now += timedelta(minutes=1)
            rows.append(Row(message, reply, self.clock()))
            self.said.append({"conversation": name, "user": message, "reply": reply})
            self.engine.record(conversation, rows, parts=context.parts)
        self._wait_for_learning()
        self.clock.now += timedelta(days=1)
        tokenizer = self.engine.workbench().model.tokenizer
        return sum(len(tokenizer(f"{row.user} {row.reply}")["input_ids"]) for row in rows)

    def talk_on(self) -> None:
        """Talk about other things until enough tokens lie between."""
        rng = random.Random(7)
        day = 0
        while self.tokens_between < script.BETWEEN_TOKENS:
            day += 1
            chatter = [user for user, _ in small_talk(rng, 20)]
            self.tokens_between += self.converse(f"other-{day}", chatter)

    def _reply(self, rows: Sequence[Row], message: str) -> tuple[Context, str]:
        recent = rows[-6:]
        before: list[ChatMessage] = []
        for row in recent:
            before += [{"role": "user", "content": row.user}, {"role": "assistant", "content": row.reply}]
        visible = [row.user for row in recent]
        context = self.engine.contextualise(message, visible=visible)
        messages: list[ChatMessage] = [*before, {"role": "user", "content": message}]
        return context, self.engine.reply(messages, context, max_new_tokens=48)

    def _wait_for_learning(self) -> None:
        while not self.engine.jobs.wait(timeout_s=0.2):
            job = self.engine.jobs.current
            if job is not None and job.progress is not None:
                self._show(job.progress)

    def _forget(self) -> dict[str, Any]:
        self._step("forgetting Sunday's conversation")
        before = answer_sheet(self.engine, ARRANGEMENTS["cocolora"])
        self.engine.forgetting.forget(self.engine.forgetting.plan(conversation="story-sunday"), on_progress=self._show)
        after = self.sheets["after_forget"] = answer_sheet(self.engine, ARRANGEMENTS["cocolora"])
        return {
            "forgotten_recalled": after.recalled(script.FORGOTTEN),
            "others_changed": after.changed_from(before, leaving_out=script.FORGOTTEN),
        }

    def _hand_over(self, out: Path, other_home: Path) -> dict[str, Any]:
        self._step("exporting, and importing into an empty home")
        bundle = out / "stack.zip"
        bundle.unlink(missing_ok=True)
        self.engine.sharing.export(bundle, with_questions=True)
        here = answer_sheet(self.engine, ARRANGEMENTS["adapters_only"])
        friend = Engine(other_home, model_in(DEMO_BASE), clock=self.clock)
        try:
            for adapter in friend.sharing.take_in(bundle).adapters:
                friend.catalogue.set_activation(adapter.id, adapter.kind.usual_activation)
            there = self.sheets["after_import"] = answer_sheet(friend, ARRANGEMENTS["adapters_only"])
        finally:
            friend.close()
        # What nobody told may be routed otherwise: that hangs on what else a home holds.
        never_told = (*script.FORGOTTEN, *unknown_probes())
        equal = there.changed_from(here, leaving_out=never_told) == 0
        return {"answers_equal": equal, "adapters": len(self.engine.adapters())}

    def _step(self, doing: str) -> None:
        for task in self.bar.task_ids:
            self.bar.remove_task(task)
        self.bar.add_task(doing, total=None)

    def _show(self, progress: Progress) -> None:
        self.bar.update(
            self.bar.task_ids[-1], description=progress.doing, completed=progress.done, total=progress.total
        )
