"""Which turns may contradict each other."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cocolora.core.conversations import Turn
from cocolora.core.lessons import LessonKind, make_lesson
from cocolora.core.truth import Outdated, content_words, leave_out, likeness, suspect

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


def outdated(number, *, day):
    return Outdated(f"l{number}", f"t{number}", NOON + timedelta(days=day))


def test_an_adapter_of_a_stretch_is_made_without_all_that_is_outdated():
    since = [outdated(1, day=-1), outdated(2, day=1)]
    assert leave_out(since, level=0, made_at=NOON, told_turns=4) == ("l1", "l2")


def test_a_rollup_is_made_without_what_was_outdated_by_then_and_again_with_each_quarter():
    since = [outdated(1, day=-1), outdated(2, day=3), outdated(3, day=1), outdated(4, day=2)]
    made = [leave_out(since[:known], level=1, made_at=NOON, told_turns=8) for known in range(5)]
    assert made == [(), ("l1",), ("l1",), ("l1", "l2", "l3"), ("l1", "l3", "l4")]


def test_a_small_rollup_is_made_again_at_once():
    assert leave_out([outdated(1, day=1)], level=1, made_at=NOON, told_turns=3) == ("l1",)


def test_all_lessons_of_a_turn_are_left_out_together():
    first = [outdated(1, day=1), Outdated("l1b", "t1", NOON + timedelta(days=9))]
    others = [outdated(2, day=2), outdated(3, day=3)]
    assert leave_out([*first, *others], level=1, made_at=NOON, told_turns=8) == ("l1", "l1b", "l2")


@given(st.lists(st.integers(-3, 9), max_size=12), st.integers(0, 2), st.integers(1, 16), st.randoms())
def test_what_is_left_out_hangs_on_what_was_said_and_not_on_the_order_it_is_read_in(days, level, told, rng):
    since = [outdated(number, day=day) for number, day in enumerate(days)]
    shuffled = rng.sample(since, len(since))
    left_out = leave_out(since, level=level, made_at=NOON, told_turns=told)
    assert leave_out(shuffled, level=level, made_at=NOON, told_turns=told) == left_out
    assert {one.lesson_id for one in since if one.since <= NOON} <= set(left_out)
    assert len(since) - len(left_out) < max(1, told / 4)
