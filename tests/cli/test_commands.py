"""The command line over a real home."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cocolora.cli import main
from cocolora.core.conversations import Conversation
from cocolora.core.reconcile import Row
from cocolora.engine import Engine
from cocolora.journal import Journal
from tests.sharing.bundles import make_adapter


@pytest.fixture
def run(tmp_path, capsys):
    """Return a function that runs a command with --json on a temporary home and returns (exit code, output)."""

    def run(*words):
        code = main([words[0], "--home", str(tmp_path / "home"), "--json", *map(str, words[1:])])
        return code, json.loads(capsys.readouterr().out.strip().splitlines()[-1])

    return run


@pytest.fixture
def chat_file(tmp_path):
    path = tmp_path / "chats.jsonl"
    good = {
        "messages": [{"role": "user", "content": "I live in Brackenridge."}, {"role": "assistant", "content": "Ok."}]
    }
    path.write_text(f"{json.dumps(good)}\nnot json\n", encoding="utf-8")
    return path


def test_importing_names_the_bad_rows_and_importing_twice_adds_nothing(run, chat_file):
    code, first = run("import", chat_file)
    assert code == 0
    assert first["turns"] == 1
    assert "row 2" in first["problems"][0]
    assert run("import", chat_file)[1]["turns"] == 0


def test_a_saved_incognito_chat_is_not_imported(run, chat_file):
    (chat_file.parent / "None.jsonl").write_text(chat_file.read_text(encoding="utf-8"), encoding="utf-8")
    code, answer = run("import", chat_file.parent / "None.jsonl")
    assert (code, answer["turns"]) == (0, 0)
    assert "private" in answer["problems"][0]


def test_a_file_that_is_no_chat_is_refused_in_one_sentence(run, tmp_path):
    path = tmp_path / "letter.json"
    path.write_text("Dear all", encoding="utf-8")
    code, answer = run("import", path)
    assert code == 1
    assert "letter.json is not a chat that cocolora reads" in answer["error"]


def test_forgetting_needs_a_yes(run, chat_file):
    run("import", chat_file)
    code, answer = run("forget", "--match", "Brackenridge")
    assert (code, answer["forgotten_turns"]) == (1, 0)
    code, answer = run("forget", "--match", "Brackenridge", "--yes")
    assert (code, answer["forgotten_turns"]) == (0, 1)
    code, answer = run("forget", "--match", "Brackenridge", "--yes")
    assert code == 1
    assert "Brackenridge" in answer["error"]


def test_a_dataset_holds_text_and_needs_a_yes(run, chat_file, tmp_path):
    run("import", chat_file)
    code, answer = run("export", "--dataset", tmp_path / "set.jsonl")
    assert (code, answer["lines"]) == (1, 0)
    assert not (tmp_path / "set.jsonl").exists()
    code, answer = run("export", "--dataset", tmp_path / "set.jsonl", "--yes")
    assert (code, answer["lines"]) == (0, 1)
    assert "Brackenridge" in (tmp_path / "set.jsonl").read_text(encoding="utf-8")


def test_an_export_without_a_target_says_what_it_takes(run):
    code, answer = run("export")
    assert code == 1
    assert "cocolora export stack.zip" in answer["error"]


def test_a_key_is_made_once_and_shown(run, tmp_path):
    assert run("key") == (0, {"public_key": None})
    code, made = run("key", "--make")
    assert code == 0
    assert made["public_key"].startswith("RW")
    assert run("key")[1] == made
    code, answer = run("key", "--make")
    assert code == 1
    assert "signing.key" in answer["error"]
    assert run("verify") == (0, {"faults": []})


def test_unknown_adapters_are_named_with_the_next_step(run):
    code, answer = run("adapters", "nobody", "--activation", "off")
    assert code == 1
    assert answer["error"].startswith('There is no adapter "nobody".')


@pytest.fixture
def namesakes(tmp_path):
    """The ids of two adapters of one name, by the profile that each is in."""
    (tmp_path / "home").mkdir()
    journal = Journal.open(tmp_path / "home" / "journal.db")
    kept = {}
    for profile in ("personal", "work"):
        adapter = make_adapter(tmp_path / profile).adapter
        (again,) = journal.add_adapters([replace(adapter, id=profile, name="garden", profile=profile)])
        kept[profile] = again.id
    journal.close()
    return kept


def test_a_name_that_several_profiles_have_is_refused_until_the_profile_or_the_id_is_given(run, namesakes):
    code, answer = run("adapters", "garden", "--delete")
    assert code == 1
    for profile, adapter_id in namesakes.items():
        assert f'{adapter_id} in the profile "{profile}"' in answer["error"]
    assert run("adapters", "garden", "--profile", "work", "--delete") == (0, {"adapters": []})
    assert [adapter["id"] for adapter in run("adapters")[1]["adapters"]] == [namesakes["personal"]]
    assert run("adapters", "garden", "--profile", "work", "--delete")[0] == 1
    assert run("adapters", namesakes["personal"], "--delete") == (0, {"adapters": []})


def test_an_empty_home_verifies_clean(run):
    assert run("verify") == (0, {"faults": []})


def test_a_damaged_journal_is_named_and_left_as_it_is(run, tmp_path):
    journal = tmp_path / "home" / "journal.db"
    journal.parent.mkdir()
    journal.write_bytes(b"this is no database" * 500)
    code, answer = run("status")
    assert code == 1
    assert "cannot be read" in answer["error"]
    assert journal.read_bytes().startswith(b"this is no database")


def test_a_base_that_is_not_there_is_named(run, tmp_path):
    code, answer = run("ask", "--base", tmp_path / "nowhere", "Hello?")
    assert code == 1
    assert "nowhere" in answer["error"]


def test_starting_the_command_line_loads_none_of_the_heavy_libraries():
    heavy = ("torch", "transformers", "peft", "chromadb", "gradio")
    code = f"import sys, cocolora.cli.commands; print([name for name in {heavy} if name in sys.modules])"
    paths = [path for path in sys.path if path]
    found = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[]"


def test_profiles_are_listed_and_deleted_and_everything_is_purged(run, chat_file, tmp_path):
    run("import", chat_file, "--profile", "work")
    assert run("profile", "list")[1]["profiles"][1] == {"name": "work", "conversations": 1, "turns": 1, "adapters": 0}
    assert run("profile", "delete", "work")[0] == 1
    assert run("profile", "delete", "work", "--yes")[0] == 0
    assert run("profile", "list")[1]["profiles"][1] == {"name": "work", "conversations": 0, "turns": 0, "adapters": 0}
    run("import", chat_file)
    assert run("purge")[0] == 1
    assert run("purge", "--yes")[1]["deleted"]
    assert not (tmp_path / "home").exists()


def test_recording_of_one_conversation_is_switched_off_and_on(run, chat_file, tmp_path):
    run("import", chat_file)
    home = Engine(tmp_path / "home", lambda: None)
    (chat,) = home.journal.conversations()
    code, answer = run("recording", chat.id, "off")
    assert (code, answer["recorded"]) == (0, False)
    assert not home.journal.is_recorded(chat, [], now=chat.started_at)
    assert "from now on" in run("recording", chat.id, "on")[1]["message"]
    assert home.journal.is_recorded(chat, [], now=chat.started_at)
    home.close()
    run("settings", "recording.enabled=false")
    assert "recording.enabled" in run("recording", chat.id, "on")[1]["message"]
    assert run("recording", "nowhere", "off")[0] == 1


def test_purge_is_refused_while_another_program_has_the_home_open(run, chat_file, tmp_path):
    run("import", chat_file)
    webui = Engine(tmp_path / "home", lambda: None, resident=True)
    code, answer = run("purge", "--yes")
    assert code == 1
    assert "Close it first" in answer["error"]
    assert [turn.user for turn in webui.turns()]
    webui.close()
    assert run("purge", "--yes")[1]["deleted"]


def test_a_damaged_journal_is_purged(run, chat_file, tmp_path):
    run("import", chat_file)
    (tmp_path / "home" / "journal.db").write_bytes(b"no database" * 1000)
    assert run("purge", "--yes")[0] == 0
    assert not (tmp_path / "home").exists()


def test_purge_leaves_what_is_not_cocoloras(run, chat_file, tmp_path):
    run("import", chat_file)
    (tmp_path / "home" / "letter.txt").write_text("mine")
    run("purge", "--yes")
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["letter.txt"]


def test_a_setting_is_changed_for_all_profiles_or_for_one(run):
    assert run("settings", "learning.rank=16", "profiles.names=garden, work")[1]["learning"]["rank"] == 16
    assert run("settings", "learning.rank=4", "--only-in", "work")[1]["learning"]["rank"] == 4
    assert run("settings")[1]["learning"]["rank"] == 16
    assert run("settings")[1]["profiles"]["names"] == ["garden", "work"]
    for wrong in ("rank=4", "learning.rank", "learning.rank=0", "nothing.rank=4"):
        code, answer = run("settings", wrong)
        assert code == 1
        assert answer["error"]
    assert run("settings", "jobs.attempts=2", "--only-in", "work")[0] == 1
    assert run("settings", "--only-in", "work")[1]["learning"]["rank"] == 4


def test_what_is_remembered_of_something_is_shown_with_its_date_and_id(run, chat_file):
    run("import", chat_file)
    [turn] = run("memory", "Where", "do", "I", "live?")[1]["turns"]
    assert (turn["user"], turn["reply"]) == ("I live in Brackenridge.", "Ok.")
    assert run("memory", "Where do I live?", "--profile", "work")[1] == {"turns": []}
    assert run("forget", "--turn", turn["id"], "--yes")[0] == 0
    assert run("memory", "Where do I live?")[1] == {"turns": []}


def test_what_shaped_a_reply_and_what_was_learned_last_are_answered_as_in_the_chat(run, tmp_path):
    said_at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    engine = Engine(tmp_path / "home", lambda: None)
    engine.record(Conversation("pets", "personal", "", "test", said_at), [Row("My dog is Rex.", "Ok.", said_at)])
    parts = engine.contextualise("What is my dog called?").parts
    later = Conversation("later", "personal", "", "test", said_at)
    engine.record(later, [Row("What is my dog called?", "Rex.", said_at)], parts=parts)
    engine.close()
    assert "My dog is Rex." in run("why", "later")[1]["why"]
    assert "not known here" in run("why", "nobody")[1]["why"]
    assert run("undo")[1]["message"] == "Nothing that was learned is switched on."


def test_a_turn_is_edited(run, chat_file, tmp_path):
    run("import", chat_file)
    journal = Journal.open(tmp_path / "home" / "journal.db")
    (turn,) = (turn.id for turn in journal.turns())
    journal.close()
    code, answer = run("edit", turn, "--user", "I live in Harrowgate.")
    assert (code, answer["revised"]) == (0, [turn])
    assert run("edit", turn, "--user", " ")[0] == 1
    assert run("edit", "nobody", "--user", "Hello.")[0] == 1
    assert run("forget", "--match", "Harrowgate", "--yes")[1]["forgotten_turns"] == 1


@pytest.mark.parametrize(
    ("option", "number", "wanted"),
    [("--facts", "0", "from 1 to 1000"), ("--facts", "1001", "from 1 to 1000"), ("--seeds", "0", "1 or more")],
)
def test_a_bench_with_a_number_that_it_cannot_use_does_not_begin(capsys, option, number, wanted):
    with pytest.raises(SystemExit) as ended:
        main(["bench", "learning", option, number])
    assert ended.value.code == 2
    assert f"argument {option}: {number} is not {wanted}" in capsys.readouterr().err
