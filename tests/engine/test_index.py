"""The index follows the journal, whatever kept it from doing so at first."""

import pytest

from cocolora.core.conversations import Conversation
from cocolora.core.lessons import LessonKind, make_lesson
from cocolora.core.reconcile import Row
from cocolora.engine.record import refresh_index
from tests.engine.conftest import BOAT, DOG

NEW = "My dog is called Zephyrine."


@pytest.fixture
def told(engine, tell):
    """An engine that was told of a dog and a boat."""
    tell(engine, "pets", DOG, BOAT)
    return engine


def test_an_index_that_is_up_to_date_is_left_alone(told):
    assert refresh_index(told._rooms) == 0


def test_a_turn_that_was_edited_just_before_a_crash_is_found_by_its_new_words_alone(told, make_engine, clock):
    dog, boat = told.turns()
    rows = [Row(NEW, dog.reply, dog.said_at), Row(*BOAT, boat.said_at)]
    told.journal.sync(Conversation("pets", "personal", "", "test", clock.now), rows, now=clock.now)
    told.close()
    again = make_engine(told.home.folder)
    assert again.search("Zephyrine")[0].turn_id == dog.id
    assert again.search("Biscuit") == []
    assert b"biscuit" not in b"".join(path.read_bytes().lower() for path in again.home.index_folder.rglob("*.db*"))


def test_a_turn_that_was_indexed_under_another_profile_moves_to_its_own(told):
    told._rooms.index_turns(told.turns()[:1], profile="work")
    refresh_index(told._rooms)
    assert told.search("Biscuit", profile="work") == []
    assert told.search("Biscuit")


def test_questions_that_were_written_just_before_a_crash_are_found(told, clock):
    dog, _ = told.turns()
    lesson = make_lesson(
        LessonKind.FACT,
        question="Who barks at the postman?",
        answer="Biscuit does.",
        key="Biscuit",
        turn_id=dog.id,
        turn_version=dog.version,
    )
    told.journal.add_lessons([lesson], base_fingerprint="a base", now=clock.now)
    assert refresh_index(told._rooms) == 1
    assert told.search("postman")[0].turn_id == dog.id
    assert refresh_index(told._rooms) == 0
