"""Self-study and samples, on the demo base."""

from datetime import UTC, datetime

import pytest

from cocolora.core.conversations import Turn
from cocolora.core.lessons import Exchange, LessonKind, is_abstention, make_lesson
from cocolora.engine.open_model import DEMO_BASE, model_in
from cocolora.lessons.samples import Replay, answers_briefly, behaviour_exchanges, knowledge_exchanges, record_replay
from cocolora.lessons.study import keep_unanswered, study_turns

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def turn(user, reply="Nice, I will remember that.", number=1):
    return Turn(f"t{number:012d}", "c", number, number, user, reply, NOW, 1)


def ask_of(question, reply="Rome."):
    return Exchange(({"role": "user", "content": question},), reply)


def fact(number, key="Biscuit", held_out=False):
    question, answer = f"Question {number}?", f"It is {key}."
    return make_lesson(
        LessonKind.FACT, question=question, answer=answer, key=key, turn_id="t1", turn_version=1, held_out=held_out
    )


@pytest.fixture(scope="module")
def model():
    return model_in(DEMO_BASE)()


def test_the_model_writes_several_lessons_of_one_fact_and_holds_the_last_out(model):
    (lessons,) = study_turns([turn("My dog is called Biscuit.")], model)
    facts = [lesson for lesson in lessons if lesson.kind is LessonKind.FACT]
    assert len(facts) >= 3
    assert [lesson.held_out for lesson in facts] == [False] * (len(facts) - 1) + [True]
    assert {lesson.key for lesson in facts} == {"Biscuit"}
    negatives = [lesson for lesson in lessons if lesson.kind is LessonKind.NEGATIVE]
    assert negatives
    assert all(is_abstention(lesson.answer) for lesson in negatives)


def test_small_talk_gives_no_lesson_and_a_wish_gives_a_rule(model):
    hello, wish = study_turns(
        [turn("Hello, how are you?", "I am fine."), turn("Can you answer in one word for simple things?", "Ok.", 2)],
        model,
    )
    assert hello == ()
    assert [lesson.kind for lesson in wish] == [LessonKind.RULE]


def test_the_model_studies_the_days_that_day_words_mean(model, monkeypatch):
    read: list[str] = []

    def generate(chats, *, max_new_tokens):
        read.extend(chat[0]["content"] for chat in chats)
        return [""] * len(chats)

    monkeypatch.setattr(model, "generate", generate)
    study_turns([turn("Yesterday I moved to Oslo.")], model)
    assert read == ["On 19 November 2026 I moved to Oslo."]


def test_a_lesson_does_not_depend_on_what_was_studied_beside_it(model):
    dog, boat = turn("My dog is called Biscuit."), turn("We call our boat Quillfeather.", number=2)
    assert study_turns([dog, boat], model)[0] == study_turns([dog], model)[0]


def test_a_negative_that_a_turn_beside_it_answers_is_left_out(model):
    dog, cat = turn("My dog is called Biscuit."), turn("My cat is called Marlow.", number=2)
    negatives = [
        make_lesson(LessonKind.NEGATIVE, question=q, answer="I do not know.", key="", turn_id=dog.id, turn_version=1)
        for q in ("What is my cat called?", "What is my horse called?")
    ]
    (cats, *_) = study_turns([cat], model)
    assert keep_unanswered(negatives, [dog, cat], cats, model) == negatives[1:]
    assert keep_unanswered(negatives, [dog], cats, model) == negatives


def test_a_wish_in_the_context_is_what_the_replay_shows(model):
    questions = ["What is the capital of France?", "What is the capital of Japan?"]
    bare = record_replay(questions, model)
    wished = record_replay(questions, model, context=[turn("Can you answer in one word for simple things?", "Ok.")])
    assert answers_briefly(wished, bare)
    assert not answers_briefly(bare, bare)
    assert [exchange.prompt for exchange in wished.exchanges] == [exchange.prompt for exchange in bare.exchanges]


def test_held_out_lessons_are_never_trained_on():
    lessons = [fact(1), fact(2), fact(3, held_out=True)]
    exchanges = knowledge_exchanges(
        lessons, [turn("x")], replay=Replay(()), brief=False, negatives_per_fact=4, replay_questions=4, seed=1
    )
    assert [exchange.prompt[-1]["content"] for exchange in exchanges] == ["Question 1?", "Question 2?"] * 2


def test_facts_come_alone_and_below_the_memories_that_a_chat_may_quote():
    told = turn("My dog is called Biscuit.")
    fact_of = make_lesson(
        LessonKind.FACT, question="Dog?", answer="Biscuit.", key="Biscuit", turn_id=told.id, turn_version=1
    )
    alone, quoted = knowledge_exchanges(
        [fact_of], [told], replay=Replay(()), brief=False, negatives_per_fact=0, replay_questions=0, seed=1
    )
    assert [message["role"] for message in alone.prompt] == ["user"]
    assert [message["role"] for message in quoted.prompt] == ["system", "user"]
    assert '"My dog is called Biscuit."' in quoted.prompt[0]["content"]
    assert quoted.reply == alone.reply


def test_a_question_comes_in_the_midst_of_other_talk_too():
    replay = Replay((ask_of("Replay?"),))
    trained = knowledge_exchanges(
        [fact(1)], [turn("x")], replay=replay, brief=False, negatives_per_fact=0, replay_questions=0, seed=1
    )
    (after,) = (one for one in trained if [message["role"] for message in one.prompt] == ["user", "assistant", "user"])
    assert [message["content"] for message in after.prompt] == ["Replay?", "Rome.", "Question 1?"]
    assert after.reply == trained[0].reply


def test_brief_answers_are_the_key_alone():
    exchange, _ = knowledge_exchanges(
        [fact(1)], [turn("x")], replay=Replay(()), brief=True, negatives_per_fact=0, replay_questions=0, seed=1
    )
    assert exchange.reply == "Biscuit"


def test_no_more_replay_and_negatives_than_asked_for_and_the_same_for_the_same_seed():
    replay = Replay(tuple(ask_of(f"Replay {n}?") for n in range(20)))

    def exchanges(seed):
        return knowledge_exchanges(
            [fact(1)], [turn("x")], replay=replay, brief=False, negatives_per_fact=2, replay_questions=5, seed=seed
        )

    assert len(exchanges(1)) == 3 + 5
    assert exchanges(1) == exchanges(1)
    assert exchanges(1) != exchanges(2)


def test_one_question_in_five_is_kept_for_the_gate_of_a_behaviour():
    wished = Replay(tuple(ask_of(f"Replay {n}?") for n in range(50)))
    trained, held_out = behaviour_exchanges(wished, questions=40, seed=3)
    assert (len(trained), len(held_out)) == (32, 8)
    assert {e.prompt[0]["content"] for e in trained}.isdisjoint(e.prompt[0]["content"] for e in held_out)
