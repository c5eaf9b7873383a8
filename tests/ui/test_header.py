import threading
from dataclasses import replace

from cocolora.core.events import Progress
from cocolora.core.learning import Due
from cocolora.core.records import JobState
from cocolora.engine import status
from cocolora.engine.jobs import JobView
from cocolora.ui import header
from cocolora.ui.page import Lookout, Page


def shown(engine, page):
    return header.show_status(Lookout(engine).look(page))


def test_an_empty_home_says_what_to_do_first(engine, page):
    assert header.FIRST_STEP in shown(engine, page)
    assert header.learn_now(engine, page) == header.FIRST_STEP


def test_a_page_that_shows_something_stays_there(engine, page, tell):
    tell("pets", "My dog is called Biscuit.")
    shown(engine, page)
    tell("office", "My boss is called Torvald.", profile="work")
    shown(engine, page)
    assert page.profile == "personal"


def test_without_a_model_the_page_says_why_nothing_is_learned_and_what_still_works(engine, page, tell):
    tell("pets", "My dog is called Biscuit.")
    told = shown(engine, page)
    assert "No model is loaded" in told
    assert header.WITHOUT_TRAINING in told
    assert "<strong>1</strong> turn" in told
    assert "from 1 conversation" in told


def test_the_status_says_why_what_waits_is_not_learned_yet(engine, page, tell, monkeypatch):
    tell("pets", "My dog is called Biscuit.")
    monkeypatch.setattr(status, "read_model", lambda rooms: ("tiny", "", "f" * 64))
    assert "automatic learning is off" in shown(engine, page)
    engine.jobs.handlers["learn"] = lambda task: "Nothing was learned."
    engine.start_learning()
    assert engine.jobs.wait(timeout_s=30)
    engine.change_settings("learning", automatic=True)
    assert "the last learning left them, so it begins by hand or when more is said" in shown(engine, page)
    begun, go_on = threading.Event(), threading.Event()

    def learn(task):
        begun.set()
        return str(go_on.wait(30))

    engine.jobs.handlers["learn"] = learn
    engine.change_settings_in("personal", "learning", due_turns=1, settle_minutes=0)
    tell("boats", "Our boat is called Wren.")
    assert begun.wait(30)
    assert "being learned now" in shown(engine, page)
    go_on.set()


def test_adapters_that_wait_to_be_made_again_are_told_also_when_everything_was_read(engine, page, monkeypatch):
    read_status = engine.status
    due = Due(True, said="2 adapters to be made again")
    monkeypatch.setattr(engine, "status", lambda profile: replace(read_status(profile=profile), trouble="", due=due))
    assert "all was read" in shown(engine, page)
    monkeypatch.setattr(
        engine, "status", lambda profile: replace(read_status(profile=profile), trouble="", due=due, rebuilds=2)
    )
    assert "learning is due, and 2 adapters to be made again" in shown(engine, page)


def test_learning_without_a_model_is_not_begun(engine, page, tell):
    tell("pets", "My dog is called Biscuit.")
    assert header.learn_now(engine, page) == header.NEEDS_MODEL
    assert engine.jobs.last is None


def test_a_job_that_failed_ends_with_its_reason_on_the_page(engine, tell):
    tell("pets", "My dog is called Biscuit.")
    engine.start_learning(profile="personal")
    assert engine.jobs.wait(timeout_s=30)
    assert "No model is loaded" in header.show_last(engine.jobs.last)


def test_a_running_job_shows_how_far_it_is_and_can_be_stopped(engine, page):
    def work(task):
        task.on_progress(Progress("<training>", 3, 12))
        started.append(True)
        while not task.cancelled():
            pass
        return "Stopped."

    started = []
    engine.jobs.handlers["learn"] = work
    engine.jobs.submit("learn")
    while not started:
        pass
    told = shown(engine, page)
    assert "Learning: &lt;training&gt;, 3 of 12" in told
    assert "value='3' max='12'" in told
    assert header.learn_now(engine, page) == "Learning is under way already."
    assert header.stop(engine, page) == "Stopping after the present step."
    assert engine.jobs.wait(timeout_s=30)
    assert header.stop(engine, page) == "Nothing is running."


def test_a_running_job_says_how_long_it_still_takes_whichever_page_asks(engine, page, monkeypatch):
    now_s, job = 50.0, JobView("j1", "learn", JobState.RUNNING, Progress("training", 10, 100))
    monkeypatch.setattr(type(engine.jobs), "current", property(lambda jobs: job))
    monkeypatch.setattr("cocolora.ui.page.time.monotonic", lambda: now_s)
    lookout = Lookout(engine)
    assert "10 of 100<" in header.show_status(lookout.look(page))
    now_s, job = 60.0, replace(job, progress=Progress("training", 30, 100))
    assert "30 of 100, about 35 s left in this step" in header.show_status(lookout.look(page))
    assert "30 of 100, about 35 s left in this step" in header.show_status(lookout.look(Page()))


def test_while_one_profile_learns_another_is_queued_and_both_are_told(engine, page, tell, monkeypatch):
    def learn(task):
        learned.append(task.profile)
        return str(go_on.wait(30))

    learned, go_on = [], threading.Event()
    engine.jobs.handlers["learn"] = learn
    tell("pets", "My dog is called Biscuit.")
    monkeypatch.setattr(status, "read_model", lambda rooms: ("tiny", "", "f" * 64))
    engine.start_learning(profile="work")
    assert header.learn_now(engine, page) == header.LEARNING_WAITS
    assert header.learn_now(engine, page) == header.UNDER_WAY
    assert "Learning “work” begins" in shown(engine, page)
    go_on.set()
    assert engine.jobs.wait(timeout_s=30)
    assert learned == ["work", "personal"]


def test_a_job_that_has_not_begun_shows_a_bar_without_an_end():
    waiting = header.show_job(JobView("j1", "forget", JobState.QUEUED))
    assert "Forgetting begins" in waiting
    assert "value" not in waiting
    late = header.show_job(JobView("j1", "learn", JobState.RUNNING, Progress("reading", 1, 4)), remaining_s=75)
    assert "1 of 4, about 75 s left in this step" in late
    assert "max='1'" in header.show_job(JobView("j1", "learn", JobState.RUNNING, Progress("reading", 0, 0)))


def test_choosing_a_profile_drops_what_was_chosen_in_the_old_one(engine, page, tell):
    tell("pets", "My dog is called Biscuit.", profile="work")
    page.conversation_id, page.adapter_id, page.deleting = "pets", "a1", True
    header.choose_profile(engine, page, "work")
    assert (page.profile, page.conversation_id, page.adapter_id, page.deleting) == ("work", None, None, False)
