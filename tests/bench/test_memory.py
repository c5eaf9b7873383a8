"""The memory benchmark: right marks on chats whose answers are known, beside what a user would do instead."""

import json

import pytest

from cocolora.bench.chat_set import read_chat_set
from cocolora.bench.memory import run_memory
from cocolora.core.events import ignore_progress
from cocolora.errors import ChatFileInvalid

CHATS = {
    "Ada": {
        "history": {
            "2024-03-01": [
                {"query": "I planted tulips.", "response": "Lovely. What colour are they?"},
                {"query": "The colour of the tulips is crimson.", "response": "They will look splendid."},
                {"query": "It rains a lot here.", "response": "I hope it clears up."},
            ],
            "2024-03-02": [{"query": "I planted leeks too.", "response": "Good for soup."}],
        }
    },
    "Ben": {"history": {"2024-03-01": [{"query": "I planted tulips as well.", "response": "In spring?"}]}},
}


def asked(question, *evidence, dated=False, answerable=True):
    return {
        "user": "Ada",
        "question": question,
        "paraphrase": question,
        "evidence": list(evidence),
        "answerable": answerable,
        "asks_about_time": dated,
    }


QUESTIONS = [
    asked("What colour are the tulips I planted?", ["2024-03-01", 1]),
    asked("What did I plant on 2 March 2024?", ["2024-03-02", 0], dated=True),
    asked("What is my cat called?", answerable=False),
]


@pytest.fixture
def chat_set(tmp_path):
    (tmp_path / "conversations.json").write_text(json.dumps(CHATS), encoding="utf-8")
    lines = "\n".join(map(json.dumps, QUESTIONS))
    (tmp_path / "questions.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


def run(data, *, embedder=None, turns=(), base=None):
    return run_memory(data, embedder=embedder, turns=turns, base=base, on_progress=ignore_progress)


def test_every_system_is_marked_on_the_answerable_questions_alone(chat_set):
    result = run(chat_set)
    assert result["questions"] == 2
    for marks in result["systems"].values():
        assert set(marks) == {"questions", "paraphrases", "dated"}
        assert all(0 <= row["r1"] <= row["mrr"] <= row["r10"] <= 1 for row in marks.values())


def test_answer_to_a_question_of_the_reply_is_found_first_where_plain_word_search_finds_the_question(chat_set):
    systems = run(chat_set)["systems"]
    assert systems["cocolora_lexical"]["questions"]["r1"] == 1
    assert systems["cocolora_lexical"]["dated"]["r1"] == 1
    assert systems["bm25"]["questions"]["r1"] < 1


def test_without_an_embedder_the_benchmark_says_so_and_goes_on_by_words(chat_set, tmp_path):
    result = run(chat_set, embedder=tmp_path / "nothing")
    assert set(result["systems"]) == {"cocolora_lexical", "bm25"}
    assert "modules.json" in result["embedder_trouble"]


def test_folder_that_holds_no_chat_set_is_refused(tmp_path):
    with pytest.raises(ChatFileInvalid):
        read_chat_set(tmp_path)


def test_costs_are_taken_at_each_size(demo_base):
    result = run(None, turns=(40, 80), base=demo_base)
    for name in ("query_ms", "plain_bm25_ms", "record_ms", "remember"):
        assert list(result[name]) == ["40", "80"]
    assert result["query_ms"]["80"]["p95"] >= result["query_ms"]["80"]["p50"] > 0


@pytest.mark.slow
def test_past_turns_of_real_chats_are_found_better_than_by_words_or_vectors_alone(shared_data, minilm):
    systems = run(shared_data / "memorybank", embedder=minilm)["systems"]
    ours, words = systems["cocolora"], systems["cocolora_lexical"]
    for row in ("questions", "paraphrases", "dated"):
        for mark in ("r1", "r5", "r10", "mrr"):
            assert ours[row][mark] >= max(systems["bm25"][row][mark], systems["dense"][row][mark])
        assert ours[row]["r5"] >= 0.98
    assert min(ours["questions"]["r1"], ours["paraphrases"]["r1"]) >= 0.65
    assert words["questions"]["r5"] >= 0.92
    assert words["paraphrases"]["r5"] >= 0.88
