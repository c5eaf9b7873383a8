"""Questions near a fact, in the fact's own wordings."""

import random

from cocolora.core.lessons import ABSTENTION, LessonKind, make_lesson
from cocolora.lessons.rewording import near_questions

FORMS = ("What is my {} called?", "Do you know what my {} is called?", "Quick question: what is the name of my {}?")


def lesson(question, key, turn_id):
    kind, answer = (LessonKind.FACT, f"It is {key}.") if key else (LessonKind.NEGATIVE, ABSTENTION)
    return make_lesson(kind, question=question, answer=answer, key=key, turn_id=turn_id, turn_version=1)


def facts(**told):
    return [lesson(form.format(thing), key, turn_id) for turn_id, (thing, key) in told.items() for form in FORMS]


def near(told, negatives=(), for_each=100):
    return list(near_questions(told, negatives, for_each=for_each, rng=random.Random(0)))


def test_what_a_neighbouring_question_is_about_is_asked_in_the_wordings_of_the_fact():
    dog = facts(t1=("dog", "Biscuit"))
    written = [lesson("What is my cat called?", "", "t1")]
    assert set(near(dog, written)) == {form.format("cat") for form in FORMS[1:]}


def test_two_facts_are_crossed_without_asking_for_either():
    told = facts(t1=("goldfish", "Finn"), t2=("cousin's boat", "Quill"))
    found = set(near(told))
    assert found == {form.format(thing) for form in FORMS for thing in ("cousin's goldfish", "cousin")}
    assert not found & {fact.question for fact in told}


def test_what_a_fact_is_about_and_whose_it_is_is_asked_for_in_the_wordings_of_others():
    asked = ("Where does my husband live?", "Say, where does my husband live?", "Do you know where my husband lives?")
    lives = [lesson(question, "Rome", "t1") for question in asked]
    boat = [lesson("What is my cousin's boat called?", "Quill", "t2")]
    found = set(near([*lives, *boat]))
    about_cousin = {"Where does my cousin live?", "Do you know where my cousin's boat lives?"}
    assert {"What is my husband called?", *about_cousin} <= found


def test_the_end_of_a_word_stays_with_the_wording():
    told = [lesson("What is my dog's name?", "Biscuit", "t1"), lesson("What is the name of my dog?", "Biscuit", "t1")]
    assert near(told, [lesson("What is my cat's name?", "", "t1")]) == ["What is the name of my cat?"]


def test_a_neighbouring_question_serves_the_facts_of_its_own_turn():
    told = facts(t1=("dog", "Biscuit"), t2=("boat", "Quill"))
    found = near_questions(told, [lesson("What is my cat called?", "", "t1")], for_each=100, rng=random.Random(0))
    assert {fact.turn_id for fact in found.values()} == {"t1"}


def test_no_more_than_asked_for_and_the_same_for_the_same_seed():
    told = facts(t1=("goldfish", "Finn"), t2=("cousin's boat", "Quill"), t3=("dentist", "Wu"))
    assert len(near(told, for_each=1)) == 3
    assert near(told, for_each=2) == near(told, for_each=2)


def test_questions_without_a_common_subject_give_none():
    told = [lesson(text, "Biscuit", "t1") for text in ("Wie heißt mein Hund?", "Who barks?", "Which pet is old?")]
    assert near(told, [lesson("What is my cat called?", "", "t1")]) == []
    assert near([]) == []
