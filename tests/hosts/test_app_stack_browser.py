"""The stack in a real browser, on a home that has learned: rolled up, tested, shared, on wide and narrow pages."""

import pytest

from cocolora.core.conversations import Conversation
from cocolora.core.reconcile import Row
from cocolora.engine import Engine
from cocolora.engine.open_model import model_in
from cocolora.engine.rooms import utc_now
from tests.hosts.app_page import (
    LEARNING_MS,
    TYPING_PAUSE_MS,
    AppPage,
    running_app,
    running_browser,
    sync_api,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]

LEARN_QUICKLY = {"automatic": False, "steps": 4, "attempts": 1}
TRUST_ALL = {
    "recall": 0.0,
    "retention_loss": 1.0,
    "abstention": 0.0,
    "rollup_loss": 1.0,
    "neighbour_loss": 1.0,
    "loss_rise": 10.0,
    "probes": 4,
}
"""Few steps and a gate that lets everything pass: what is tried here does not depend on what was learned."""
TABS = ("Overview", "Conversations", "Stack", "Settings", "Share", "Privacy")


def teach(folder, model, **told):
    """Return an engine on a home that learned an adapter from each conversation."""
    engine = Engine(folder / "home", model)
    engine.change_settings("learning", **LEARN_QUICKLY)
    engine.change_settings("gate", **TRUST_ALL)
    for title, text in told.items():
        engine.record(Conversation(title, "personal", title, "test", utc_now()), [Row(text, "Ok.", utc_now())])
    engine.learn()
    return engine


@pytest.fixture(scope="module")
def world(demo_base, tmp_path_factory):
    """The address of an app whose home holds two adapters, and the signed bundle of a friend with one."""
    model = model_in(demo_base)
    folder, friend = tmp_path_factory.mktemp("mine"), tmp_path_factory.mktemp("friend")
    teach(folder, model, pets="My dog is called Biscuit.", work="The name of my boss is Torvald.").close()
    other = teach(friend, model, boats="We call our boat Quillfeather.")
    other.sharing.make_key()
    other.sharing.export(friend / "friend.zip", with_questions=True)
    other.close()
    with running_app(folder, demo_base) as url:
        yield url, friend / "friend.zip"


@pytest.fixture(scope="module")
def browser(chromium):
    with running_browser(chromium) as opened:
        yield opened


@pytest.fixture(scope="module")
def page(browser, world):
    return AppPage(browser, world[0])


def test_two_adapters_are_rolled_up_as_planned_seen_on_every_page_and_restored(page, browser, world):
    other = AppPage(browser, world[0])
    for opened in (page, other):
        opened.open("Stack")
    for number in (0, 1):
        page.choose("cocolora-rollup-sources", "knowledge", number=number)
    page.press("Plan a rollup …")
    page.expect("would become one adapter of level 1 with 2 turns: you chose them")
    page.expect(r"\d+ training steps")
    page.picture("rollup")
    page.press("Roll up")
    page.expect('2 adapters became "rollup', within_ms=LEARNING_MS)
    for opened in (page, other):
        opened.tab.locator("#cocolora-adapter label").filter(has_text="rollup of level 1").wait_for()
    other.pick("cocolora-adapter", "rollup of level 1")
    other.press("Undo the rollup")
    other.expect("2 adapters answer again in the place of the rollup")
    page.tab.locator("#cocolora-adapter label").filter(has_text="rollup of level 1 · off").wait_for()
    assert not other.complaints
    other.tab.close()


def test_an_adapter_and_the_whole_stack_are_tested_on_demand(page):
    page.open("Stack")
    page.pick("cocolora-adapter", "knowledge")
    page.press("Evaluate now")
    page.expect('" passes: recall', within_ms=LEARNING_MS)
    page.press("Evaluate the stack now")
    page.expect("The stack as a whole passes", within_ms=LEARNING_MS)
    page.expect(r"It passes its tests \(evaluated")


def test_a_weight_is_set_with_the_keyboard_too_and_no_other_adapter_takes_it_over(page):
    page.open("Stack")
    listed = page.tab.locator("#cocolora-adapter label")
    for number in (1, 0):
        listed.nth(number).click()
        page.tab.wait_for_timeout(TYPING_PAUSE_MS)
    slider = page.tab.locator("#cocolora-weight input[type=range]")
    slider.focus()
    for key in ["ArrowLeft"] * 6 + ["ArrowRight"] * 2:
        slider.press(key)
    page.expect("now has weight 0.8")
    sync_api.expect(listed.first).to_contain_text("weight 0.8")
    listed.nth(1).click()
    sync_api.expect(slider).to_have_value("1")
    listed.first.click()
    sync_api.expect(slider).to_have_value("0.8")
    sync_api.expect(listed.nth(1)).not_to_contain_text("weight")
    slider.press("Home")
    for _ in range(20):
        slider.press("ArrowRight")
    sync_api.expect(listed.first).not_to_contain_text("weight")


def test_a_friends_bundle_is_reported_on_before_it_is_taken_in_and_waits_to_be_switched_on(page, world):
    page.open("Share")
    page.tab.locator("#cocolora-upload input[type=file]").set_input_files(world[1])
    page.tab.locator("#cocolora-upload").get_by_text("friend").first.wait_for()
    page.press("See what is in it …")
    page.expect("Checked: names, kinds and sizes of all files")
    page.expect("a key that is new here")
    page.picture("import")
    page.press("Take them in")
    page.expect("Took in 1 adapter")
    page.expect(r", from friend\.zip \(signed by RW")
    page.press("Test it and switch it on")
    page.expect("passed its tests here and takes part", within_ms=LEARNING_MS)
    page.expect("No imported adapter waits")


def test_recording_is_switched_off_on_every_page_and_a_profile_goes_after_a_question(page, browser, world):
    other = AppPage(browser, world[0])
    for opened in (page, other):
        opened.open("Privacy")
    page.expect("cocolora purge --home")
    page.picture("privacy")
    for wanted in (False, True):
        page.tab.get_by_label("What is said is recorded").set_checked(wanted)
        sync_api.expect(other.tab.get_by_label("What is said is recorded")).to_be_checked(checked=wanted)
    page.press("Delete the profile …")
    page.expect(r"Delete 2 conversations, 2 turns and \d adapters of “personal”")
    page.press("Keep it")
    page.expect("Nothing was deleted")
    other.tab.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_tab_fits_a_phone(browser, world, dark):
    phone = AppPage(browser, world[0], width=390, height=844, dark=dark)
    for name in TABS:
        phone.open(name)
        assert phone.overflow_px() <= 0, name
        phone.picture(f"phone-{'dark-' if dark else ''}{name.lower()}", whole=True)
    assert not phone.complaints
    phone.tab.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_tab_can_be_read_and_used_by_everyone(browser, world, dark):
    """What axe checks: names of fields and regions for screen readers, the order of headings, contrast."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    opened = AppPage(browser, world[0], dark=dark)
    for name in TABS:
        opened.open(name)
        if name == "Stack":
            opened.pick("cocolora-adapter", "knowledge")
        if name == "Settings":
            for section in opened.tab.locator("[id^=cocolora-settings-] > button").all():
                section.click()
        opened.tab.wait_for_timeout(TYPING_PAUSE_MS)
        found = axe.run(opened.tab).response["violations"]
        assert not [(one["id"], node["html"]) for one in found for node in one["nodes"]], name
    opened.tab.close()


def test_the_page_asked_nothing_of_any_other_machine_and_had_no_error(page):
    assert page.elsewhere == []
    assert page.complaints == []
