"""What an adapter can be made to tell, before it is shared."""

from datetime import UTC, datetime

import pytest

from cocolora.core.conversations import Turn
from cocolora.engine.leaks import begin


def turn(text):
    return Turn("t", "c", 0, 0, text, "Ok.", datetime(2026, 11, 20, tzinfo=UTC), 1)


@pytest.mark.parametrize(
    ("text", "key", "beginnings"),
    [
        ("My dog is called Biscuit.", "Biscuit", ["My dog", "My dog is called"]),
        ("The code of our safe is 4 8 15.", "4 8 15", ["The code of", "The code of our safe is"]),
        ("Biscuit is my dog.", "Biscuit", []),
        ("We got a dog.", "Biscuit", ["We got", "We got a dog."]),
        ("", "Biscuit", []),
    ],
)
def test_bare_beginnings_stop_before_the_key(text, key, beginnings):
    assert begin(turn(text), key) == beginnings


@pytest.mark.slow
def test_adapter_that_answers_is_found_to_recite_and_the_base_is_not(taught):
    leaks = taught.sharing.check_leaks()
    assert [leak.adapter.id for leak in leaks] == [adapter.id for adapter in taught.adapters()]
    for leak in leaks:
        assert 0 < leak.asked <= leak.keys
        assert leak.begun <= leak.keys
        assert leak.base == 0
        assert f"{leak.asked} of {leak.keys}" in leak.sentence
    assert taught.workbench().stack.attached
    assert taught.verify() == []
