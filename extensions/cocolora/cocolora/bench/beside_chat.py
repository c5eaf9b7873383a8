"""What learning and a chat cost each other: the delay of each reply, and how much longer the learning takes."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from cocolora.bench.life import Life, write_script
from cocolora.bench.stretches import Stretch
from cocolora.core.conversations import ChatMessage
from cocolora.core.events import Progress, ProgressCallback, ignore_progress, never_cancelled
from cocolora.engine.workbench import Workbench

_FACTS = 4
_REPLY_TOKENS = 24
_PAUSE_S = 0.5
_QUESTIONS = 20
_REPLIES = 2 * _QUESTIONS


def measure_beside_chat(
    bench: Workbench, stretch: Stretch, *, folder: Path, on_progress: ProgressCallback
) -> dict[str, Any]:
    """Chat without a training, train without a chat, then both at once; milliseconds of replies, and ratios.

    Then the same with all of learning: the reading of a day's turns, the training, and the gate. A reply comes half a
    second after the one before, as long as the work lasts.
    """
    _train(bench, replace(stretch, recipe=replace(stretch.recipe, steps=2)), folder / "warm")
    parts = ("chat alone", "training alone", "training and chat", "learning alone", "learning and chat")
    on_progress(Progress(parts[0], 0, len(parts)))
    alone = _Chat(bench)
    alone.say(_REPLIES)
    on_progress(Progress(parts[1], 1, len(parts)))
    training_s = _train(bench, stretch, folder / "alone")
    on_progress(Progress(parts[2], 2, len(parts)))
    beside = _Chat(bench)
    with beside.going_on():
        training_beside_s = _train(bench, stretch, folder / "both")
    on_progress(Progress(parts[3], 3, len(parts)))
    learning_s, _ = _learn(bench, folder / "learns-alone", chats=False)
    on_progress(Progress(parts[4], 4, len(parts)))
    learning_beside_s, beside_learning = _learn(bench, folder / "learns", chats=True)
    on_progress(Progress(parts[4], 5, len(parts)))
    return {
        "reply_ms_alone": alone.latency_ms,
        "training": _compare(alone, beside, alone_s=training_s, beside_s=training_beside_s),
        "learning": _compare(alone, beside_learning, alone_s=learning_s, beside_s=learning_beside_s),
    }


def _compare(alone: _Chat, beside: _Chat, *, alone_s: float, beside_s: float) -> dict[str, Any]:
    known = dict(zip(alone.asked, alone.replies, strict=True))
    return {
        "reply_ms": beside.latency_ms,
        "added_ms": {name: beside.latency_ms[name] - alone.latency_ms[name] for name in alone.latency_ms},
        "replies": len(beside.replies),
        "same_replies": all(
            known.get(asked, reply) == reply for asked, reply in zip(beside.asked, beside.replies, strict=True)
        ),
        "seconds": {"alone": alone_s, "while_chatting": beside_s},
        "slowdown": beside_s / alone_s,
        "share_of_time_replying": sum(beside.times_ms) / 1000 / beside_s,
    }


def _learn(bench: Workbench, folder: Path, *, chats: bool) -> tuple[float, _Chat]:
    """Learn a day of a life on the bench's model, with or without a chat beside it; return the seconds and the chat."""
    script = write_script(0, facts=_FACTS, per_stretch=_FACTS)
    life = Life(folder, script, lambda: bench.model, fan_in=0)
    life.open()
    try:
        chat = _Chat(life.engine.workbench())
        before = time.perf_counter()
        with chat.going_on() if chats else nullcontext():
            life.live(script.days[0])
        return time.perf_counter() - before, chat
    finally:
        life.close()


class _Chat:
    """Somebody who asks, waits for the reply, and asks again after a pause."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._questions = [question for question, _ in bench.card.probes][:_QUESTIONS]
        self._over = threading.Event()
        self.asked: list[str] = []
        self.replies: list[str] = []
        self.times_ms: list[float] = []

    @property
    def latency_ms(self) -> dict[str, float]:
        """The median and the 95th percentile of a reply's time."""
        cuts = statistics.quantiles(self.times_ms, n=20)
        return {"p50": cuts[9], "p95": cuts[18]}

    def say(self, count: int) -> None:
        """Ask ``count`` questions."""
        for _ in range(count):
            self._ask()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Ask, on a thread of its own, until the block is left."""
        thread = threading.Thread(target=self._until_over, name="cocolora-bench-chat")
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _until_over(self) -> None:
        while not self._over.wait(_PAUSE_S):
            self._ask()

    def _ask(self) -> None:
        question = self._questions[len(self.asked) % len(self._questions)]
        chat: list[ChatMessage] = [{"role": "user", "content": question}]
        before = time.perf_counter()
        with self._bench.using([]) as model:
            (reply,) = model.generate([chat], max_new_tokens=_REPLY_TOKENS)
        self.times_ms.append(1000 * (time.perf_counter() - before))
        self.asked.append(question)
        self.replies.append(reply)


def _train(bench: Workbench, stretch: Stretch, folder: Path) -> float:
    before = time.perf_counter()
    bench.trainer.train(
        folder.name,
        stretch.samples,
        recipe=stretch.recipe,
        beneath=[],
        folder=folder,
        on_progress=ignore_progress,
        cancelled=never_cancelled,
    )
    return time.perf_counter() - before
