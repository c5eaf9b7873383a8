import asyncio
import logging

import gradio as gr
import pytest

from cocolora.errors import JournalDamaged, NoModel
from cocolora.ui.board import Board, explain
from cocolora.ui.header import show_status
from cocolora.ui.page import Page
from cocolora.ui.tab import build
from tests.ui.conftest import blocks_of


@pytest.fixture
def board(engine):
    """A board with two followers: the number of turns, and the profile."""

    def lay_out():
        board = Board(engine, profile="personal")
        turns, profile = gr.HTML(), gr.Textbox()
        board.follow(turns, see=lambda view: view.status.turns, show=lambda view: str(view.status.turns))
        board.follow(profile, see=lambda view: view.page.profile, show=lambda view: view.page.profile)
        board.wire()
        return board

    return blocks_of(lay_out)[1]


def is_skip(update):
    return update == gr.skip()


def test_the_tab_is_built_inside_any_page_and_twice(engine):
    def lay_out():
        with gr.Tab("One"):
            build(engine)
        with gr.Tab("Two"):
            build(engine, profile="work")

    blocks, _ = blocks_of(lay_out)
    labels = {block.label for block in blocks.blocks.values() if getattr(block, "label", None)}
    assert {"Overview", "Conversations", "Stack", "Settings", "Share", "Rank", "Turns", "Weight (factor)"} <= labels


def test_every_input_has_a_label(engine):
    blocks, _ = blocks_of(lambda: build(engine))
    for block in blocks.blocks.values():
        if isinstance(block, gr.Textbox | gr.Dropdown | gr.Radio | gr.Checkbox | gr.Number | gr.Slider | gr.File):
            assert block.label, block


def test_a_page_is_sent_only_what_changed(board, page, tell):
    assert board.updates(page) == ["0", "personal"]
    assert all(map(is_skip, board.updates(page)))
    tell("pets", "My dog is called Biscuit.")
    turns, profile = board.updates(page)
    assert turns == "1"
    assert is_skip(profile)


def test_two_pages_agree_whatever_each_has_seen(board, tell):
    one, other = Page(), Page()
    board.updates(one)
    tell("pets", "My dog is called Biscuit.")
    assert board.updates(one)[0] == board.updates(other)[0] == "1"


def test_the_first_widget_says_why_nothing_can_be_shown_and_the_page_goes_on(board, page, monkeypatch, caplog):
    monkeypatch.setattr(board.lookout, "look", lambda page: 1 / 0)
    with caplog.at_level(logging.ERROR):
        line, rest = board.updates(page)
        board.updates(page)
    assert "Looking failed: ZeroDivisionError" in line
    assert is_skip(rest)
    assert len(caplog.records) == 1
    monkeypatch.undo()
    assert board.updates(page) == ["0", "personal"]


def test_a_widget_that_cannot_be_shown_stops_no_other_and_the_status_says_why(engine, page, tell, caplog):
    broken = [True]

    def lay_out():
        board = Board(engine, profile="personal")
        status, choice, profile = gr.HTML(), gr.Dropdown(), gr.Textbox()
        board.follow(status, see=show_status, show=show_status)
        board.follow(choice, see=lambda view: 1 / 0 if broken else 1, show=lambda view: "chosen")
        board.follow(profile, see=lambda view: view.page.profile, show=lambda view: view.page.profile)
        board.wire()
        return board

    _, board = blocks_of(lay_out)
    with caplog.at_level(logging.ERROR):
        _, choice, profile = board.updates(page)
        status, *_ = board.updates(page)
    assert is_skip(choice)
    assert profile == "personal"
    assert status.count("Looking failed: ZeroDivisionError") == 1
    assert len(caplog.records) == 1
    broken.clear()
    assert board.updates(page)[1] == "chosen"
    assert "Looking failed" not in board.updates(page)[0]


def test_a_refusal_is_its_own_sentence_and_is_escaped(engine, page, tmp_path):
    def refuse(engine, page):
        raise JournalDamaged(tmp_path / "<journal>", "it is not a database")

    line = explain(refuse, engine, page)
    assert 'role="alert"' in line
    assert "&lt;journal&gt; cannot be read" in line


def test_an_unexpected_failure_is_one_sentence_and_its_traceback_is_in_the_log(engine, page, caplog):
    def fail(engine, page):
        raise RuntimeError("<b>disk</b>\nfull.")

    with caplog.at_level(logging.ERROR):
        line = explain(fail, engine, page)
    assert "That failed: RuntimeError &lt;b&gt;disk&lt;/b&gt; full. The log has the details." in line
    assert caplog.records[0].exc_info


def test_a_widget_shows_the_engines_value_again_after_a_refused_change(engine, page):
    def refuse(engine, page, value):
        raise NoModel

    def lay_out():
        board = Board(engine, profile="personal")
        radio, answer = gr.Radio(["personal", "other"]), gr.HTML()
        board.follow(radio, see=lambda view: view.page.profile, show=lambda view: view.page.profile)
        board.on(radio.input, refuse, [radio], answer=answer, resend=[radio])
        board.wire()
        return board

    blocks, board = blocks_of(lay_out)
    (act,) = [fn.fn for fn in blocks.fns.values() if fn.name == "act"]
    board.updates(page)
    line, shown = act(page, "other")
    assert "No model is loaded" in line
    assert shown == "personal"


def test_the_page_refreshes_when_it_opens_and_by_a_timer(engine, page):
    blocks, _ = blocks_of(lambda: build(engine))
    refreshing = [fn for fn in blocks.fns.values() if fn.name == "_refresh"]
    events = sorted(event for fn in refreshing for _, event in fn.targets)
    assert events == ["load", "tick"]
    assert all(fn.concurrency_limit is None for fn in blocks.fns.values())
    first = asyncio.run(refreshing[0].fn(page))
    assert "Nothing was said yet" in first[0]


def test_what_the_journal_holds_is_read_once_for_each_change_of_it(board, tell, monkeypatch):
    tell("pets", "My dog is called Biscuit.")
    engine, looks = board.engine, []
    read = engine.status

    def noting(*, profile):
        looks.append(profile)
        return read(profile=profile)

    monkeypatch.setattr(engine, "status", noting)
    for _ in range(3):
        board.updates(Page())
    assert len(looks) == 1
    tell("work", "My boss is called Ada.")
    assert board.updates(Page())[0] == "2"
    assert len(looks) == 2
