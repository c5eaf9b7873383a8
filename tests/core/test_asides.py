"""Which messages are meant for cocolora, and how its answers are known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocolora.core.asides import LAST_TURN, MARK, THIS_CHAT, Command, CommandKind, agrees, is_aside, read_command
from cocolora.core.reconcile import Row


@pytest.mark.parametrize("kind", CommandKind)
def test_every_command_is_read_with_and_without_a_rest(kind):
    assert read_command(f"/{kind}") == Command(kind)
    assert read_command(f"  /{kind.upper()}   my   dog ") == Command(kind, "my dog")


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("Please forget that conversation.", THIS_CHAT),
        ("forget this chat", THIS_CHAT),
        ("Could you please forget our whole conversation?", THIS_CHAT),
        ("Forget that.", LAST_TURN),
        ("please forget what I just told you", LAST_TURN),
        ("Forget everything I told you about my sister!", "my sister"),
        ("Please forget everything that you know about Lisbon", "lisbon"),
    ],
)
def test_wishes_to_forget_in_plain_words_are_read(said, what):
    assert read_command(said) == Command(CommandKind.FORGET, what)


@pytest.mark.parametrize(
    "said",
    [
        "/start", "/memories of a dog", "/", "What does /memory do?", "Don't forget that conversation.", "forget",
        "Forget about it, what is the capital of France?", "I will never forget this chat.", "never forget that", "",
        "He told me to forget that conversation", "/etc/passwd",
    ],
)  # fmt: skip
def test_everything_else_is_for_the_model(said):
    assert read_command(said) is None


@pytest.mark.parametrize(("said", "meant"), [("Yes.", True), ("yes, please", True), ("NO", False), ("maybe", None)])
def test_a_yes_and_a_no_are_understood_and_nothing_is_guessed(said, meant):
    assert agrees(said) is meant


@given(st.text())
def test_reading_never_fails_and_an_aside_is_no_turn(text):
    read_command(text)
    assert is_aside(MARK + text)
    assert not Row("/memory", MARK + text).is_turn
