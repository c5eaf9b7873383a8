import os
import threading
from pathlib import Path

import gradio as gr
import pytest

from cocolora.core.adapters import Activation, AdapterState
from cocolora.core.export import ExportForm
from cocolora.engine import Engine
from cocolora.engine.home import Home
from cocolora.engine.import_report import Imported
from cocolora.engine.leaks import Leak
from cocolora.engine.share import QUESTIONS_FILE, ExportWish
from cocolora.errors import KeyUnusable, NoModel
from cocolora.sharing import CheckedAdapter, CheckedBundle, Limits
from cocolora.ui import importing, sharing
from cocolora.ui.page import Lookout, Preparation
from tests.ui.conftest import STARTED, blocks_of

PLAIN = {"name": "mine", "with_questions": False, "signed": True, "base_folder": None, "target": None}


def prepare(engine, page, form="bundle", adapter_ids=(), **wanted):
    return sharing.prepare(engine, page, list(adapter_ids), form, **{**PLAIN, **wanted})


def prepared(page, adapters, **wish):
    page.preparation = Preparation(ExportWish(page.profile, **wish), Path("mine.zip"), tuple(adapters), "")


def test_without_a_tested_adapter_there_is_nothing_to_export(engine, page, learned):
    learned("bad", state=AdapterState.REJECTED, activation=Activation.OFF)
    assert prepare(engine, page) == sharing.NOTHING_TO_SHARE
    assert "press Learn now" in sharing.NOTHING_TO_SHARE
    assert not sharing._has_any(Lookout(engine).look(page))
    assert sharing.export(engine, page) == "Look at what would leave first."
    assert page.leaving is None


def test_what_a_form_needs_is_asked_for_before_anything_else(engine, page, learned, tmp_path):
    learned("pets", profile=page.profile)
    assert prepare(engine, page, "merged") == sharing.BASE_NEEDED
    assert prepare(engine, page, "gguf") == sharing.BASE_NEEDED
    assert prepare(engine, page, "merged", base_folder=str(tmp_path)) == sharing.TARGET_NEEDED
    assert prepare(engine, page, "merged", base_folder=".", target=str(tmp_path)) == sharing.TARGET_NEEDED
    with pytest.raises(NoModel):
        prepare(engine, page)
    assert page.preparation is None


def test_what_would_leave_says_what_it_holds_what_it_tells_and_who_signs_it(engine, page, learned, monkeypatch):
    adapters = [learned("<Anna>"), learned("Bert")]
    prepared(page, adapters)
    shown = sharing.show_preparation(Lookout(engine).look(page))
    for words in ("2 adapters would leave, with no text of your chats", "<li>&lt;Anna&gt;</li>", sharing.UNCHECKED):
        assert words in shown
    assert sharing.WHAT_IT_TELLS in shown
    assert "there is no key yet" in shown
    leaks = tuple(Leak(adapter, keys=4, asked=3, begun=1) for adapter in adapters)
    monkeypatch.setattr(engine.sharing, "leaks", lambda found: leaks)
    prepared(page, adapters, form=ExportForm.COMBINED)
    shown = sharing.show_preparation(Lookout(engine).look(page))
    assert "&quot;Bert&quot; recites 3 of 4 private answers" in shown
    assert "spoil each other" in shown
    assert sharing.leave(engine, page) == "Nothing was written."
    assert sharing.show_preparation(Lookout(engine).look(page)) == ""


def test_a_leak_check_that_waits_for_another_job_is_under_way(engine, page, learned):
    go_on = threading.Event()
    engine.jobs.handlers |= {"evaluate": lambda task: str(go_on.wait(30)), "leaks": lambda task: "Checked."}
    adapter = learned("pets")
    prepared(page, [adapter])
    engine.jobs.submit("evaluate")
    engine.sharing.start_leak_check([adapter])
    view = Lookout(engine).look(page)
    assert engine.jobs.current.kind == "evaluate"
    assert sharing.CHECKING in sharing.show_preparation(view)
    assert not sharing._can_leave(view)
    go_on.set()
    assert engine.jobs.wait(timeout_s=30)
    assert sharing._can_leave(Lookout(engine).look(page))


def test_an_export_is_a_job_and_nothing_is_offered_before_it_is_written(engine, page, learned):
    prepared(page, [learned("pets")])
    assert sharing.export(engine, page) == ""
    assert engine.jobs.wait(timeout_s=30)
    assert "No model is loaded" in engine.jobs.last.message
    view = Lookout(engine).look(page)
    assert page.leaving.name == "mine.zip"
    assert sharing._written(view) is None
    page.leaving.write_bytes(b"")
    assert sharing._written(view) == page.leaving


