"""Search on other people's chats, where a copy of that set lies beside the repository."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cocolora.retrieval import SearchIndex
from tests.retrieval.fakes import unit

DATA = Path(__file__).parents[3] / "shared" / "data" / "memorybank"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the MemoryBank chats are not beside the repository")


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    opened = SearchIndex.open(tmp_path_factory.mktemp("memorybank"))
    chats = json.loads((DATA / "conversations.json").read_text(encoding="utf-8"))
    opened.add(
        unit(
            f"{user}/{day}/{number}",
            f"{pair['query']}\n{pair['response']}",
            profile=user,
            said_at=datetime.fromisoformat(day).replace(tzinfo=UTC),
            conversation_id=f"{user}/{day}",
            position=number,
            asks=pair["response"].rstrip().endswith("?"),
        )
        for user, chat in chats.items()
        for day, pairs in chat["history"].items()
        for number, pair in enumerate(pairs)
    )
    yield opened
    opened.close()


@pytest.mark.parametrize(("wording", "expected"), [("question", 0.92), ("paraphrase", 0.88)])
def test_words_alone_find_the_evidence_among_the_first_five(wording, expected, index):
    lines = (DATA / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [question for question in map(json.loads, lines) if question["answerable"]]
    found = 0
    for question in asked:
        evidence = {f"{question['user']}/{day}/{number}" for day, number in question["evidence"]}
        hits = index.search(question[wording], profile=question["user"], limit=5)
        found += any(hit.turn_id in evidence for hit in hits)
    assert found / len(asked) >= expected
