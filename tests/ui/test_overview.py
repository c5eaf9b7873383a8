import json
from datetime import timedelta

import pytest

from cocolora.core.adapters import Activation, AdapterKind, AdapterState
from cocolora.core.gate import Scores
from cocolora.core.lessons import LessonKind, make_lesson
from cocolora.core.records import JobState, KeptVerdict, Occasion, Outcome
from cocolora.core.rollup import RollupPlan
from cocolora.engine import status
from cocolora.engine.estimate import LearningPlan, Speed
from cocolora.engine.jobs import JobView
from cocolora.settings import Gate
from cocolora.ui import charts, descent, header, overview
from cocolora.ui.page import Lookout
from tests.ui.conftest import STARTED

BASE = "f" * 64
HOSTILE = '<img src=x onerror="alert(1)"> ${1+1} {{value}}'


@pytest.fixture
def view(engine, page):
    """Return a function that looks at the engine for a page."""
    lookout = Lookout(engine)
    return lambda: lookout.look(page)


@pytest.fixture
def teach(engine, learned):
    """Return a function that makes an adapter of turns, as if each had told a fact."""

    def teach(name, turns, **changes):
        for number, turn in enumerate(turns):
            fact = make_lesson(
                LessonKind.FACT,
                question=f"Q{number}?",
                answer="A.",
                key=f"A{number}",
                turn_id=turn.id,
                turn_version=turn.version,
            )
            engine.journal.add_lessons([fact], base_fingerprint=BASE, now=STARTED)
        adapter = learned(name, turns, **changes)
        read = [(turn.id, turn.version) for turn in turns]
        engine.journal.mark_read(
            read, base_fingerprint=BASE, outcome=Outcome.LEARNED, adapter_id=adapter.id, now=adapter.made_at
        )
        return adapter

    return teach


def test_an_empty_overview_says_what_will_be_there(view):
    assert "Nothing was learned yet" in overview.show_lately(view())
    assert charts.NOTHING_TO_DRAW in charts.show_growth((), zone=None)
    assert charts.NO_SCORES in charts.show_scores((), Gate())
    assert descent.NOTHING_TO_MAP in descent.show_descent((), view().history, zone=None)


def test_what_is_due_is_told_with_its_reason(engine, view, tell, learned, monkeypatch):
    assert overview.show_due(view()) == ""
    monkeypatch.setattr(status, "read_model", lambda rooms: ("tiny", "", BASE))
    tell("pets", "My dog is called Biscuit.")
    assert "Learning is not due: 1 turn of about 7 tokens to be read; automatic" in overview.show_due(view())
    with monkeypatch.context() as running:
        running.setattr(type(engine.jobs), "current", JobView("j1", "learn", JobState.RUNNING))
        assert overview.show_due(view()) == "<p>Learning is under way.</p>"
        assert overview.LEARNING_FIRST in overview.show_lately(view())
        running.setattr(type(engine.jobs), "current", JobView("j1", "learn", JobState.RUNNING, profile="work"))
        assert "Learning is not due" in overview.show_due(view())
        assert overview.NOTHING_LEARNED in overview.show_lately(view())
    plan = RollupPlan((learned("a"), learned("b")), 1, "2 adapters of <level> 0 gathered")
    monkeypatch.setattr(engine.rollups, "plan", lambda profile: (plan,))
    told = overview.show_due(view())
    assert "A rollup is due: 2 adapters of &lt;level&gt; 0 gathered. It is made with the next learning." in told
    engine.change_settings("rollup", automatic=False)
    assert "Plan it under Stack." in overview.show_due(view())


def test_many_imported_turns_are_told_with_how_long_they_take(engine, view, monkeypatch, tmp_path):
    monkeypatch.setattr(status, "read_model", lambda rooms: ("tiny", "", BASE))
    told = {"role": "user", "content": "I live in Oak Street."}, {"role": "assistant", "content": "Ok."}
    (tmp_path / "years.json").write_text(json.dumps({"messages": [*told] * 101}))
    engine.conversations.import_chats([tmp_path / "years.json"])
    assert "101 imported turns to be learned by hand" in overview.show_due(view())
    assert overview.UNMEASURED in overview.show_due(view())
    assert "width:0%" in header._tiles(view())
    monkeypatch.setattr(type(engine), "speed", Speed("tiny", 8, reading_s=1.0))
    monkeypatch.setattr(engine, "plan_learning", lambda profile: LearningPlan(101, 7, 7200.0))
    assert "101 turns in 7 stretches: about 2.0 hours of training" in overview.show_due(view())


def test_what_was_learned_lately_is_told_with_its_facts_and_its_chat(view, tell, teach):
    teach("pets", tell("pets", "My dog is called Biscuit.", "My cat is called Mog."))
    assert "Learned 2 facts from &quot;About pets&quot;." in overview.show_lately(view())


def test_a_wish_a_refusal_and_a_gift_are_each_told_in_a_sentence(view, tell, learned):
    turns = tell("pets", "Answer in one word.")
    learned("brief", turns, kind=AdapterKind.BEHAVIOUR)
    learned("bad", turns, state=AdapterState.REJECTED, activation=Activation.OFF, reason="it recalls 10%")
    learned("gift", origin="friend.zip")
    told = overview.show_lately(view())
    assert "Learned how you want to be answered, from &quot;About pets&quot;." in told
    assert "Did not learn from &quot;About pets&quot;: it recalls 10%. It stays remembered as text." in told
    assert "Took in &quot;gift&quot; from friend.zip." in told