def test_what_the_tab_exports_is_kept_in_the_home_for_a_day_and_goes_when_something_is_forgotten(
    engine, page, learned, tell
):
    (turn,) = tell("pets", "My dog is Rex.")
    prepared(page, [learned("pets")])
    sharing.export(engine, page)
    assert engine.jobs.wait(timeout_s=30)
    first = page.leaving
    assert first.is_relative_to(engine.home.exports_folder)
    first.write_bytes(b"What is my dog called?")
    assert engine.home.exports_folder in [kept.path for kept in engine.home.kept()]
    second = engine.sharing.new_export("mine.zip")
    assert first.exists()
    os.utime(first.parent, (0, 0))
    second = engine.sharing.new_export("mine.zip")
    assert not first.exists()
    second.write_bytes(b"What is my dog called?")
    engine.forgetting.forget(engine.forgetting.plan(turn_ids=[turn.id]))
    assert list(engine.home.exports_folder.iterdir()) == []


def test_what_a_page_offers_of_an_export_goes_with_the_export(engine, page, learned, tell, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    (turn,) = tell("pets", "My dog is Rex.")
    learned("pets", [turn])
    page.leaving = engine.sharing.new_export("mine.zip")
    page.leaving.write_bytes(b"What is my dog called?")
    _, widget = blocks_of(gr.File)
    offered_from = Path(widget.GRADIO_CACHE)
    shown = sharing._bundle(offered_from, Lookout(engine).look(page))
    assert isinstance(shown, dict)
    assert shown == sharing._bundle(offered_from, Lookout(engine).look(page))
    copy = Path(shown["value"])
    assert (copy.name, copy.read_bytes()) == ("mine.zip", b"What is my dog called?")
    assert widget.move_resource_to_block_cache(copy) == str(copy)  # Gradio makes no copy of its own
    engine.forgetting.forget(engine.forgetting.plan(turn_ids=[turn.id]))
    assert not copy.parent.exists()
    assert list(offered_from.iterdir()) == []
    assert sharing._bundle(offered_from, Lookout(engine).look(page)) == gr.update(value=None, visible=False)


def test_old_exports_go_when_an_engine_starts_and_all_of_them_with_a_purge(tmp_path):
    home = Home(tmp_path / "home")
    home.create()
    old, new = (home.new_export(name) for name in ("old.zip", "new.zip"))
    os.utime(old.parent, (0, 0))
    Engine(home.folder, lambda: None).close()
    assert list(home.exports_folder.iterdir()) == [new.parent]
    new.write_bytes(b"")
    lent = home.lend(new, tmp_path / "offered")
    assert home.exports_folder in home.purge()
    assert not home.folder.exists()
    assert not lent.exists()


def test_what_the_tab_exported_goes_with_a_profile(engine, tell):
    tell("pets", "My dog is Rex.", profile="work")
    engine.sharing.new_export("mine.zip").write_bytes(b"")
    engine.profiles.delete("work")
    assert list(engine.home.exports_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("mine", "mine.zip"),
        ("mine.zip", "mine.zip"),
        ("../../etc/passwd", "passwd.zip"),
        ("C:\\Users\\me\\stack.ZIP", "stack.ZIP"),
        ("a:b*c", "a-b-c.zip"),
        ("  ", sharing.FILE_NAME),
        ("..", sharing.FILE_NAME),
        ("café ☕", "café -.zip"),
    ],
)
def test_only_a_file_name_is_taken_from_what_was_typed(typed, used):
    assert sharing.file_name(typed) == used


def test_importing_needs_a_file_and_a_model(engine, page, tmp_path):
    assert importing.look_into(engine, page, None) == "Choose a file first, and wait until it is uploaded."
    assert importing.take_in(engine, page) == "Look into a file first."
    assert importing.look_into(engine, page, str(tmp_path / "stack.zip")) == ""
    assert engine.jobs.wait(timeout_s=30)
    assert "No model is loaded" in engine.jobs.last.message
    assert not importing._is_offered(Lookout(engine).look(page))


def test_imported_adapters_that_are_off_are_listed_with_where_they_come_from(engine, page, learned):
    assert importing.NONE_WAITS in importing.show_waiting(Lookout(engine).look(page))
    gift = learned("gift", state=AdapterState.IMPORTED, activation=Activation.OFF, origin="<friend>.zip (not signed)")
    view = Lookout(engine).look(page)
    assert "<b>gift</b>, from &lt;friend&gt;.zip (not signed)" in importing.show_waiting(view)
    assert importing._waiting(view) == [gift]
    assert importing.switch_on(engine, page, None) == "Choose an adapter first."
    ask_about(engine, gift)
    assert importing.switch_on(engine, page, gift.id) == ""
    assert engine.jobs.wait(timeout_s=30)
    assert "No model is loaded" in engine.jobs.last.message


def ask_about(engine, adapter):
    folder = engine.home.adapter_folder(adapter.id)
    folder.mkdir(parents=True)
    (folder / QUESTIONS_FILE).write_text('["What is my dog called?"]')


