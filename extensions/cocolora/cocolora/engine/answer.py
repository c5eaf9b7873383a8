"""Answering: memories and adapters that match a prompt, chosen when it is built and applied when it is generated."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cocolora.core.adapters import Activation
from cocolora.core.conversations import ChatMessage
from cocolora.core.learning import estimate_tokens
from cocolora.core.memories import Memory, render_memories
from cocolora.core.parts import AdapterPart, Parts
from cocolora.core.routing import Hit, Route, choose_route
from cocolora.core.study import normalise
from cocolora.engine.rooms import Rooms
from cocolora.engine.workbench import Weights
from cocolora.errors import AdapterError, BaseMismatch, ModelError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Context:
    """What cocolora adds to one prompt: the memory block and the route, with the memories behind the block."""

    memory_block: str = ""
    route: Route = field(default_factory=Route)
    memories: tuple[Memory, ...] = ()

    @property
    def parts(self) -> Parts:
        """What takes part in the reply, by ids and scores alone."""
        hits = dict(self.route.reasons)
        chosen = [(adapter_id, hits.get(adapter_id)) for adapter_id in self.route.adapter_ids]
        adapters = [AdapterPart(x, hit.turn_id, hit.score) if hit else AdapterPart(x) for x, hit in chosen]
        return Parts(tuple(memory.turn_id for memory in self.memories), tuple(adapters))


def contextualise(rooms: Rooms, question: str, *, profile: str, visible: Sequence[str]) -> Context:
    """Choose memories and adapters for a question; ``visible`` are the texts that the prompt holds already."""
    now = rooms.local(rooms.clock())
    hits = _without_echoes(rooms, rooms.index.search(question, profile=profile, limit=10, now=now))
    later = _superseding(rooms, hits)
    route = _route(rooms, _up_to_date(hits, later), profile=profile)
    memories = _memories(rooms, hits, route, profile=profile, visible=visible)
    return Context(render_memories(memories, now=now), route, tuple(memories))


def routing_hits(rooms: Rooms, question: str, *, profile: str) -> list[Hit]:
    """Return the hits that choose the adapters for a question."""
    now = rooms.local(rooms.clock())
    hits = _without_echoes(rooms, rooms.index.search(question, profile=profile, limit=10, now=now))
    return _up_to_date(hits, _superseding(rooms, hits))


def _superseding(rooms: Rooms, hits: Sequence[Hit]) -> dict[str, tuple[str, ...]]:
    """Return, for each hit turn of which nothing holds any longer, the turns that say otherwise."""
    turn_ids = [hit.turn_id for hit in hits]
    superseded = rooms.journal.superseded(turn_ids) if turn_ids else {}
    if not superseded:
        return {}
    later: dict[str, tuple[str, ...]] = {}
    for lesson in rooms.journal.lessons(turn_ids):
        if lesson.key and lesson.id not in superseded:
            later[lesson.turn_id] = ()
        elif lesson.key:
            known = later.get(lesson.turn_id)
            later[lesson.turn_id] = () if known == () else (*(known or ()), *superseded[lesson.id])
    return {turn_id: tuple(dict.fromkeys(others)) for turn_id, others in later.items() if others}


def _up_to_date(hits: Sequence[Hit], later: Mapping[str, tuple[str, ...]]) -> list[Hit]:
    """Replace each hit of which nothing holds any longer by hits for what was said since."""
    best: dict[str, float] = {}
    for hit in hits:
        for turn_id in later.get(hit.turn_id, (hit.turn_id,)):
            best[turn_id] = max(hit.score, best.get(turn_id, 0.0))
    return [Hit(turn_id, score) for turn_id, score in sorted(best.items(), key=lambda item: -item[1])]


def _without_echoes(rooms: Rooms, hits: Sequence[Hit]) -> list[Hit]:
    """Replace each hit whose reply only repeats what earlier turns said by hits for those turns.

    "What is my dog called?" matches the same question asked before better than it matches the statement. The
    statement is what is remembered; the reply of then may have been wrong. A turn that taught something stays.
    """
    found = [hit.turn_id for hit in hits]
    sources = rooms.journal.sources(found)
    taught = {lesson.turn_id for lesson in rooms.journal.lessons(list(sources)) if lesson.key} if sources else set()
    best: dict[str, float] = {}
    for hit in hits:
        echoes = sources.get(hit.turn_id, ()) if hit.turn_id not in taught else ()
        for turn_id in echoes or (hit.turn_id,):
            best[turn_id] = max(hit.score, best.get(turn_id, 0.0))
    return [Hit(turn_id, score) for turn_id, score in sorted(best.items(), key=lambda item: -item[1])]


def _route(rooms: Rooms, hits: Sequence[Hit], *, profile: str) -> Route:
    try:
        adapters = rooms.adapters(profile)
    except ModelError:  # without a model that takes adapters, text memory still works
        return Route()
    return choose_route(hits, adapters, routing=rooms.settings.of(profile).routing)


def _memories(rooms: Rooms, hits: Sequence[Hit], route: Route, *, profile: str, visible: Sequence[str]) -> list[Memory]:
    retrieval = rooms.settings.of(profile).retrieval
    if not retrieval.quote:
        return []
    best = max((hit.score for hit in hits), default=0.0)
    needed = max(retrieval.threshold, retrieval.nearness * best)
    fitting = [hit.turn_id for hit in hits if hit.score >= needed]
    turns = {turn.id: turn for turn in rooms.journal.turns(profile=profile, ids=fitting)}
    learned = set() if retrieval.quote_learned else _learned_turns(rooms, route)
    seen = {normalise(text) for text in visible}
    memories: list[Memory] = []
    left_tokens = retrieval.budget_tokens
    for turn in (turns[turn_id] for turn_id in fitting if turn_id in turns and turn_id not in learned):
        tokens = estimate_tokens(turn.text)
        if len(memories) < retrieval.max_memories and tokens <= left_tokens and normalise(turn.user) not in seen:
            left_tokens -= tokens
            memories.append(Memory(turn.id, rooms.local(turn.said_at), turn.user, turn.reply))
    return _with_newest(rooms, memories)


def _with_newest(rooms: Rooms, memories: Sequence[Memory]) -> list[Memory]:
    """Mark each memory that says otherwise than an earlier one beside it, and that no later one contradicts."""
    ids = {memory.turn_id for memory in memories}
    older = {turn_id: {turn.id for turn in rooms.journal.superseded_by([turn_id])} & ids for turn_id in ids}
    outdated = {turn_id for earlier in older.values() for turn_id in earlier}
    return [replace(m, newest=bool(older[m.turn_id]) and m.turn_id not in outdated) for m in memories]


def _learned_turns(rooms: Rooms, route: Route) -> set[str]:
    return {turn_id for adapter_id in route.adapter_ids for turn_id in rooms.journal.adapter(adapter_id).turn_ids}


def replies(rooms: Rooms, asked: Sequence[tuple[Sequence[ChatMessage], Context]], *, max_new_tokens: int) -> list[str]:
    """Generate the reply to each chat with the memories and adapters of its context; one route at a time."""
    by_route: dict[tuple[tuple[str, float], ...], list[int]] = {}
    for number, (_, context) in enumerate(asked):
        by_route.setdefault(context.route.weights, []).append(number)
    answers = [""] * len(asked)
    bench = rooms.workbench()
    for weights, numbers in by_route.items():
        chats = [with_memories(*asked[number]) for number in numbers]
        with bench.using(attachable(rooms, weights)) as model:
            generated = model.generate(chats, max_new_tokens=max_new_tokens)
        for number, answer in zip(numbers, generated, strict=True):
            answers[number] = answer
    return answers


def stream(rooms: Rooms, messages: Sequence[ChatMessage], context: Context, *, max_new_tokens: int) -> Generator[str]:
    """Yield the reply to one chat in pieces, with the memories and adapters of its context."""
    bench = rooms.workbench()
    weights = attachable(rooms, context.route.weights)
    chat = with_memories(messages, context)
    return bench.model.stream(chat, max_new_tokens=max_new_tokens, within=bench.using(weights))


def attachable(rooms: Rooms, weights: Weights) -> Weights:
    """Return the adapters that can be attached; one whose files are gone or damaged is switched off and says why."""
    bench, found = rooms.workbench(), []
    for adapter_id, weight in weights:
        try:
            bench.attach(adapter_id)
        except (AdapterError, BaseMismatch) as error:
            logger.warning("%s", error)
            rooms.journal.change_adapter(adapter_id, activation=Activation.OFF, reason=str(error))
        else:
            found.append((adapter_id, weight))
    return found


def with_memories(messages: Sequence[ChatMessage], context: Context) -> list[ChatMessage]:
    """Return ``messages`` with the memory block in the system message; the originals are left as they are."""
    if not context.memory_block:
        return list(messages)
    if messages and messages[0]["role"] == "system":
        joined = f"{messages[0]['content']}\n\n{context.memory_block}"
        return [{"role": "system", "content": joined}, *messages[1:]]
    return [{"role": "system", "content": context.memory_block}, *messages]
