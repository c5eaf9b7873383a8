"""Secrets and pasted documents are remembered and never learned, and the user is told."""

from cocolora.core.told import Standing
from tests.engine.conftest import DOG

SECRET = ("By the way, my password is hunter2.", "Ok.")
DOCUMENT = ("The committee met on Monday and agreed on nothing at all. " * 60, "Ok.")


def test_what_must_not_be_learned_is_marked_said_and_leaves_no_lesson(engine, tell):
    tell(engine, "chat", SECRET, DOCUMENT)
    learned = engine.learn()
    assert "never learned" in learned.sentence
    assert "1 long message" in learned.sentence
    standings = [told.standing for told in engine.conversations.read("chat")]
    assert standings == [Standing.SECRET, Standing.DOCUMENT]
    assert engine.journal.lessons() == []
    assert engine.adapters() == []
    assert engine.status().unread == 0
    assert engine.search("What is my password?")


def test_the_rest_of_a_conversation_is_read_as_ever(engine, tell):
    tell(engine, "chat", SECRET, DOG)
    engine.change_settings("learning", steps=2, attempts=1)
    engine.learn()
    assert {lesson.key for lesson in engine.journal.lessons() if lesson.key} == {"Biscuit"}