def test_a_rollup_and_a_refused_one_are_told_as_what_they_are(view, tell, teach):
    turns = tell("pets", "My dog is called Biscuit.", "My cat is called Mog.")
    parts = {"level": 1, "sources": ("a1", "a2")}
    teach("all", turns, **parts)
    assert "Rolled up 2 adapters into &quot;all&quot;. It answers in their place." in overview.show_lately(view())
    teach("worse", turns, state=AdapterState.REJECTED, reason="it recalls 10%", **parts)
    told = overview.show_lately(view())
    assert "Did not roll up 2 adapters: it recalls 10%. They answer as before." in told
    assert "earn" not in told


def test_the_map_says_of_what_takes_no_part_that_it_is_off(view, tell, teach):
    teach("pets", tell("pets", "My dog is called Biscuit."), state=AdapterState.REJECTED)
    shown = descent.show_descent(view().status.adapters, view().history, zone=None)
    assert "<small>Sat 21 Nov 2026 · 1 turn, off</small>" in shown
    assert "cocolora-arcs" not in shown


def test_the_map_leads_from_chats_to_adapters_and_on_to_the_rollups_of_them(view, tell, teach):
    pets, work = tell("pets", "My dog is called Biscuit."), tell("work", "My boss is called Ada.")
    old = {"state": AdapterState.ROLLED_UP}
    dog, boss = teach("dog", pets, **old), teach("boss", work, **old)
    lower = {"made_at": STARTED + timedelta(days=2), "level": 1, "sources": (dog.id, boss.id), **old}
    both = teach("both", [*pets, *work], **lower)
    upper = {"made_at": STARTED + timedelta(days=3), "level": 2, "sources": (both.id, "discarded")}
    teach("all <b>", [*pets, *work, *tell("boat", "My boat is called Wren.")], **upper)
    shown = descent.show_descent(view().status.adapters, view().history, zone=None)
    curves, arcs = (part.partition("</svg>")[0].count("<path") for part in shown.split("<svg")[1:])
    assert (curves, arcs) == (3, 3)  # the chats of "both" are led to through its sources, the boat's is not
    assert "<small>Mon 23 Nov 2026 · level 2 of 2 adapters, when it fits the prompt</small>" in shown
    assert "<small>Sun 22 Nov 2026 · level 1 of 2 adapters, in &quot;all &lt;b&gt;&quot;</small>" in shown
    assert '<small class="cocolora-hidden">Rolled up of dog, boss. From About pets, About work.</small>' in shown
    assert "<small>Sat 21 Nov 2026 · 1 turn, in &quot;both&quot;</small>" in shown
    assert shown.index(">all &lt;b&gt;<") < shown.index(">both<") < shown.index(">dog<")
    assert descent.HOW_TO_READ in shown


def test_growth_says_in_words_what_it_draws(view, tell, teach):
    dog, _ = tell("pets", "My dog is called Biscuit.", "My cat is called Mog.")
    teach("dog", [dog])
    shown = charts.show_growth(view().history.growth, zone=None)
    assert "2 turns remembered and 1 of them learned, from Fri 20 Nov 2026 to Sat 21 Nov 2026" in shown
    assert shown.count("<path") == 3


def test_a_score_below_the_gate_is_marked(learned, view):
    learned("pets")
    shown = charts.show_scores(view().status.adapters, Gate(recall=0.99))
    assert shown.count("cocolora-short") == 1
    assert "95%" in shown
    assert "99% is needed" in shown


def test_the_scores_of_the_whole_stack_stand_above_those_of_its_adapters(engine, page, learned, view):
    learned("pets")
    assert charts.WHOLE_STACK not in overview.show_tested(view())
    scores = Scores(recall=0.42, retention=0.9, retention_base=0.9, abstention=0.7)
    engine.journal.add_verdict(KeptVerdict(page.profile, "", Occasion.EVALUATED, True, "", scores, STARTED))
    shown = overview.show_tested(view())
    assert shown.index(charts.WHOLE_STACK) < shown.index("42%") < shown.index("pets")


def test_the_map_leads_from_every_chat_to_its_adapter_and_shows_hostile_names_as_text(view, tell, teach):
    turns = [*tell("pets", "My dog is called Biscuit."), *tell("work", "My boss is called Ada.")]
    teach(HOSTILE, turns)
    shown = descent.show_descent(view().status.adapters, view().history, zone=None)
    assert shown.count("<path") == 2
    assert "About pets" in shown
    assert "About work" in shown
    for forbidden in ("<img", "${", "{{"):
        assert forbidden not in shown


def test_only_the_newest_adapters_are_mapped_and_the_rest_is_counted(view, learned):
    for number in range(descent.MOST_ADAPTERS + 2):
        learned(f"adapter {number}", made_at=STARTED + timedelta(days=number))
    shown = descent.show_descent(view().status.adapters, view().history, zone=None)
    assert "2 older adapters not shown" in shown
    assert "adapter 0<" not in shown
