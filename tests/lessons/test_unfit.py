"""Secrets and documents are not learned, and ordinary talk is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocolora.core.conversations import Turn
from cocolora.core.records import Outcome
from cocolora.lessons.unfit import holds_secret, unfit

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def turn(user, reply="Ok."):
    return Turn("t", "c", 1, 0, user, reply, NOW, 1)


@pytest.mark.parametrize(
    "text",
    [
        "My AWS key is AKIAIOSFODNN7EXAMPLE",
        "use ghp_" + "a1B2c3" * 6,
        "-----BEGIN RSA PRIVATE KEY-----",
        "see http://ada:pa55word@example.com/",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "By the way, my password is hunter2.",
        'The wifi password: "correct-horse-7"',
        "My PIN is 4711.",
        "Pay with 4111 1111 1111 1111, please.",
        "My account is DE89 3704 0044 0532 0130 00.",
    ],
)
def test_a_secret_is_found(text):
    assert holds_secret(text)
    assert unfit(turn(text), message_tokens=0) is Outcome.SECRET
    assert unfit(turn("Hello.", text), message_tokens=0) is Outcome.SECRET


@pytest.mark.parametrize(
    "text",
    [
        "My dog is called Rex.",
        "My phone number is +49 170 1234567, and I was born on 3 May 1985.",
        "What is a good password?",
        "My password is too short.",
        "The secret of good bread is time.",
        "The token of his love is a ring.",
        "My project has 123456789012 stars, and the ISBN is 978-3-16-148410-0.",
        "I pin my hopes on Friday: is that wrong?",
        "I live in 10115 Berlin, Invalidenstraße 117.",
    ],
)
def test_ordinary_talk_is_no_secret(text):
    assert not holds_secret(text)


def test_a_long_message_is_a_document_unless_the_user_says_so():
    text = "The committee met on Monday and agreed on nothing. " * 60
    assert unfit(turn(text), message_tokens=300) is Outcome.DOCUMENT
    assert unfit(turn(text), message_tokens=0) is None
    assert unfit(turn(f"Please remember this: {text}"), message_tokens=300) is None
    assert unfit(turn("Short.", text), message_tokens=300) is None


@given(st.text())
def test_no_text_makes_the_search_fail(text):
    holds_secret(text)
