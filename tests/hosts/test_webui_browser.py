"""A walk through a webui that runs already, on the demo base: told, learned, asked, passed on and forgotten.

COCOLORA_WEBUI names its address; nothing of it is started here. With COCOLORA_SCREENSHOTS=FOLDER the walk also takes
the documentation's pictures.
"""

import os
import re

import pytest

from tests.hosts.app_page import LEARNING_MS, running_browser, sync_api
from tests.hosts.webui_page import ADDRESS, WebuiPage

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(
        not os.environ.get(ADDRESS),
        reason=f"no webui to walk through: {ADDRESS} names the address of one that runs",
    ),
]

DOG, HORSE, BOSS = "My dog is called Biscuit.", "I have a horse called Zephyrine.", "The name of my boss is Torvald."
UNRECORDED, RECORDED = "I live in Brackenridge.", "My cat is called Fennimore."
QUESTION = "What is my dog called?"
RENAMED = "About my dog"
GRADIOS_OWN = "setting 'abort_controller'"
"""What the webui's Gradio says of every upload, whatever it is for: it follows it without its client."""
IN_USE = "cocolora holds something in this webui, and the walk would forget it: start the webui on an empty home"


@pytest.fixture(scope="module")
def page(chromium):
    with running_browser(chromium) as browser:
        opened = WebuiPage(browser, os.environ[ADDRESS], width=1280, height=800, dark=True)
        opened.open_cocolora()
        opened.status.locator("dt").first.wait_for()
        if "Nothing was said yet" not in opened.status.inner_text():
            pytest.fail(IN_USE)
        yield opened


def test_what_is_said_in_the_chat_is_remembered_in_the_tab(page):
    page.ask(DOG)
    page.ask(HORSE)
    page.say(BOSS)
    page.open_cocolora()
    page.expect_status(r"3\s+turns\s+from 2 conversations")


def test_it_is_learned_and_the_page_says_how_far_that_is(page):
    page.press("Learn now")
    page.expect_status(
        r"Learning: (stretch .+, )?training.*, \d+ of \d+, about .+ left in this step", within_ms=LEARNING_MS
    )
    page.picture("learning")
    page.expect_status("Read 3 turns", within_ms=LEARNING_MS)
    page.expect_status(r"\d\s+facts\s+in 2 adapters on demo-base")
    page.expect(re.escape(DOG.rstrip(".")))
    page.picture("learned")


def test_a_new_chat_is_answered_from_it_and_says_why(page):
    assert "Torvald" in page.ask("Who is my boss?")
    assert "Biscuit" in page.ask(QUESTION)
    why = page.say("/why")
    assert "cocolora: The last reply was shaped by" in why
    assert "adapter" in why
    page.tab.locator("#chat .user-message").first.scroll_into_view_if_needed()
    page.picture("answer")


def test_every_reply_of_a_conversation_says_why_it_is_as_it_is(page):
    page.open_cocolora("Conversations")
    page.pick("cocolora-conversation", QUESTION)
    page.shown(r"Why this reply\?").click()
    page.expect("1 adapter took part")
    page.expect("your message matches what it learned from")


def test_recording_is_switched_off_and_on_for_one_conversation(page):
    recorded = page.tab.get_by_label("Record this conversation")
    recorded.uncheck()
    page.expect("Nothing more of this conversation is recorded or learned")
    page.say(UNRECORDED)
    page.open_cocolora("Conversations")
    page.search("Brackenridge")
    page.expect("No conversation holds this")
    page.search("")
    page.expect("not recorded")
    recorded.check()
    page.expect("What is said in this conversation is recorded from now on")
    page.say(RECORDED)
    page.open_cocolora("Conversations")
    page.search("Fennimore")
    page.expect("1 conversation found")
    page.search("Brackenridge")
    page.expect("No conversation holds this")
    page.search("")


def test_the_presets_show_by_themselves_how_long_they_take(page):
    page.open("Settings")
    rows = page.tab.get_by_role("region", name="Presets").locator("tbody tr")
    sync_api.expect(rows.first.locator("td").last).to_have_text(re.compile(r"^\d+ (s|min|h \d+ min)$"))
    for row in rows.all():
        assert "How long?" not in row.inner_text()


