from cocolora.core.events import Progress
from cocolora.core.records import JobState
from cocolora.engine.jobs import JobView
from cocolora.ui import overview


def test_an_empty_home_says_what_to_do_first(engine, page):
    assert overview.FIRST_STEP in overview.show_status(engine.status())
    assert overview.learn_now(engine, page) == overview.FIRST_STEP


def test_without_a_model_the_page_says_why_nothing_is_learned_and_what_still_works(engine, tell):
    tell("pets", "My dog is called Biscuit.")
    shown = overview.show_status(engine.status())
    assert "No model is loaded" in shown
    assert overview.WITHOUT_TRAINING in shown
    assert "1 turn remembered" in shown


def test_learning_without_a_model_ends_with_its_reason_on_the_page(engine, page, tell):
    tell("pets", "My dog is called Biscuit.")
    assert overview.learn_now(engine, page) == ""
    assert engine.jobs.wait(timeout_s=30)
    assert "No model is loaded" in overview.show_last(engine.jobs.last)


def test_a_running_job_shows_how_far_it_is_and_can_be_stopped(engine, page):
    def work(progress, stopped):
        progress(Progress("<training>", 3, 12))
        started.append(True)
        while not stopped():
            pass
        return "Stopped."

    started = []
    engine.jobs.submit("learn", work)
    while not started:
        pass
    shown = overview.show_status(engine.status())
    assert "Learning: &lt;training&gt;, 3 of 12" in shown
    assert "value='3' max='12'" in shown
    assert overview.learn_now(engine, page) == "Learning is under way already."
    assert overview.stop(engine, page) == "Stopping after the present step."
    assert engine.jobs.wait(timeout_s=30)
    assert overview.stop(engine, page) == "Nothing is running."


def test_a_job_that_has_not_begun_shows_a_bar_without_an_end():
    waiting = overview.show_job(JobView("j1", "forget", JobState.QUEUED))
    assert "Forgetting begins" in waiting
    assert "value" not in waiting
    assert "max='1'" in overview.show_job(JobView("j1", "learn", JobState.RUNNING, Progress("reading", 0, 0)))


def test_choosing_a_profile_drops_what_was_chosen_in_the_old_one(engine, page, tell):
    tell("pets", "My dog is called Biscuit.", profile="work")
    page.conversation_id, page.adapter_id, page.deleting = "pets", "a1", True
    overview.choose_profile(engine, page, "work")
    assert (page.profile, page.conversation_id, page.adapter_id, page.deleting) == ("work", None, None, False)
