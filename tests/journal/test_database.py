"""Opening, damage, migrations, threads, processes and sudden ends."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import threading
import time

import pytest

from cocolora.core.ids import derive_id
from cocolora.core.reconcile import Row
from cocolora.core.records import Synced
from cocolora.errors import JournalDamaged, JournalTooNew
from cocolora.journal import Journal
from cocolora.journal.database import to_text
from cocolora.journal.migrations import APPLICATION_ID, MIGRATIONS
from tests.journal.lives import NOON, chat, run_python, said, start_python, texts

WRITER = """
import sys
from cocolora.core.reconcile import Row
from cocolora.journal import Journal
from tests.journal.lives import NOON, chat
journal = Journal.open(sys.argv[1])
rows = []
for number in range(int(sys.argv[3])):
    rows.append(Row(f"{sys.argv[2]} {number}", "answer " * 50, NOON))
    journal.sync(chat(sys.argv[2]), rows, now=NOON)
    print(number, flush=True)
journal.close()
"""


def test_a_journal_keeps_what_it_was_told(tmp_path):
    path = tmp_path / "new" / "folder" / "journal.db"
    first = Journal.open(path)
    first.sync(chat(), said(("a", "1")), now=NOON)
    first.close()
    again = Journal.open(path)
    assert texts(again) == [("a", "1")]
    again.close()
    assert texts(again) == [("a", "1")]
    again.close()


@pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX")
def test_nobody_else_can_read_the_files(tmp_path):
    path = tmp_path / "journal.db"
    path.touch(mode=0o644)
    journal = Journal.open(path)
    journal.sync(chat(), said(("a", "1")), now=NOON)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    journal.close()
    assert set(modes.values()) == {0o600}
    assert len(modes) == 3


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_what_is_no_database_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    with pytest.raises(JournalDamaged, match="left as it is"):
        Journal.open(path)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kept", [100, 4096, 20_000])
def test_a_truncated_journal_is_refused_and_left_alone(tmp_path, kept):
    path = tmp_path / "journal.db"
    fill(path)
    path.write_bytes(path.read_bytes()[:kept])
    before = path.read_bytes()
    with pytest.raises(JournalDamaged):
        Journal.open(path)
    assert path.read_bytes() == before


def fill(path) -> None:
    journal = Journal.open(path)
    journal.sync(chat(), said(*((f"question {number}", "x" * 500) for number in range(100))), now=NOON)
    journal.close()


def test_damage_in_the_middle_is_named_when_it_is_opened(tmp_path):
    path = tmp_path / "journal.db"
    fill(path)
    content = bytearray(path.read_bytes())
    content[-4096 * 4 :] = os.urandom(4096 * 4)
    path.write_bytes(content)
    with pytest.raises(JournalDamaged):
        Journal.open(path)


def test_damage_while_it_is_open_is_named_and_verify_never_raises(tmp_path):
    path = tmp_path / "journal.db"
    fill(path)
    journal = Journal.open(path)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + os.urandom(len(content) - 4096))
    with pytest.raises(JournalDamaged):
        journal.turns()
    assert journal.verify()
    journal.close()


def test_another_program_s_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "journal.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalDamaged, match="another program"):
        Journal.open(path)
    assert path.read_bytes() == before


def test_a_journal_of_an_earlier_format_is_brought_up_to_date_with_what_it_holds(tmp_path):
    path = tmp_path / "j.db"
    connection = sqlite3.connect(path)
    for statement in (one for step in MIGRATIONS[:4] for one in step):
        connection.execute(statement)
    turn_id = derive_id("turn", "chat-1", 0)
    connection.execute("INSERT INTO conversations VALUES ('chat-1', 'personal', '', 'webui', ?, 1)", (to_text(NOON),))
    connection.execute(
        "INSERT INTO turns VALUES (?, 'chat-1', 'personal', 0, ?, 1, 'current')", (turn_id, to_text(NOON))
    )
    connection.execute("INSERT INTO versions VALUES (?, 1, 'hi', 'hello', 'recorded', ?)", (turn_id, to_text(NOON)))
    connection.execute("INSERT INTO conversation_turns VALUES ('chat-1', ?, 0)", (turn_id,))
    connection.execute("PRAGMA user_version = 4")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.commit()
    connection.close()
    journal = Journal.open(path)
    assert [(turn.user, turn.learnable) for turn in journal.turns()] == [("hi", True)]
    assert journal.parts([turn_id]) == {}
    assert [turn.id for turn in journal.unread("personal", "base")] == [turn_id]
    journal.close()


def test_a_newer_journal_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "journal.db"
    fill(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalTooNew, match="Update cocolora"):
        Journal.open(path)
    assert path.read_bytes() == before


def test_a_folder_or_a_place_that_cannot_be_written_is_a_clear_error(tmp_path):
    with pytest.raises(JournalDamaged):
        Journal.open(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(JournalDamaged):
        Journal.open(tmp_path / "file" / "journal.db")


def test_a_failed_write_changes_nothing(tmp_path):
    journal = Journal.open(tmp_path / "journal.db")
    rows = [Row("a", "1", NOON), Row("b", 7)]  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        journal.sync(chat(), rows, now=NOON)
    assert journal.conversations() == []
    journal.close()


def test_many_threads_write_at_once_and_nothing_is_lost(tmp_path):
    journal = Journal.open(tmp_path / "journal.db")
    errors: list[Exception] = []

    def live(name: str) -> None:
        try:
            rows: list[Row] = []
            for number in range(15):
                rows.append(Row(f"{name} {number}", "ok", NOON))
                journal.sync(chat(name), rows, now=NOON)
                journal.turns(conversation_id=name)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test tells
            errors.append(error)

    threads = [threading.Thread(target=live, args=(f"chat-{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(journal.turns()) == 8 * 15
    assert journal.verify() == []
    assert len(journal._database._connections) <= 9
    late = threading.Thread(target=journal.turns)
    late.start()
    late.join()
    assert len(journal._database._connections) == 2
    journal.close()


def test_two_threads_that_record_the_same_history_record_it_once(tmp_path):
    journal = Journal.open(tmp_path / "journal.db")
    rows = said(*((f"q{number}", "a") for number in range(20)))
    results: list[Synced] = []
    threads = [threading.Thread(target=lambda: results.append(journal.sync(chat(), rows, now=NOON))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(result.recorded) for result in results) == [0, 0, 0, 0, 0, 20]
    journal.close()


def test_processes_share_a_journal_and_create_it_together(tmp_path):
    path = tmp_path / "journal.db"
    writers = [start_python(WRITER, path, f"chat-{number}", 20) for number in range(3)]
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    journal = Journal.open(path)
    assert len(journal.turns()) == 60
    assert journal.verify() == []
    journal.close()


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
def test_a_process_that_is_killed_in_mid_write_leaves_a_sound_journal(tmp_path):
    path = tmp_path / "journal.db"
    for attempt in range(3):
        writer = start_python(WRITER, path, f"chat-{attempt}", 10_000)
        assert writer.stdout is not None
        said_lines = [writer.stdout.readline() for _ in range(5)]
        time.sleep(0.01 * attempt)
        writer.send_signal(signal.SIGKILL)
        said_lines += writer.communicate(timeout=60)[0].split()
        journal = Journal.open(path)
        assert journal.verify() == []
        recorded = len(journal.turns(conversation_id=f"chat-{attempt}"))
        assert recorded >= len([line for line in said_lines if line.strip().isdigit()])
        journal.close()


def test_a_later_process_reads_what_an_earlier_one_wrote(tmp_path):
    run_python(WRITER, tmp_path / "journal.db", "chat-1", 3)
    journal = Journal.open(tmp_path / "journal.db")
    assert len(texts(journal)) == 3
    journal.close()
