"""What a turn says of itself."""

from datetime import UTC, datetime

import pytest

from cocolora.core.conversations import Turn


def turn(reply: str) -> Turn:
    return Turn("t", "c", 0, 0, "I like tea.", reply, datetime(2026, 5, 3, tzinfo=UTC), 1)


@pytest.mark.parametrize(
    "reply", ["Which one?", "Nice! Which one? 😊", '"Which one?"', "**Which one?**", "哪一个？", "?"]
)
def test_reply_that_ends_with_a_question_asks(reply):
    assert turn(reply).asks


@pytest.mark.parametrize("reply", ["Which one? Never mind.", "Fine.", "", "Green? No"])
def test_reply_that_goes_on_after_its_question_does_not_ask(reply):
    assert not turn(reply).asks
