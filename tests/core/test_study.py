"""Reading a model's self-study."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocolora.core.study import StudyLine, normalise, parse_questions, parse_study

TOLD = "By the way, my dog is called Biscuit."
LINE = "Q: What is my dog called? | A: Your dog is called Biscuit. | Key: Biscuit"


def test_a_line_with_question_answer_and_key_is_a_lesson():
    study = parse_study(LINE, told=TOLD)
    assert study.lines == (StudyLine("What is my dog called?", "Your dog is called Biscuit.", "Biscuit"),)


def test_a_key_that_was_never_said_is_refused():
    study = parse_study(LINE.replace("Biscuit", "Rex"), told=TOLD)
    assert not study.lines
    assert study.refused[0][1] == "the user did not say the key"


def test_a_key_that_is_a_mere_piece_of_a_word_is_refused():
    assert not parse_study(LINE.replace("Biscuit", "iscuit"), told=TOLD).lines
    assert parse_study(LINE, told="Biscuit's my dog.").lines


@pytest.mark.parametrize(
    ("told", "written", "key"),
    [
        ("My aunt lives in Porto, by the sea.", "Portoo", "Porto"),
        ("We call our boat Flioskyoano Philip.", "Flioskyo Philip", "Flioskyoano Philip"),
        ("The code is 48151.", "48152", "48151"),
    ],
)
def test_a_misspelt_key_becomes_what_the_user_said(told, written, key):
    (line,) = parse_study(f"Q: What is it? | A: It is {written}. | Key: {written}", told=told).lines
    assert (line.key, line.answer) == (key, f"It is {key}.")
    (line,) = parse_study(f"Q: What is it? | A: It is {key}. | Key: {written}", told=told).lines
    assert (line.key, line.answer) == (key, f"It is {key}.")


def test_a_key_unlike_anything_that_was_said_stays_refused():
    assert not parse_study("Q: Where? | A: In Lisbon. | Key: Lisbon", told="My aunt lives in Porto.").lines
    assert not parse_study("Q: Where? | A: By the sea. | Key: Portoo", told="My aunt lives in Porto.").lines


def test_an_answer_without_its_key_is_refused():
    study = parse_study("Q: Who? | A: Your dog. | Key: Biscuit", told=TOLD)
    assert study.refused == (("Q: Who? | A: Your dog. | Key: Biscuit", "the answer lacks its key"),)


def test_a_question_counts_once_however_it_is_punctuated():
    study = parse_study(f"{LINE}\n{LINE.replace('called?', 'called')}", told=TOLD)
    assert len(study.lines) == 1
    assert study.refused[0][1] == "repeats a question"


def test_wishes_are_rules_and_nothing_is_nothing():
    assert parse_study("Rule: answer in one word", told="x").rules == ("answer in one word",)
    assert parse_study("Nothing.", told="x") == parse_study("", told="x")


def test_chatter_around_the_lines_is_named_not_repaired():
    study = parse_study(f"Sure! Here are the lines:\n{LINE}", told=TOLD)
    assert len(study.lines) == 1
    assert study.refused == (("Sure! Here are the lines:", "not of the form Q: … | A: … | Key: …"),)


def test_neighbouring_questions_are_read_once_each():
    assert parse_questions("Q: What is my cat called?\nQ: what is my cat called\nhm\nQ: Who? | A: x") == (
        "what is my cat called",
        "Who?",
    )


@given(st.text(), st.text())
def test_no_text_makes_the_reader_fail(answer, exchange):
    for line in parse_study(answer, told=exchange).lines:
        assert normalise(line.key) in normalise(exchange)


def test_a_key_that_is_a_mere_part_of_another_is_refused():
    told = "My aunt is called Ada Byron."
    lines = (
        "Q: Who is my aunt? | A: Your aunt is Ada Byron. | Key: Ada Byron",
        "Q: What is my aunt called? | A: Byron. | Key: Byron",
    )
    study = parse_study("\n".join(lines), told=told)
    assert [line.key for line in study.lines] == ["Ada Byron"]
    assert study.refused == ((lines[1], "its key is a part of another line's"),)


def test_a_key_that_was_said_by_itself_too_is_no_mere_part():
    told = "My aunt is called Ada Byron, and my dog is called Byron."
    lines = (
        "Q: Who is my aunt? | A: Ada Byron. | Key: Ada Byron",
        "Q: What is my dog called? | A: Byron. | Key: Byron",
    )
    assert len(parse_study("\n".join(lines), told=told).lines) == 2
