"""Superseding: where a later turn tells otherwise, the earlier turn's lesson no longer holds."""

from __future__ import annotations

from collections.abc import Sequence

from cocolora.core.conversations import ChatMessage, Turn
from cocolora.core.gate import holds_key
from cocolora.core.lessons import LessonKind
from cocolora.core.study import normalise
from cocolora.core.truth import Supersession, Suspicion, suspect
from cocolora.engine.run import Run

_ANSWER_TOKENS = 32


def supersede(run: Run, new: Sequence[Turn]) -> tuple[Supersession, ...]:
    """Find and note the lessons that new turns supersede, or that turns known before supersede in the new ones.

    Whether two turns contradict each other is asked of the bare base, with one of them as its only context: the
    question that the newer turn answers gets the older value from the older turn, and the other way round. A pair
    that both answers confirm is a contradiction; "my sister's dog" and "my dog" are not.
    """
    journal, fingerprint = run.rooms.journal, run.rooms.workbench().model.identity.fingerprint
    facts = [lesson for lesson in journal.lessons(base_fingerprint=fingerprint) if lesson.kind is LessonKind.FACT]
    told = journal.turns(ids={lesson.turn_id for lesson in facts}, profile=run.profile)
    confirmed = _confirmed(run, suspect(new, told, facts))
    found = tuple(
        Supersession(lesson.id, pair.newer.id, pair.newer.version)
        for pair in confirmed
        for lesson in facts
        if lesson.turn_id == pair.older.id and normalise(lesson.key) == normalise(pair.older_lesson.key)
    )
    journal.add_supersessions(found, base_fingerprint=fingerprint)
    run.rooms.reindex({pair.older.id: pair.older for pair in confirmed}.values(), profile=run.profile)
    return found


def _confirmed(run: Run, pairs: Sequence[Suspicion]) -> list[Suspicion]:
    chats: list[list[ChatMessage]] = []
    for pair in pairs:
        chats.append([*pair.older.messages, {"role": "user", "content": pair.newer_lesson.question}])
        chats.append([*pair.newer.messages, {"role": "user", "content": pair.older_lesson.question}])
    if not chats:
        return []
    with run.rooms.workbench().borrowing([]) as model:
        replies = model.generate(chats, max_new_tokens=_ANSWER_TOKENS)
    return [
        pair
        for pair, from_older, from_newer in zip(pairs, replies[::2], replies[1::2], strict=True)
        if holds_key(from_older, pair.older_lesson.key) and holds_key(from_newer, pair.newer_lesson.key)
    ]
