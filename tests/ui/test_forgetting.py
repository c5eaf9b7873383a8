from cocolora.core.parts import Parts
from cocolora.engine import estimate
from cocolora.engine.estimate import MEASURE, Speed
from cocolora.ui import conversations, forgetting, reading
from cocolora.ui.page import Lookout

DOG, CAT = "My dog is called Biscuit.", "My cat is called <b>Mog</b>."


def test_a_preview_shows_what_goes_and_what_is_taught_again(engine, page, tell, learned):
    dog, cat = tell("pets", DOG, CAT)
    learned("animals", [dog, cat])
    conversations.choose_conversation(engine, page, "pets")
    reading.choose_turns(engine, page, [dog.id])
    assert forgetting.preview(engine, page) == ""
    shown = forgetting.show_plan(page.plan, seconds=95.0, zone=None)
    assert shown.index("1 turn would be forgotten") < shown.index("Biscuit") < shown.index("animals")
    assert "1 other turn of these adapters would be learned again" in shown
    assert "&lt;b&gt;Mog&lt;/b&gt;" in shown
    assert "How long that takes: about 2 min of training" in shown
    assert page.plan.steps == page.plan.adapters[0].recipe.steps
    assert forgetting.UNMEASURED in forgetting.show_plan(page.plan, seconds=None, zone=None)


def test_a_preview_measures_the_model_where_something_is_taught_again_and_then_says_how_long(
    engine, page, tell, learned, monkeypatch
):
    model = "tiny (ffffffff)"
    monkeypatch.setattr(estimate, "read_model", lambda rooms: (model, "", "f" * 64))
    monkeypatch.setattr(estimate, "measure_speed", lambda *_, **__: Speed(model, batch_samples=8, reading_s=2.0))
    dog, cat = tell("pets", DOG, CAT)
    learned("animals", [dog, cat])
    conversations.choose_conversation(engine, page, "pets")
    forgetting.preview(engine, page)
    assert engine.jobs.pending == ()
    reading.choose_turns(engine, page, [dog.id])
    forgetting.preview(engine, page)
    assert engine.jobs.wait(timeout_s=30)
    assert [job.kind for job in engine.journal.queue.recent()] == [MEASURE]
    assert "How long that takes: about 2 min of training" in forgetting._show_plan(Lookout(engine).look(page))
    forgetting.preview(engine, page)
    assert engine.jobs.wait(timeout_s=30)
    assert [job.kind for job in engine.journal.queue.recent()] == [MEASURE]
    assert engine.jobs.last is None, "nobody asked for it"


def test_later_replies_that_repeat_what_is_forgotten_are_told_apart(engine, page, tell):
    (dog,) = tell("pets", DOG)
    tell("later", "Guess what my dog is called.", parts=Parts((dog.id,)))
    page.plan = engine.forgetting.plan(turn_ids=[dog.id])
    shown = forgetting.show_plan(page.plan, seconds=None, zone=None)
    assert "1 turn would be forgotten" in shown
    assert shown.index("1 later turn with a reply that repeats them would go along") < shown.index("Guess what")
    assert "learned again" not in shown


def test_nothing_is_forgotten_before_it_is_confirmed(engine, page, tell):
    tell("pets", DOG)
    assert forgetting.preview(engine, page) == "Choose a conversation first."
    assert forgetting.forget(engine, page) == "Look at what would go first."
    conversations.choose_conversation(engine, page, "pets")
    forgetting.preview(engine, page)
    assert forgetting.keep(engine, page) == "Nothing was forgotten."
    assert page.plan is None
    assert len(engine.turns()) == 1


def test_a_conversation_is_forgotten_with_all_its_turns(engine, page, tell):
    tell("pets", DOG, CAT)
    tell("work", "My boss is called Ada.")
    conversations.choose_conversation(engine, page, "pets")
    forgetting.preview(engine, page)
    forgetting.forget(engine, page)
    assert engine.jobs.wait(timeout_s=30)
    assert engine.jobs.last.message == "Forgot 2 turns and 0 adapters."
    assert [turn.user for turn in engine.turns()] == ["My boss is called Ada."]


def test_a_selection_is_forgotten_and_the_rest_stays(engine, page, tell):
    dog, _, boat = tell("pets", DOG, CAT, "Our boat is called Wren.")
    conversations.choose_conversation(engine, page, "pets")
    reading.choose_turns(engine, page, [dog.id, boat.id])
    forgetting.preview(engine, page)
    forgetting.forget(engine, page)
    assert engine.jobs.wait(timeout_s=30)
    assert [turn.user for turn in engine.turns()] == [CAT]


def test_another_choice_withdraws_the_preview(engine, page, tell):
    dog, _ = tell("pets", DOG, CAT)
    conversations.choose_conversation(engine, page, "pets")
    forgetting.preview(engine, page)
    reading.choose_turns(engine, page, [dog.id])
    assert page.plan is None
    forgetting.preview(engine, page)
    conversations.choose_conversation(engine, page, None)
    assert (page.plan, page.turn_ids) == (None, [])
