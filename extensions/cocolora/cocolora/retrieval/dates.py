"""The days that a question names: dates, day words, the first and the last chat, the day before something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from cocolora.core.day_words import Period, periods_in

_MONTHS = "january february march april may june july august september october november december".split()
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third "
    "twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
).split()
_MONTH = r"(?P<month>" + "|".join(rf"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + r"|sept)\b\.?"
_DAY = r"(?P<day>\d{1,2}(?:st|nd|rd|th)?|" + "|".join(sorted(_ORDINALS, key=len, reverse=True)) + r")\b"
_YEAR = r"(?:,?\s+(?:in\s+)?(?P<year>(?:19|20)\d\d)\b)?"
_PATTERNS = (
    re.compile(r"\b(?P<year>(?:19|20)\d\d)-(?P<month>\d{1,2})-(?P<day>\d{1,2})\b"),
    re.compile(rf"\b{_DAY}\s+(?:of\s+)?{_MONTH}{_YEAR}", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s+(?:the\s+)?{_DAY}{_YEAR}", re.IGNORECASE),
)


_EDGE = re.compile(
    r"\b(?:(?P<first>(?:very\s+)?first)|last)\s+(?:time\s+(?:we|i|you)\b|(?:ever\s+)?(?:chat|conversation|talk)\b)",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"\bthe\s+(?:very\s+)?(?:day|night|evening|morning)\s+(?P<which>before|after)\s+(?P<event>[^?!.,;]+)", re.IGNORECASE
)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NamedDate:
    """A calendar day; without ``year``, that day of any year."""

    month: int
    day: int
    year: int | None = None

    def names(self, said_on: date) -> bool:
        """Say whether this is the day on which something was said."""
        return (self.month, self.day) == (said_on.month, said_on.day) and self.year in (None, said_on.year)


@dataclass(frozen=True, slots=True)
class Times:
    """What a question says about when: days and periods, an end of all chats, or the day beside an event.

    ``edge`` is "first" or "last" where it asks for the first or the last chat. ``event`` is what ``beside`` (-1 or
    1 days) something was said of, "the day before I went to the museum", and ``rest`` the question without it.
    """

    days: tuple[NamedDate | Period, ...] = ()
    edge: str = ""
    event: str = ""
    beside: int = 0
    rest: str = ""


def read_times(question: str, *, today: date) -> Times:
    """Return what a question, asked ``today``, says about when."""
    edge = _EDGE.search(question)
    beside = _BESIDE.search(question)
    if beside and not periods_in(beside[0], today=today):
        step = -1 if beside["which"].lower() == "before" else 1
        near = tuple(_beside(day, step) for day in named_dates(beside["event"]) if day.year)
        return Times(near) if near else Times(event=beside["event"], beside=step, rest=question.replace(beside[0], ""))
    days: tuple[NamedDate | Period, ...] = (*named_dates(question), *periods_in(question, today=today))
    return Times(days, edge=("first" if edge["first"] else "last") if edge else "")


def _beside(named: NamedDate, step: int) -> NamedDate:
    day = date(named.year or 2000, named.month, named.day) + step * _ONE_DAY
    return NamedDate(day.month, day.day, day.year)


def single_day(day: date) -> NamedDate:
    """Return a day as it is looked for."""
    return NamedDate(day.month, day.day, day.year)


def named_dates(question: str) -> tuple[NamedDate, ...]:
    """Return the days named in a question: "2026-05-03", "3 May 2026", "May 3rd", "the third of May"."""
    return tuple(dict.fromkeys(named for pattern in _PATTERNS for named in _found(pattern, question)))


def _found(pattern: re.Pattern[str], question: str) -> Iterator[NamedDate]:
    for match in pattern.finditer(question):
        month, day = _month(match["month"].lower()), _day(match["day"].lower())
        year = int(match["year"]) if match["year"] else None
        try:
            date(year or 2000, month, day)
        except ValueError:
            continue
        yield NamedDate(month, day, year)


def _month(word: str) -> int:
    if word.isdigit():
        return int(word)
    return next(number for number, name in enumerate(_MONTHS, start=1) if name.startswith(word[:3]))


def _day(word: str) -> int:
    return _ORDINALS.index(word) + 1 if word in _ORDINALS else int(re.sub(r"\D", "", word))
