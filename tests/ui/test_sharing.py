import os
from pathlib import Path

import pytest

from cocolora.core.adapters import Activation, AdapterState
from cocolora.core.export import ExportForm
from cocolora.engine import Engine
from cocolora.engine.home import Home
from cocolora.engine.leaks import Leak
from cocolora.engine.share import ExportWish
from cocolora.errors import NoModel
from cocolora.ui import importing, sharing
from cocolora.ui.page import Lookout, Preparation

PLAIN = {"name": "mine", "with_questions": False, "signed": True, "base_folder": None, "target": None}


def prepare(engine, page, form="bundle", adapter_ids=(), **wanted):
    return sharing.prepare(engine, page, list(adapter_ids), form, **{**PLAIN, **wanted})


def prepared(page, adapters, **wish):
    page.preparation = Preparation(ExportWish(page.profile, **wish), Path("mine.zip"), tuple(adapters), "")


def test_without_a_tested_adapter_there_is_nothing_to_export(engine, page, learned):
    learned("bad", state=AdapterState.REJECTED, activation=Activation.OFF)
    assert prepare(engine, page) == sharing.NOTHING_TO_SHARE
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


def test_old_exports_go_when_an_engine_starts_and_all_of_them_with_a_purge(tmp_path):
    home = Home(tmp_path / "home")
    home.create()
    old, new = (home.new_export(name) for name in ("old.zip", "new.zip"))
    os.utime(old.parent, (0, 0))
    Engine(home.folder, lambda: None).close()
    assert list(home.exports_folder.iterdir()) == [new.parent]
    assert home.exports_folder in home.purge()
    assert not home.folder.exists()


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
    assert importing.look_into(engine, page, None) == "Choose a file first."
    assert importing.take_in(engine, page) == "Look into a file first."
    with pytest.raises(NoModel):
        importing.look_into(engine, page, str(tmp_path / "stack.zip"))


def test_imported_adapters_that_are_off_are_listed_with_where_they_come_from(engine, page, learned):
    assert importing.NONE_WAITS in importing.show_waiting(Lookout(engine).look(page))
    gift = learned("gift", state=AdapterState.IMPORTED, activation=Activation.OFF, origin="<friend>.zip (not signed)")
    view = Lookout(engine).look(page)
    assert "<b>gift</b>, from &lt;friend&gt;.zip (not signed)" in importing.show_waiting(view)
    assert importing._waiting(view) == [gift]
    assert importing.switch_on(engine, page, None) == "Choose an adapter first."
    assert importing.switch_on(engine, page, gift.id) == ""
    assert engine.jobs.wait(timeout_s=30)
    assert "No model is loaded" in engine.jobs.last.message


def test_a_key_is_made_once_and_shown(engine, page):
    assert importing.NO_KEY in importing.show_key(Lookout(engine).look(page))
    assert "signed by RW" in importing.make_key(engine, page)
    assert engine.sharing.public_key() in importing.show_key(Lookout(engine).look(page)).replace("&#x2F;", "/")
    engine.home.key_file.write_text("nonsense")
    assert Lookout(engine).look(page).public_key == ""