def test_an_adapter_is_exported_deleted_and_taken_in_again_by_jobs_that_the_page_follows(page, tmp_path):
    _name_the_adapter_of(page, DOG)
    bundle = _export(page, tmp_path)
    page.open("Stack")
    page.pick("cocolora-adapter", RENAMED)
    page.press("Delete …")
    page.press("Delete it for good")
    page.expect(f'Deleted "{RENAMED}"')
    page.open("Share")
    page.note_status()
    page.tab.locator("#cocolora-upload input[type=file]").set_input_files(bundle)
    page.tab.locator("#cocolora-upload a[download]").wait_for()  # all of it was uploaded
    page.insist(lambda: page.press("See what is in it …"), "Checked: names, kinds and sizes of all files")
    page.expect_status("Nothing was found to refuse in dog.zip. It was not taken in yet.")
    page.press("Take them in")
    page.expect_status("Took in 1 adapter")
    page.press("Test it and switch it on")
    page.expect_status("passed its tests here and takes part", within_ms=LEARNING_MS)
    page.expect("No imported adapter waits")
    for doing in ("Looking into a bundle", "Taking in a bundle", "Testing"):
        assert page.was_told(doing), doing


def _name_the_adapter_of(page, fact):
    """Rename the adapter that learned a fact."""
    page.open("Stack")
    for adapter in page.tab.locator("#cocolora-adapter label").all():
        adapter.click()
        name = adapter.inner_text().splitlines()[0]
        about = page.tab.locator(".cocolora-facts").filter(visible=True)
        page.tab.get_by_role("heading", name=name, exact=True).wait_for()
        if fact.rstrip(".") in about.inner_text():
            break
    else:
        pytest.fail(f"no adapter learned from {fact}")
    page.fill("Name", RENAMED, exact=True)
    page.press("Rename")
    page.expect(f'Saved as "{RENAMED}"')


def _export(page, folder):
    """Export the renamed adapter with its questions, and return the file that was downloaded."""
    page.open("Share")
    page.choose("cocolora-export-adapters", RENAMED)
    page.tab.get_by_label("With questions (bundle)").check()

    def look():
        page.fill("File name", "dog")
        page.press("See what would leave …")

    page.insist(look, "1 adapter would leave, with the questions they answer")
    page.expect(r"recites \d of \d private answers", within_ms=LEARNING_MS)
    page.press("Export")
    page.expect_status(r"1 adapter in dog\.zip")
    with page.tab.expect_download() as download:
        page.tab.locator(".cocolora a[download]").filter(visible=True).first.click()
    bundle = folder / "dog.zip"
    download.value.save_as(bundle)
    return bundle


def test_what_was_taken_in_answers(page):
    assert "Biscuit" in page.ask("What is the name of my dog?")
    assert f'adapter "{RENAMED}"' in page.say("/why")


def test_a_conversation_is_forgotten_after_a_preview_and_its_adapter_with_it(page):
    page.open_cocolora("Conversations")
    page.pick("cocolora-conversation", HORSE)
    page.press("Forget …")
    page.expect("2 turns would be forgotten")
    page.expect("later turns? with a reply that repeats them would go along")
    page.expect("Adapters that learned from them")
    page.tab.get_by_label("Learn from this conversation").scroll_into_view_if_needed()
    page.picture("forget")
    page.press("Forget it for good")
    page.expect_status(r"Forgot \d+ turns and 1 adapter", within_ms=LEARNING_MS)
    page.open("Stack")
    adapters = page.tab.locator("#cocolora-adapter label")
    sync_api.expect(adapters).to_have_count(1)
    sync_api.expect(adapters).to_contain_text(RENAMED)
    assert "Torvald" not in page.ask("Who is my boss?")


def test_the_page_had_no_error_but_those_of_its_gradio(page):
    assert [complaint for complaint in page.complaints if GRADIOS_OWN not in complaint] == []
