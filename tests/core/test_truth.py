"""Which turns may contradict each other."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cocolora.core.conversations import Turn
from cocolora.core.lessons import LessonKind, make_lesson
from cocolora.core.truth import content_words, likeness, suspect

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def turn(number):
    return Turn(f"t{number}", "c", number, number, "said", "ok", NOON + timedelta(days=number), 1)


def fact(of, question, key):
    return make_lesson(LessonKind.FACT, question=question, answer=key, key=key, turn_id=of.id, turn_version=1)


def test_the_same_question_with_another_answer_is_suspected_and_the_later_turn_is_the_newer():
    home, moved = turn(1), turn(2)
    lessons = [fact(home, "Where do I live?", "Porto"), fact(moved, "Where do I live now?", "Lisbon")]
    (found,) = suspect([home], [home, moved], lessons)
    assert (found.older, found.newer) == (home, moved)
    assert (found.older_lesson.key, found.newer_lesson.key) == ("Porto", "Lisbon")
    assert suspect([moved], [home, moved], lessons) == (found,)


def test_the_same_answer_and_another_subject_are_not_suspected():
    dog, cat, again = turn(1), turn(2), turn(3)
    lessons = [
        fact(dog, "What is my dog called?", "Rex"),
        fact(cat, "What is my cat called?", "Tom"),
        fact(again, "What name does my dog have?", "rex"),
    ]
    assert suspect([dog, cat, again], [dog, cat, again], lessons) == ()


def test_the_way_a_question_begins_is_not_what_it_is_about():
    hamster, tractor = turn(1), turn(2)
    lessons = [
        fact(of, f"{opener} the name of my {noun}?", key)
        for of, noun, key in ((hamster, "hamster", "Pip"), (tractor, "tractor", "Old Bess"))
        for opener in ("What is", "Quick question: what is", "Can you tell me")
    ]
    assert suspect([tractor], [hamster, tractor], lessons) == ()


def test_what_turns_say_apart_from_facts_is_not_compared():
    wish = make_lesson(LessonKind.RULE, question="be brief", answer="", key="", turn_id="t1", turn_version=1)
    assert suspect([turn(1)], [turn(1), turn(2)], [wish, fact(turn(2), "be brief", "x")]) == ()


words = st.frozensets(st.sampled_from("dog cat boat boss home garden".split()))


@given(words, words)
def test_likeness_is_symmetric_and_one_only_for_the_same_words(one, other):
    assert likeness(one, other) == likeness(other, one)
    assert 0.0 <= likeness(one, other) <= 1.0
    assert (likeness(one, other) == 1.0) == (one == other and bool(one))


def test_a_question_of_common_words_alone_keeps_them():
    assert content_words("Who are you?") == {"who", "are", "you"}
    assert content_words("What is my dog called?") == {"dog"}
