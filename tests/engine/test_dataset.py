"""A dataset holds what one profile said and learned, and nothing that was forgotten or kept out of learning."""

import json
import stat

import pytest

from cocolora.core.lessons import LessonKind, make_lesson
from tests.engine.conftest import BOAT, BOSS, DOG


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def teach_lesson(engine, turn):
    lesson = make_lesson(
        LessonKind.FACT, question="Who?", answer="It is Biscuit.", key="Biscuit", turn_id=turn.id, turn_version=1
    )
    rule = make_lesson(LessonKind.RULE, question="answer briefly", answer="", key="", turn_id=turn.id, turn_version=1)
    for base in ("one base", "another base"):
        engine.journal.add_lessons([lesson, rule], base_fingerprint=base, now=turn.said_at)
    return lesson


def test_turns_and_lessons_have_dates_and_provenance(engine, tell, tmp_path):
    tell(engine, "pets", DOG)
    (turn,) = engine.turns()
    lesson = teach_lesson(engine, turn)
    assert engine.sharing.export_dataset(tmp_path / "set.jsonl") == 2
    origin = {
        "said_at": turn.said_at.isoformat(),
        "turn_id": turn.id,
        "turn_version": 1,
        "conversation_id": "pets",
    }
    told, learned = lines_of(tmp_path / "set.jsonl")
    assert told == {"messages": turn.messages, "kind": "turn", **origin}
    where = {"lesson_id": lesson.id, "held_out": False}
    assert learned == {"messages": lesson.messages, "kind": "fact", **origin, **where}


def test_forgotten_unlearnable_and_other_profiles_turns_stay_out(engine, tell, tmp_path):
    tell(engine, "pets", DOG, BOAT)
    tell(engine, "private", ("My pin is 1234.", "Ok."))
    tell(engine, "work", BOSS, profile="work")
    engine.journal.set_learnable("private", False)
    engine.forgetting.forget(engine.forgetting.plan(match="Biscuit"))
    engine.sharing.export_dataset(tmp_path / "set.jsonl")
    assert [line["messages"][0]["content"] for line in lines_of(tmp_path / "set.jsonl")] == [BOAT[0]]


def test_file_is_its_owners_alone_and_an_older_one_is_left_alone(engine, tell, tmp_path):
    tell(engine, "pets", DOG)
    engine.sharing.export_dataset(tmp_path / "set.jsonl")
    assert stat.S_IMODE((tmp_path / "set.jsonl").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        engine.sharing.export_dataset(tmp_path / "set.jsonl")


def test_dataset_can_be_imported_as_a_chat(engine, make_engine, tell, tmp_path):
    tell(engine, "pets", DOG, BOAT)
    engine.sharing.export_dataset(tmp_path / "set.jsonl")
    friend = make_engine(tmp_path / "friend")
    assert friend.conversations.import_chats([tmp_path / "set.jsonl"]).turns == 2
