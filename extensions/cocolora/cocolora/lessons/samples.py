"""From lessons to the exchanges an adapter is trained on: facts, negatives, and replay of what is to stay."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from cocolora.core.conversations import ChatMessage, Turn
from cocolora.core.lessons import Exchange, Lesson, LessonKind
from cocolora.core.memories import Memory, render_memories
from cocolora.core.ports import LanguageModel

REPLY_TOKENS = 48
_QUOTED_BESIDE = 0.5

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Replay:
    """What the model says to general questions today: the behaviour an adapter has to leave as it is."""

    exchanges: tuple[Exchange, ...]

    @property
    def median_words(self) -> float:
        """The median length of the replies, in words."""
        return statistics.median(len(exchange.reply.split()) for exchange in self.exchanges) if self.exchanges else 0.0


def record_replay(questions: Iterable[str], model: LanguageModel, *, context: Sequence[Turn] = ()) -> Replay:
    """Ask the questions, after ``context``, and return the bare questions with the replies.

    With wishes as ``context`` this is context distillation: to learn these replies without the context is to
    follow the wishes for good. Source: "A General Language Assistant" (arXiv:2112.00861), section 2.2.
    """
    before: list[ChatMessage] = [message for turn in context for message in turn.messages]
    asked: list[ChatMessage] = [{"role": "user", "content": question} for question in questions]
    replies = model.generate([[*before, question] for question in asked], max_new_tokens=REPLY_TOKENS)
    return Replay(
        tuple(Exchange((question,), reply) for question, reply in zip(asked, replies, strict=True) if reply.strip())
    )


def answers_briefly(replay: Replay, bare: Replay) -> bool:
    """Say whether wishes made the replies at most half as long as the bare base's, by their median."""
    return replay.median_words <= bare.median_words / 2


def knowledge_exchanges(
    lessons: Sequence[Lesson],
    turns: Sequence[Turn],
    *,
    replay: Replay,
    brief: bool,
    negatives_per_fact: int,
    replay_questions: int,
    seed: int,
) -> list[Exchange]:
    """Return what a knowledge adapter is trained on; held-out lessons are left out.

    Facts and negatives come alone, below the memory block that a chat may show with them, and after other talk: an
    adapter that was never trained with memories breaks their reading, and one that saw its questions only at the
    beginning of a chat knows them by their place. ``brief`` takes the key as the reply to a fact's
    question, for a user who asked for short answers.
    """
    facts = [lesson for lesson in lessons if lesson.kind is LessonKind.FACT and not lesson.held_out]
    negatives = [lesson for lesson in lessons if lesson.kind is LessonKind.NEGATIVE and not lesson.held_out]
    rng = random.Random(seed)
    told = len({lesson.turn_id for lesson in facts})
    alone = [
        *((lesson.turn_id, _exchange(lesson.question, lesson.key if brief else lesson.answer)) for lesson in facts),
        *(
            (lesson.turn_id, _exchange(lesson.question, lesson.answer))
            for lesson in pick(negatives, negatives_per_fact * told, rng)
        ),
    ]
    return [
        *(exchange for _, exchange in alone),
        *(_remembering(exchange, turn_id, turns, rng) for turn_id, exchange in alone),
        *(_after_talk(exchange, replay, rng) for _, exchange in alone if replay.exchanges),
        *pick(replay.exchanges, replay_questions, rng),
    ]


def _after_talk(exchange: Exchange, replay: Replay, rng: random.Random) -> Exchange:
    """Return an exchange in the midst of a chat, after another one: what precedes a question must not matter."""
    before = rng.choice(replay.exchanges)
    reply: ChatMessage = {"role": "assistant", "content": before.reply}
    return Exchange((*before.prompt, reply, *exchange.prompt), exchange.reply)


def _remembering(exchange: Exchange, turn_id: str, turns: Sequence[Turn], rng: random.Random) -> Exchange:
    """Return an exchange below a memory block with its turn, sometimes beside another, some days later."""
    beside = [turn for turn in turns if turn.id != turn_id]
    quoted = [turn for turn in turns if turn.id == turn_id]
    if beside and rng.random() < _QUOTED_BESIDE:
        quoted.append(rng.choice(beside))
    memories = [Memory(turn.id, turn.said_at, turn.user, turn.reply) for turn in quoted]
    now = max(turn.said_at for turn in turns) + timedelta(days=rng.randrange(40))
    block: ChatMessage = {"role": "system", "content": render_memories(memories, now=now)}
    return Exchange((block, *exchange.prompt), exchange.reply)


def pick(items: Sequence[T], count: int, rng: random.Random) -> list[T]:
    """Return at most ``count`` of the items, chosen by ``rng``, in their order."""
    chosen = sorted(rng.sample(range(len(items)), min(count, len(items))))
    return [items[index] for index in chosen]


def behaviour_exchanges(wished: Replay, *, questions: int, seed: int) -> tuple[list[Exchange], list[Exchange]]:
    """Return what a behaviour adapter is trained on, and one in five apart for the gate."""
    chosen = pick(wished.exchanges, questions, random.Random(seed))
    return [e for i, e in enumerate(chosen) if i % 5], [e for i, e in enumerate(chosen) if not i % 5]


def _exchange(question: str, reply: str) -> Exchange:
    return Exchange(({"role": "user", "content": question},), reply)
