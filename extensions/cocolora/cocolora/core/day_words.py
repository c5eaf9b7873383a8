"""Day words: which days "yesterday" or "last week" mean on a given day, and texts in which they are absolute.

English, in the closed list of docs/memory.md: what is not in it is left alone. Weeks begin on Mondays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_COUNTS = "one two three four five six seven eight nine ten eleven twelve".split()
_COUNT = r"(?P<count>\d{1,3}|an?|a couple of|" + "|".join(_COUNTS) + ")"
_PATTERN = re.compile(
    r"\b(?:(?P<lead>since|until|till|from|by|before|after|of|on|in|for)\s+)?(?:"
    r"(?P<two_before>the day before yesterday)|(?P<two_after>the day after tomorrow)"
    r"|(?P<yesterday>yesterday)(?:\s+(?P<part_before>morning|afternoon|evening))?"
    r"|(?P<tomorrow>tomorrow)(?:\s+(?P<part_after>morning|afternoon|evening))?"
    r"|(?P<today>today|this\s+(?P<part_today>morning|afternoon|evening)|tonight)"
    r"|(?P<last_night>last night)"
    rf"|{_COUNT}\s+(?P<unit>day|week|month|year)s?\s+ago"
    rf"|(?P<which>last|next)\s+(?P<span>weekend|week|month|year|{'|'.join(_WEEKDAYS)})"
    r")\b(?!['’]s?\w)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?]+|\n|$)")
_IS_SUBJECT = re.compile(r"\s+(?:is|was|will|has|had)\b", re.IGNORECASE)
_DAY = timedelta(days=1)
_NO_PREPOSITION = ("since", "until", "till", "from", "by", "before", "after", "of", "for")


@dataclass(frozen=True, slots=True)
class Period:
    """The days from ``first`` to ``last``, both included; ``words`` name it without "yesterday" and the like."""

    first: date
    last: date
    words: str

    def names(self, day: date) -> bool:
        """Say whether a day is in it."""
        return self.first <= day <= self.last


def periods_in(text: str, *, today: date) -> tuple[Period, ...]:
    """Return the periods that a text's day words mean on the day ``today``, in order, each once."""
    found = (_period(match, today) for match in _PATTERN.finditer(text))
    return tuple(dict.fromkeys(period for period in found if period is not None))


def with_absolute_days(text: str, *, said_on: date) -> str:
    """Return what was said on a day with its day words made absolute.

    "Yesterday I moved." becomes "On 19 November 2026 I moved.", when it was said on the 20th. Questions are left as
    they are: they tell nothing. A text without day words comes back byte for byte.
    """
    return "".join(_absolute(sentence, said_on) for sentence in _sentences(text))


def _sentences(text: str) -> Iterator[str]:
    return (match[0] for match in _SENTENCE.finditer(text))


def _absolute(sentence: str, said_on: date) -> str:
    if sentence.rstrip().endswith("?"):
        return sentence
    at_start = len(sentence) - len(sentence.lstrip())

    def replace(match: re.Match[str]) -> str:
        period = _period(match, said_on)
        if period is None:
            return match[0]
        words, lead = period.words, match["lead"]
        if lead and lead.lower() in _NO_PREPOSITION:
            words = f"{lead} {words.split(' ', 1)[1]}"
        elif not lead and _IS_SUBJECT.match(sentence, match.end()):
            words = words.split(" ", 1)[1]
        return words[0].upper() + words[1:] if match.start() == at_start else words

    return _PATTERN.sub(replace, sentence)


def _period(match: re.Match[str], today: date) -> Period | None:
    """Return what a phrase means; None when it lies outside the calendar."""
    try:
        if match["unit"]:
            return _ago(_count(match["count"]), match["unit"].lower(), today)
        if match["which"]:
            return _beside(match["span"].lower(), -1 if match["which"].lower() == "last" else 1, today)
        return _near(match, today)
    except (OverflowError, ValueError):
        return None


def _near(match: re.Match[str], today: date) -> Period:
    steps = {"two_before": -2, "yesterday": -1, "last_night": -1, "today": 0, "tomorrow": 1, "two_after": 2}
    step = next(days for name, days in steps.items() if match[name])
    part = match["part_before"] or match["part_after"] or match["part_today"] or ""
    if match["last_night"]:
        part = "night"
    elif (match["today"] or "").lower() == "tonight":
        part = "evening"
    return _day(today + step * _DAY, part.lower())


def _day(day: date, part: str = "") -> Period:
    written = f"{day.day} {day:%B} {day.year}"
    return Period(day, day, f"on the {part} of {written}" if part else f"on {written}")


def _count(words: str) -> int:
    words = " ".join(words.lower().split())
    if words.isdigit():
        return int(words)
    return {"a": 1, "an": 1, "a couple of": 2, **{word: i for i, word in enumerate(_COUNTS, start=1)}}[words]


def _ago(count: int, unit: str, today: date) -> Period:
    if unit == "day":
        return _day(today - count * _DAY)
    if unit == "week":
        return _week(today - 7 * count * _DAY)
    return _month(today, -count) if unit == "month" else _year(today.year - count)


def _beside(span: str, step: int, today: date) -> Period:
    monday = today - today.weekday() * _DAY
    spans: dict[str, Callable[[], Period]] = {
        "week": lambda: _week(today + 7 * step * _DAY),
        "weekend": lambda: _weekend(monday + (-7 if step < 0 else 7 if today.weekday() >= 5 else 0) * _DAY),
        "month": lambda: _month(today, step),
        "year": lambda: _year(today.year + step),
    }
    if span in spans:
        return spans[span]()
    days = (_WEEKDAYS.index(span) - today.weekday()) * step % 7 or 7
    return _day(today + step * days * _DAY)


def _week(day: date) -> Period:
    monday = day - day.weekday() * _DAY
    return Period(monday, monday + 6 * _DAY, f"in the week of {monday.day} {monday:%B} {monday.year}")


def _weekend(monday: date) -> Period:
    saturday = monday + 5 * _DAY
    return Period(saturday, saturday + _DAY, f"on the weekend of {saturday.day} {saturday:%B} {saturday.year}")


def _month(today: date, step: int) -> Period:
    months = today.year * 12 + today.month - 1 + step
    first = date(months // 12, months % 12 + 1, 1)
    after = date((months + 1) // 12, (months + 1) % 12 + 1, 1)
    return Period(first, after - _DAY, f"in {first:%B} {first.year}")


def _year(year: int) -> Period:
    return Period(date(year, 1, 1), date(year, 12, 31), f"in {date(year, 1, 1).year}")