def test_an_adapter_that_no_prompt_would_choose_is_switched_on_for_every_reply(engine, page, learned):
    def admit(task):
        tried.append(task.payload["activation"])
        return ""

    tried = []
    engine.jobs.handlers["admit"] = admit
    gift = {"state": AdapterState.IMPORTED, "activation": Activation.OFF, "origin": "friend.zip"}
    asked, mute = learned("asked", **gift), learned("mute", **gift)
    ask_about(engine, asked)
    shown = importing.show_waiting(Lookout(engine).look(page))
    assert f"<b>mute</b>, from friend.zip; it {importing.WITHOUT_QUESTIONS}</li>" in shown
    assert shown.count(importing.WITHOUT_QUESTIONS) == 1
    assert importing.switch_on(engine, page, asked.id) == ""
    assert importing.switch_on(engine, page, mute.id) == f'"mute" {importing.WITHOUT_QUESTIONS}.'
    assert engine.jobs.wait(timeout_s=30)
    assert tried == ["routed", "always"]


def test_a_bundle_says_who_signed_it_and_which_of_its_adapters_no_prompt_would_choose(engine, page, learned, tmp_path):
    adapters = [learned(name) for name in ("asked", "mute")]
    found = tuple(
        CheckedAdapter(adapter, 1, Activation.ROUTED, (), questions)
        for adapter, questions in zip(adapters, [("Who?",), ()], strict=True)
    )
    bundle = CheckedBundle(
        tmp_path / "friend.zip", adapters[0].base, found, Limits(), "", STARTED, files=9, size_bytes=9
    )
    shown = importing.show_offered(found_in(engine, page, Imported(bundle, tuple(adapters), "<RWkey>, a new key.")))
    assert "<li>Signer: &lt;RWkey&gt;, a new key.</li>" in shown
    assert f"“mute” {importing.WITHOUT_QUESTIONS}." in shown
    assert shown.count(importing.WITHOUT_QUESTIONS) == 1


def found_in(engine, page, found):
    """Look into the bundle as if ``found`` had been found in it; return what the page sees then."""
    found.bundle.source.write_bytes(b"a bundle")

    def find(task):
        engine.sharing._reader._found[found.bundle.source] = found
        return ""

    engine.jobs.handlers["look into"] = find
    assert importing.look_into(engine, page, str(found.bundle.source)) == ""
    assert engine.jobs.wait(timeout_s=30)
    return Lookout(engine).look(page)


@pytest.fixture
def gift(learned, tmp_path):
    """What is found in a bundle that brings an adapter."""
    adapter = learned("gift")
    bundle = CheckedBundle(tmp_path / "friend.zip", adapter.base, (), Limits(), "", STARTED, files=9, size_bytes=9)
    return Imported(bundle, (adapter,), "none.")


@pytest.mark.parametrize("decision", ["take in", "leave", "look into another"])
def test_an_uploaded_bundle_is_deleted_when_it_was_decided_on(engine, page, gift, tmp_path, decision):
    view, uploaded = found_in(engine, page, gift), gift.bundle.source
    assert importing._is_offered(view)
    assert uploaded.exists()
    match decision:
        case "take in":
            assert importing.take_in(engine, page) == ""
            assert engine.jobs.wait(timeout_s=30)
            assert engine.jobs.last.message.startswith('Took in 1 adapter: "gift"')
        case "leave":
            assert importing.leave(engine, page) == "Nothing was taken in."
        case _:
            importing.look_into(engine, page, str(tmp_path / "other.zip"))
    assert not uploaded.exists()
    assert not importing._is_looked_into(Lookout(engine).look(page))


def test_nothing_is_decided_anew_while_a_bundle_is_taken_in(engine, page, gift, tmp_path):
    found_in(engine, page, gift)
    go_on = threading.Event()
    engine.jobs.handlers["take in"] = lambda task: str(go_on.wait(30))
    assert importing.take_in(engine, page) == ""
    assert not importing._is_offered(Lookout(engine).look(page))
    assert importing.take_in(engine, page) == importing.AT_WORK
    assert importing.leave(engine, page) == importing.AT_WORK
    assert importing.look_into(engine, page, str(tmp_path / "other.zip")) == importing.AT_WORK
    assert gift.bundle.source.exists()
    go_on.set()


def test_a_key_is_made_once_and_shown(engine, page):
    assert importing.NO_KEY in importing.show_key(Lookout(engine).look(page))
    assert "signed by RW" in importing.make_key(engine, page)
    assert engine.sharing.public_key() in importing.show_key(Lookout(engine).look(page)).replace("&#x2F;", "/")
    assert importing.make_key(engine, page).endswith("already.")


def test_a_key_that_cannot_be_used_says_what_is_wrong_with_it(engine, page):
    assert importing._lacks_key(Lookout(engine).look(page))
    engine.home.key_file.touch(mode=0o600)
    engine.home.key_file.write_text("nonsense")
    view = Lookout(engine).look(page)
    assert "is no minisign key" in importing.show_key(view)
    assert importing.ANOTHER_KEY in importing.show_key(view)
    assert importing.NO_KEY not in importing.show_key(view)
    assert not importing._lacks_key(view)
    with pytest.raises(KeyUnusable):
        importing.make_key(engine, page)
