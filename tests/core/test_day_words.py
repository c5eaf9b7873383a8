"""Day words mean days; what is told keeps its sense without them."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cocolora.core.day_words import _PATTERN, periods_in, with_absolute_days

FRIDAY = date(2026, 11, 20)
PHRASES = (
    "today|yesterday|tomorrow|tonight|last night|this morning|yesterday evening|the day before yesterday|two days ago"
    "|a week ago|a couple of weeks ago|3 months ago|ten years ago|last week|next month|last Monday|last year"
)
days = st.dates(date(1990, 1, 1), date(2100, 1, 1))
phrases = st.sampled_from(PHRASES.split("|"))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Yesterday I moved to Oslo.", "On 19 November 2026 I moved to Oslo."),
        ("I moved to Oslo yesterday!", "I moved to Oslo on 19 November 2026!"),
        ("I have been ill since yesterday.", "I have been ill since 19 November 2026."),
        ("We ate late last night.", "We ate late on the night of 19 November 2026."),
        ("This morning I ran.", "On the morning of 20 November 2026 I ran."),
        ("We married two years ago.", "We married in 2024."),
        ("I saw her the day before yesterday.", "I saw her on 18 November 2026."),
        ("I saw her last Friday.", "I saw her on 13 November 2026."),
        ("I fly next Monday.", "I fly on 23 November 2026."),
        ("Last week I was in Rome.", "In the week of 9 November 2026 I was in Rome."),
        ("We met a couple of months ago.", "We met in September 2026."),
        ("The trip is the day after tomorrow", "The trip is on 22 November 2026"),
        ("Fine. Tomorrow it ends. So what?", "Fine. On 21 November 2026 it ends. So what?"),
    ],
)
def test_day_words_become_the_days_that_they_mean(said, kept):
    assert with_absolute_days(said, said_on=FRIDAY) == kept


@pytest.mark.parametrize(
    "said",
    [
        "What did I eat yesterday?",
        "Yesterday's soup was good.",
        "I like todays.",
        "On Mondays I swim.",
        "Lastly, a week.",
    ],
)
def test_questions_and_words_that_only_look_like_days_stay(said):
    assert with_absolute_days(said, said_on=FRIDAY) == said


@given(st.text(), days)
def test_text_without_day_words_stays_byte_for_byte(text, day):
    assume(not _PATTERN.search(text))
    assert with_absolute_days(text, said_on=day) == text


@given(st.text(), phrases, st.text(), days)
def test_what_was_made_absolute_has_nothing_left_to_resolve(before, phrase, after, day):
    once = with_absolute_days(f"{before} {phrase} {after}", said_on=day)
    assert with_absolute_days(once, said_on=day + timedelta(days=400)) == once


@given(phrases, days)
def test_every_period_begins_before_it_ends_and_is_told_in_its_own_words(phrase, day):
    (period,) = periods_in(f"I did it {phrase}.", today=day)
    assert period.first <= period.last
    assert period.words in with_absolute_days(f"I did it {phrase}.", said_on=day)


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        ("What did I do last week?", date(2026, 11, 9), date(2026, 11, 15)),
        ("What did I do last weekend?", date(2026, 11, 14), date(2026, 11, 15)),
        ("What did we discuss last month?", date(2026, 10, 1), date(2026, 10, 31)),
        ("What did I say three days ago?", date(2026, 11, 17), date(2026, 11, 17)),
        ("What happened in the last year?", date(2025, 1, 1), date(2025, 12, 31)),
    ],
)
def test_questions_name_periods(question, first, last):
    (period,) = periods_in(question, today=FRIDAY)
    assert (period.first, period.last) == (first, last)


def test_a_day_outside_the_calendar_is_no_period():
    assert periods_in("999 years ago", today=date(900, 1, 1)) == ()
