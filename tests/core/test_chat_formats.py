"""Chat files in the shapes that users have."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from cocolora.core.chat_formats import GREETING, NotAChat, Problem, parse_timestamp, read_chats

SAVED = {
    "internal": [
        [GREETING, "Hi, I am Chiharu."],
        ["My dog is called Rex.", "A fine name!"],
        ["שלום 👩‍👩‍👧", "مرحبا"],
        ["", "A dummy reply."],
        ["And now?", ""],
    ],
    "visible": [["", "Hi, I am Chiharu."], ["My dog is called Rex.", "A fine name!"], ["", ""], ["", ""], ["", ""]],
    "metadata": {
        "assistant_0": {"timestamp": "Nov 23, 2026 16:40"},
        "user_1": {"timestamp": "Nov 23, 2026 16:46"},
        "assistant_1": {
            "timestamp": "Nov 23, 2026 16:47",
            "versions": [
                {"content": "Hm.", "visible_content": "Hm.", "timestamp": "Nov 23, 2026 16:46"},
                {"content": "A fine name!", "visible_content": "A fine name!", "timestamp": "Nov 23, 2026 16:47"},
            ],
            "current_version_index": 1,
        },
        "assistant_2": {"timestamp": "Nov 23, 2026 16:50"},
    },
}
MESSAGES = [
    {"role": "system", "content": "You are kind."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello"},
]
SHAREGPT = {"id": "q1", "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}


def read(value, name="chat.json", **options):
    return read_chats(value if isinstance(value, str) else json.dumps(value), name=name, **options)


def texts(chat):
    return [row.texts for row in chat.rows]


def test_a_webui_chat_is_read_with_its_times_and_versions():
    parsed = read(SAVED, "Chiharu/20261123-16-40-00.json", zone=UTC)
    (chat,) = parsed.conversations
    assert (chat.id, chat.profile, chat.source) == ("20261123-16-40-00", "Chiharu", "webui")
    assert texts(chat) == [("My dog is called Rex.", "A fine name!"), ("שלום 👩‍👩‍👧", "مرحبا")]
    assert chat.rows[0].versions == ("Hm.", "A fine name!")
    assert [row.said_at.minute for row in chat.rows] == [46, 50]
    assert chat.started_at == datetime(2026, 11, 23, 16, 46, tzinfo=UTC)
    assert parsed.problems == (Problem(5, "it has no reply"),)


def test_an_api_chat_has_rows_of_four_and_no_metadata():
    parsed = read({"internal": [["Hi", "Hello", "", {}]], "visible": [["Hi", "Hello", "", {}]]}, "a.json")
    assert texts(parsed.conversations[0]) == [("Hi", "Hello")]
    assert parsed.conversations[0].rows[0].said_at is None


def test_malformed_rows_are_named_and_the_rest_goes_in():
    rows = [["Hi", "Hello"], "nonsense", ["one"], ["a", None], [1, "b"], ["Bye", "Bye!"]]
    parsed = read({"internal": rows, "visible": rows, "metadata": {"user_0": 7, "assistant_5": {"versions": [3]}}})
    assert texts(parsed.conversations[0]) == [("Hi", "Hello"), ("Bye", "Bye!")]
    assert [problem.row for problem in parsed.problems] == [2, 3, 4, 5]


def test_an_empty_chat_is_no_conversation_and_no_error():
    assert read({"internal": [], "visible": []}).conversations == ()


@pytest.mark.parametrize(
    "value",
    [
        {"messages": MESSAGES},
        [{"messages": MESSAGES}],
        MESSAGES,
        json.dumps({"messages": MESSAGES}) + "\n",
        "\n".join(map(json.dumps, MESSAGES)),
        "\ufeff" + json.dumps({"messages": MESSAGES}),
    ],
)
def test_openai_messages_are_read_in_every_wrapping(value):
    (chat,) = read(value).conversations
    assert texts(chat) == [("Hi", "Hello")]
    assert (chat.title, chat.source) == ("Hi", "openai")


@pytest.mark.parametrize("value", [SHAREGPT, [SHAREGPT], SHAREGPT["conversations"], json.dumps(SHAREGPT) + "\r\n"])
def test_sharegpt_is_read_in_every_wrapping(value):
    (chat,) = read(value).conversations
    assert texts(chat) == [("Hi", "Hello")]
    assert chat.source == "sharegpt"


def test_jsonl_names_its_malformed_lines():
    lines = [json.dumps({"messages": MESSAGES}), "{broken", "", json.dumps({"no": 1}), json.dumps(SHAREGPT)]
    parsed = read("\n".join(lines), "train.jsonl")
    assert len(parsed.conversations) == 2
    assert [problem.row for problem in parsed.problems] == [2, 4]
    assert "not JSON" in parsed.problems[0].reason


def test_a_malformed_message_names_its_object_and_its_place():
    bad = {"messages": [*MESSAGES, {"role": "wizard", "content": "x"}, {"role": "user", "content": 5}]}
    parsed = read([{"messages": MESSAGES}, bad])
    assert [problem.row for problem in parsed.problems] == [2, 2]
    assert parsed.problems[0].reason == "message 4: its role 'wizard' is unknown"


def test_messages_of_one_side_in_a_row_are_one_message():
    said = [
        ("assistant", "Welcome!"),
        ("user", "one"),
        ("user", "two"),
        ("assistant", None),
        ("tool", "42"),
        ("assistant", "x"),
        ("assistant", "y"),
        ("user", "unanswered"),
    ]
    parsed = read({"messages": [{"role": role, "content": content} for role, content in said]})
    assert texts(parsed.conversations[0]) == [("one\n\ntwo", "x\n\ny")]
    assert parsed.problems == (Problem(8, "it has no reply"),)


def test_content_in_parts_is_its_text():
    parts = [{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {}}, {"type": "text", "text": "see"}]
    parsed = read([{"role": "user", "content": parts}, {"role": "assistant", "content": "I do"}])
    assert texts(parsed.conversations[0]) == [("Look:\nsee", "I do")]


def test_ids_depend_on_what_was_said_and_not_on_the_file():
    one = read({"messages": MESSAGES}, "one.json").conversations[0].id
    assert read([{"messages": MESSAGES}, {"messages": MESSAGES}], "two.json").conversations[0].id == one
    longer = [*MESSAGES, {"role": "user", "content": "More"}, {"role": "assistant", "content": "No"}]
    assert read({"messages": longer}).conversations[0].id != one


def test_a_chat_with_its_own_id_keeps_it_when_it_grows():
    longer = {**SHAREGPT, "conversations": [*SHAREGPT["conversations"], *SHAREGPT["conversations"]]}
    assert read(longer).conversations[0].id == read(SHAREGPT).conversations[0].id


def test_the_same_chat_twice_in_one_file_is_one():
    assert len(read([{"messages": MESSAGES}] * 2).conversations) == 1


@pytest.mark.parametrize(
    "text", ["", "  \n", "not json", "7", '"x"', "[]", "{}", '{"foo": 1}', "[1, 2]", "[" * 100_000, "null", "\x00"]
)
def test_what_is_no_chat_is_refused_with_a_reason(text):
    with pytest.raises(NotAChat) as caught:
        read_chats(text, name="x.json")
    assert caught.value.reason


def test_half_an_emoji_is_read():
    parsed = read('[{"role": "user", "content": "\\ud83d"}, {"role": "assistant", "content": "ok"}]')
    assert parsed.conversations[0].rows[0].user == "\ud83d"


def test_timestamps_are_read_in_any_zone_and_nonsense_is_none():
    zone = timezone(timedelta(hours=5))
    assert parse_timestamp("Nov 3, 2026 06:05", zone) == datetime(2026, 11, 3, 1, 5, tzinfo=UTC)
    assert parse_timestamp("Nov 23, 2026 16:46") == datetime(2026, 11, 23, 16, 46).astimezone()
    assert [parse_timestamp(bad) for bad in (None, 5, "", "Nov 40, 2026 16:46", "Jan 1, 0001 00:00")] == [None] * 5
