"""Self-study: the loaded model itself writes the lessons of each turn, one turn at a time."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cocolora.core.conversations import ChatMessage, Turn
from cocolora.core.day_words import with_absolute_days
from cocolora.core.lessons import Lesson, LessonKind, is_abstention, make_lesson
from cocolora.core.ports import LanguageModel
from cocolora.core.study import NEIGHBOUR_INSTRUCTION, STUDY_INSTRUCTION, Study, normalise, parse_questions, parse_study
from cocolora.core.truth import content_words, likeness
from cocolora.lessons.rewording import near_questions

STUDY_TOKENS = 320
NEGATIVE_TOKENS = 32
_HOLD_OUT_FROM_LINES = 3
_HOLD_OUT_REWORDED = 5
_NEAR = 0.3
"""A turn that answers no question this much like another (Jaccard) does not answer that one either."""


def study_turns(turns: Sequence[Turn], model: LanguageModel) -> tuple[tuple[Lesson, ...], ...]:
    """Return the lessons of each turn: facts, wishes, and questions that must stay unknown.

    The model must answer as the bare base and greedily, so that a lesson depends on its turn and the base alone. It
    reads dates instead of "yesterday": a lesson holds on any day. Days are those of each turn's own time zone.
    """
    turns = [replace(turn, user=with_absolute_days(turn.user, said_on=turn.said_at.date())) for turn in turns]
    studies = [
        parse_study(answer, told=turn.user)
        for turn, answer in zip(turns, _ask(turns, model, STUDY_INSTRUCTION), strict=True)
    ]
    with_facts = [(turn, study) for turn, study in zip(turns, studies, strict=True) if study.lines]
    negatives = _negatives(with_facts, model)
    return tuple(
        facts_of(turn, study) + rules_of(turn, study) + negatives.get(turn.id, ())
        for turn, study in zip(turns, studies, strict=True)
    )


def _ask(turns: Sequence[Turn], model: LanguageModel, instruction: str) -> list[str]:
    chats: list[list[ChatMessage]] = [[*turn.messages, {"role": "user", "content": instruction}] for turn in turns]
    return model.generate(chats, max_new_tokens=STUDY_TOKENS) if chats else []


def facts_of(turn: Turn, study: Study) -> tuple[Lesson, ...]:
    """Return one fact lesson per study line; the last of three or more is held out for the gate."""
    return tuple(
        make_lesson(
            LessonKind.FACT,
            question=line.question,
            answer=line.answer,
            key=line.key,
            turn_id=turn.id,
            turn_version=turn.version,
            held_out=_is_held_out(index, len(study.lines)),
        )
        for index, line in enumerate(study.lines)
    )


def _is_held_out(index: int, count: int) -> bool:
    return index == count - 1 and count >= _HOLD_OUT_FROM_LINES


def rules_of(turn: Turn, study: Study) -> tuple[Lesson, ...]:
    """Return one rule lesson per wish about how to answer."""
    return tuple(
        make_lesson(LessonKind.RULE, question=rule, answer="", key="", turn_id=turn.id, turn_version=turn.version)
        for rule in study.rules
    )


def _negatives(studied: Sequence[tuple[Turn, Study]], model: LanguageModel) -> dict[str, tuple[Lesson, ...]]:
    """Return, by turn, neighbouring questions that neither the turn nor the bare model answers.

    Their answer is the model's own way of not knowing: an adapter is to change nothing about it.
    """
    asked = _ask([turn for turn, _ in studied], model, NEIGHBOUR_INSTRUCTION)
    found = {
        turn.id: _unanswered(parse_questions(answer), study, model)
        for (turn, study), answer in zip(studied, asked, strict=True)
    }
    return {
        turn.id: tuple(
            _negative(question, reply, turn.id, turn.version, held_out=_is_held_out(index, len(found[turn.id])))
            for index, (question, reply) in enumerate(found[turn.id])
        )
        for turn, _ in studied
    }


def _unanswered(questions: Sequence[str], study: Study, model: LanguageModel) -> list[tuple[str, str]]:
    answered = {normalise(line.question) for line in study.lines}
    return _declined([question for question in questions if normalise(question) not in answered], model)


def _negative(question: str, reply: str, turn_id: str, turn_version: int, *, held_out: bool) -> Lesson:
    return make_lesson(
        LessonKind.NEGATIVE,
        question=question,
        answer=reply,
        key="",
        turn_id=turn_id,
        turn_version=turn_version,
        held_out=held_out,
    )


def _declined(questions: Sequence[str], model: LanguageModel) -> list[tuple[str, str]]:
    """Return the questions that the model does not answer, each with the words in which it declines."""
    chats: list[list[ChatMessage]] = [[{"role": "user", "content": question}] for question in questions]
    replies = model.generate(chats, max_new_tokens=NEGATIVE_TOKENS) if chats else []
    return [(question, reply) for question, reply in zip(questions, replies, strict=True) if is_abstention(reply)]


def reworded_negatives(
    facts: Sequence[Lesson], negatives: Sequence[Lesson], model: LanguageModel, *, for_each: int, rng: random.Random
) -> list[Lesson]:
    """Return questions near what is trained that the model does not answer; one in five is held out."""
    trained = [fact for fact in facts if not fact.held_out]
    near = near_questions(trained, negatives, for_each=for_each, rng=rng)
    return [
        _negative(
            question,
            reply,
            near[question].turn_id,
            near[question].turn_version,
            held_out=number % _HOLD_OUT_REWORDED == 0,
        )
        for number, (question, reply) in enumerate(_declined(list(near), model), start=1)
    ]


def keep_unanswered(
    negatives: Sequence[Lesson], turns: Sequence[Turn], lessons: Sequence[Lesson], model: LanguageModel
) -> list[Lesson]:
    """Return the negatives that none of the turns answers.

    "What is my cat called?" is a good negative for a turn about a dog, and a false one when the same adapter
    also learns the cat: the model is asked, with each turn that answers a question like it as its only context.
    """
    asked: dict[str, list[frozenset[str]]] = {}
    for fact in lessons:
        if fact.kind is LessonKind.FACT:
            asked.setdefault(fact.turn_id, []).append(content_words(fact.question))
    pairs = [
        (lesson, turn) for lesson in negatives for turn in turns if _is_near(lesson.question, asked.get(turn.id, ()))
    ]
    chats: list[list[ChatMessage]] = [
        [*turn.messages, {"role": "user", "content": lesson.question}] for lesson, turn in pairs
    ]
    replies = model.generate(chats, max_new_tokens=NEGATIVE_TOKENS) if chats else []
    answered = {lesson.id for (lesson, _), reply in zip(pairs, replies, strict=True) if not is_abstention(reply)}
    return [lesson for lesson in negatives if lesson.id not in answered]


def _is_near(question: str, others: Iterable[frozenset[str]]) -> bool:
    words = content_words(question)
    return any(likeness(words, other) >= _NEAR for other in others)
