"""Past chats are imported once, with their dates, and can be searched."""

from cocolora.bench.past import run_import
from cocolora.core.events import ignore_progress
from cocolora.engine.open_model import DEMO_BASE


def test_past_chats_go_in_once_and_what_learning_them_takes_is_said():
    figures = run_import(DEMO_BASE, words=2000, on_progress=ignore_progress)
    assert figures["turns"] >= 100
    assert figures["turns"] % figures["conversations"] == 0
    assert (figures["problems"], figures["again_turns"]) == (0, 0)
    assert figures["plan"]["stretches"] >= figures["conversations"]
    assert figures["plan"]["training_s"] > 0
