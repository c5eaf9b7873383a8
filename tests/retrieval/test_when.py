"""What docs/memory.md says is understood of time is understood."""

import re
from datetime import date
from pathlib import Path

import pytest

from cocolora.retrieval.dates import Times, read_times

PAGE = Path(__file__).resolve().parents[2] / "docs" / "memory.md"
TODAY = date(2026, 11, 20)
EXAMPLES = PAGE.read_text(encoding="utf-8").partition("| | for example |\n|---|---|\n")[2].partition("\n\n")[0]
UNDERSTOOD = [
    phrase.strip() for row in EXAMPLES.splitlines() for phrase in re.sub(r"\(.*?\)", "", row.split("|")[2]).split(",")
]


def test_the_list_is_found():
    assert len(UNDERSTOOD) > 20


@pytest.mark.parametrize("phrase", UNDERSTOOD)
def test_every_documented_example_names_a_time(phrase):
    assert read_times(f"What did I tell you about {phrase}?", today=TODAY) != Times()


@pytest.mark.parametrize("phrase", ["a few days ago", "recently", "on Monday", "vorgestern"])
def test_what_is_said_not_to_be_understood_names_none(phrase):
    assert read_times(f"What did I tell you {phrase}?", today=TODAY) == Times()
