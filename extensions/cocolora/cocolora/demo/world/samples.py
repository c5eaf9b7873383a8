"""Samples of the world for tests, benchmarks and the story: held-out names and wordings, and the base's replay card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from cocolora.demo.world import talk
from cocolora.demo.world.chats import known_wordings
from cocolora.demo.world.facts import Fact, Topic, draw_value, is_topic_held_out, near_miss
from cocolora.demo.world.knowledge import KnownFact, kinds
from cocolora.demo.world.relations import OWNERS, POOLS, Relation, relations
from cocolora.demo.world.unknowns import draw_unknown


@dataclass(frozen=True, slots=True)
class PersonalFact:
    """A fact that a user tells, with a name the base has never seen.

    ``reply`` is one that the base knows. ``questions`` are all wordings in which it may be asked, ``probes`` some that
    training left out; ``near_misses`` stay unknown; ``correction`` is a later message after which ``corrected_key``
    holds.
    """

    relation: str
    statement: str
    reply: str
    key: str
    probes: tuple[str, ...]
    questions: tuple[str, ...]
    near_misses: tuple[str, ...]
    correction: str
    corrected_key: str


@cache
def known_facts() -> tuple[KnownFact, ...]:
    """Return every world fact that the base knows."""
    return tuple(
        KnownFact(wordings[0], wordings, kind.answer.format(x=subject, k=key), key)
        for kind in kinds()
        for subject, key in kind.table
        for wordings in (known_wordings(kind, subject),)
    )


def personal_facts(rng: Random, count: int) -> tuple[PersonalFact, ...]:
    """Return facts about different topics; none is of the same relation as another before all relations came.

    Raises ValueError where the world has fewer topics.
    """
    open_relations = [one for one in relations() if one.value not in POOLS and one.value != "number"]
    topics = [_topic(rng, relation) for relation in rng.sample(open_relations, len(open_relations))]
    while len(topics) < count:
        further = [
            _further_topic(rng, relation, topics) for relation in rng.sample(open_relations, len(open_relations))
        ]
        if not any(further):
            raise ValueError(f"the world has {len(topics)} topics for a life, and {count} are asked for")
        topics += filter(None, further)
    keys: set[str] = set()
    return tuple(_personal(rng, topic, keys) for topic in topics[:count])


def _topic(rng: Random, relation: Relation) -> Topic:
    owners = [owner for owner in OWNERS if owner != relation.noun and is_topic_held_out(Topic(relation, owner))]
    return Topic(relation, rng.choice(owners) if owners and rng.random() < 0.3 else "")


def _further_topic(rng: Random, relation: Relation, told: Sequence[Topic]) -> Topic | None:
    """Return the relation with another owner than those told of, whoever that is; None where all were told of."""
    others = (Topic(relation, owner) for owner in ("", *OWNERS) if owner != relation.noun)
    left = [topic for topic in others if topic not in told]
    return rng.choice(left) if left else None


def _personal(rng: Random, topic: Topic, keys: set[str]) -> PersonalFact:
    key, new_key = _fresh_value(rng, topic, keys), _fresh_value(rng, topic, keys)
    fact, corrected = Fact(topic, key), Fact(topic, new_key)
    statement = talk.wrapped(rng, fact.statement(rng, held_out=True), follow_ups=topic.relation.follow_ups)
    return PersonalFact(
        relation=topic.id.rstrip(":"),
        statement=statement,
        reply=talk.ACKNOWLEDGEMENT,
        key=key,
        probes=tuple(rng.sample(_probes(rng, topic), 8)),
        questions=topic.questions(),
        near_misses=_near_misses(rng, topic),
        correction=talk.correction(rng, corrected.statement(rng, held_out=True), key),
        corrected_key=new_key,
    )


def _fresh_value(rng: Random, topic: Topic, keys: set[str]) -> str:
    while (value := draw_value(rng, topic.relation.value, held_out=True)) in keys:
        pass
    keys.add(value)
    return value


def _probes(rng: Random, topic: Topic) -> list[str]:
    held_out = list(topic.asked(held_out=True))
    others = [text for text in topic.asked(held_out=False) if not any(text in group for group in topic.study_groups())]
    return held_out + rng.sample(others, max(0, 8 - len(held_out)))


def _near_misses(rng: Random, topic: Topic) -> tuple[str, ...]:
    questions: dict[str, None] = {}
    while len(questions) < 6:
        near = near_miss(rng, topic)
        questions.setdefault(rng.choice(near.questions()[:3] if rng.random() < 0.5 else near.asked(held_out=True)))
    return tuple(questions)


def unknown_questions(rng: Random, count: int) -> tuple[str, ...]:
    """Return different questions whose only right answer is ``ABSTENTION``."""
    questions: dict[str, None] = {}
    while len(questions) < count:
        if rng.random() < 0.3:
            relation = rng.choice(relations())
            questions.setdefault(rng.choice(Topic(relation).asked(held_out=True) or Topic(relation).questions()))
        else:
            questions.setdefault(draw_unknown(rng, held_out=True))
    return tuple(questions)


def small_talk(rng: Random, count: int) -> tuple[tuple[str, str], ...]:
    """Return ``count`` pieces of small talk: what the user says, and the reply."""
    return tuple(talk.draw_small_talk(rng) for _ in range(count))


def style_request(rng: Random) -> tuple[str, str]:
    """Return a wish for one-word answers, in a wording that training left out, and the reply."""
    return talk.draw_style_request(rng, held_out=True)


def _half(*, probed: bool) -> tuple[KnownFact, ...]:
    return known_facts()[probed::2]


@cache
def replay_questions() -> tuple[str, ...]:
    """Return questions to replay in training: half of the known facts, small talk, and unknown subjects."""
    rng = Random("replay")
    known = [rng.choice(fact.wordings[:4] if rng.random() < 0.5 else fact.wordings) for fact in _half(probed=False)]
    talked = dict.fromkeys(user for user, _ in small_talk(rng, 40))
    return (*known, *talked, *unknown_questions(rng, 60))


@cache
def retention_probes() -> tuple[tuple[str, str], ...]:
    """Return a question and its key for the other half of the known facts."""
    return tuple((fact.question, fact.key) for fact in _half(probed=True))


@cache
def unknown_card() -> tuple[str, ...]:
    """Return the unanswerable questions of the base's card; none of them is replayed."""
    replayed = set(replay_questions())
    return tuple(text for text in unknown_questions(Random("unknown card"), 80) if text not in replayed)
