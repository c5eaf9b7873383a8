"""The index keeps what it is given, erases what is dropped, and survives damage."""

import logging
import re
import sqlite3
import stat
import sys
import threading
from random import Random

import pytest

from cocolora.retrieval import SearchIndex
from tests.retrieval.fakes import LetterPairs, files_holding, question, unit

SECRET = unit("secret", "My safe opens with xylophone and marmalade.\nUnderstood.")
OTHERS = [unit(f"t{i}", f"I like song{i} and the river{i % 7}.") for i in range(300)]


def test_adding_the_same_again_changes_nothing(index, tmp_path):
    index.add([SECRET, *OTHERS])
    before = index.search("xylophone song7", profile="personal")
    index.add([SECRET, SECRET, *OTHERS])
    assert index.search("xylophone song7", profile="personal") == before


def test_replaced_text_is_no_longer_found_nor_in_the_files(index, tmp_path):
    index.add([SECRET, *OTHERS])
    index.add([unit("secret", "My safe opens with nothing.")])
    assert index.search("xylophone", profile="personal") == []
    index.tidy()
    assert files_holding(tmp_path, b"xylophon", b"marmalad") == []


def test_turn_that_moves_to_another_profile_leaves_the_first(index):
    index.add([SECRET])
    index.add([unit("secret", SECRET.text, profile="work")])
    assert index.search("xylophone", profile="personal") == []
    assert [hit.turn_id for hit in index.search("xylophone", profile="work")] == ["secret"]


@pytest.mark.parametrize("reopened", [False, True])
def test_dropped_turn_leaves_no_byte(reopened, tmp_path):
    index = SearchIndex.open(tmp_path)
    index.add([*OTHERS[:150], SECRET, question("secret", "What about the marmalade?"), *OTHERS[150:]])
    assert files_holding(tmp_path, b"xylophon")
    if reopened:
        index.close()
        index = SearchIndex.open(tmp_path)
    index.drop_turns(["secret"])
    assert files_holding(tmp_path, b"xylophon", b"marmalad", b"secret") == []
    assert index.search("xylophone", profile="personal") == []
    assert len(index.known_turns()) == 300
    index.close()
    assert files_holding(tmp_path, b"xylophon", b"marmalad", b"secret") == []


def test_in_any_order_of_adding_and_dropping_no_word_of_a_dropped_turn_is_left(tmp_path):
    random = Random(7)
    index = SearchIndex.open(tmp_path)
    kept: set[int] = set()
    for start in range(0, 400, 40):
        numbers = range(start, start + 40)
        words = " ".join(f"filler{random.randrange(2_000)}" for _ in range(random.choice([3, 30, 900])))
        index.add(unit(f"turn{number:05}", f"hidden{number:05}x {words} hidden{number:05}y") for number in numbers)
        kept |= set(numbers)
        gone = random.sample(sorted(kept), len(kept) // 2)
        index.drop_turns(f"turn{number:05}" for number in gone)
        kept -= set(gone)
        content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        left = {int(found) for found in re.findall(rb"(?:hidden|turn)(\d{5})", content)}
        assert left <= kept
    index.close()


def test_dropped_turn_leaves_no_byte_while_others_search(tmp_path):
    index = SearchIndex.open(tmp_path)
    index.add([SECRET, *OTHERS])
    stop = threading.Event()

    def keep_searching():
        while not stop.is_set():
            index.search("xylophone song7 river2", profile="personal")

    threads = [threading.Thread(target=keep_searching) for _ in range(3)]
    for thread in threads:
        thread.start()
    index.drop_turns(["secret"])
    found = files_holding(tmp_path, b"xylophon", b"marmalad")
    stop.set()
    for thread in threads:
        thread.join()
    index.close()
    assert found == []


def test_turns_can_be_dropped_now_and_erased_later(tmp_path):
    index = SearchIndex.open(tmp_path)
    index.add([SECRET, *OTHERS])
    index.drop_turns(["secret"], erase=False)
    assert index.search("xylophone", profile="personal") == []
    index.close()
    assert files_holding(tmp_path, b"xylophon", b"marmalad") == []


def test_index_that_is_locked_for_long_is_left_alone_and_says_that_it_is_incomplete(tmp_path):
    index = SearchIndex.open(tmp_path)
    index.add(OTHERS)
    index._writer.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(tmp_path / "words.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    index.add([SECRET])
    other.execute("ROLLBACK")
    other.close()
    assert index.needs_rebuild
    assert len(index.known_turns()) == 300
    index.close()


def test_unknown_turns_can_be_dropped(index):
    index.add([SECRET])
    index.drop_turns(["never", "heard", "of"])
    index.drop_turns([])
    assert index.known_turns() == {"secret"}


def test_index_is_the_same_after_it_was_closed(tmp_path):
    index = SearchIndex.open(tmp_path / "i")
    index.add([SECRET, *OTHERS])
    before = index.search("xylophone river3", profile="personal")
    index.close()
    again = SearchIndex.open(tmp_path / "i")
    assert again.search("xylophone river3", profile="personal") == before
    assert not again.needs_rebuild
    again.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_only_the_owner_reads_the_files(tmp_path):
    index = SearchIndex.open(tmp_path / "i", find_embedder=LetterPairs)
    index.add([SECRET])
    index.catch_up([SECRET])
    assert stat.S_IMODE((tmp_path / "i").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "i" / "vectors").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "i" / "words.db").stat().st_mode) == 0o600
    index.close()


def test_many_threads_add_and_search_at_once(index):
    failures = []

    def work(number):
        try:
            for i in range(20):
                index.add([unit(f"w{number}-{i}", f"worker{number} made item{i}")])
                index.search(f"worker{number} item{i}", profile="personal")
        except Exception as error:  # noqa: BLE001 - collected for the assertion
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(index.known_turns()) == 120
    assert not index.needs_rebuild


def test_two_processes_worth_of_indexes_share_one_folder(tmp_path):
    one, two = SearchIndex.open(tmp_path), SearchIndex.open(tmp_path)
    one.add([SECRET])
    two.add(OTHERS[:5])
    assert [hit.turn_id for hit in two.search("xylophone", profile="personal")] == ["secret"]
    one.drop_turns(["secret"])
    assert two.search("xylophone", profile="personal") == []
    one.close()
    two.close()


def damaged(content):
    middle = len(content) // 2
    return {
        "garbage": b"this is no database" * 500,
        "cut off": content[:middle],
        "holes": content[:4096] + b"\x00" * (len(content) - 4096),
        "noise inside": content[:8192] + bytes(range(256)) * ((len(content) - 8192) // 256),
        "newer format": content[:60] + (99).to_bytes(4, "big") + content[64:],
    }


@pytest.mark.parametrize("kind", ["garbage", "cut off", "holes", "noise inside", "newer format"])
def test_damaged_index_is_emptied_and_says_so(kind, tmp_path, caplog):
    index = SearchIndex.open(tmp_path)
    index.add([SECRET, *OTHERS])
    index.close()
    file = tmp_path / "words.db"
    file.write_bytes(damaged(file.read_bytes())[kind])
    with caplog.at_level(logging.WARNING):
        index = SearchIndex.open(tmp_path)
    assert index.needs_rebuild
    assert "rebuilt" in caplog.text
    assert index.known_turns() == set()
    index.rebuild([SECRET])
    assert not index.needs_rebuild
    assert [hit.turn_id for hit in index.search("xylophone", profile="personal")] == ["secret"]
    index.close()


def test_index_that_breaks_while_it_is_open_never_breaks_a_chat(tmp_path):
    index = SearchIndex.open(tmp_path)
    index.add([SECRET, *OTHERS])
    index._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    index._writer.execute("DROP TABLE units")
    assert index.search("xylophone", profile="personal") == []
    assert index.needs_rebuild
    index.add([SECRET])
    assert index.known_turns() == {"secret"}
    index.close()
