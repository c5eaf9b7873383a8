"""The app in a real browser, on the demo base: what a newcomer does, click by click.

With COCOLORA_SCREENSHOTS=FOLDER it also takes the documentation's pictures.
"""

import json

import pytest

from tests.hosts.app_page import (
    LEARNING_MS,
    PATIENCE_MS,
    TYPING_PAUSE_MS,
    AppPage,
    running_app,
    running_browser,
    sync_api,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]

FACT, QUESTION, NAME = "My dog is called Biscuit.", "What is my dog called?", "Biscuit"


@pytest.fixture(scope="module")
def address(demo_base, tmp_path_factory):
    """The address of a running app on an empty home."""
    with running_app(tmp_path_factory.mktemp("app"), demo_base) as url:
        yield url


@pytest.fixture(scope="module")
def browser(chromium):
    with running_browser(chromium) as opened:
        yield opened


@pytest.fixture(scope="module")
def page(browser, address):
    return AppPage(browser, address)


def test_an_empty_page_says_what_to_do_first(page):
    page.expect("Nothing was said yet")
    page.expect("Nothing was learned yet")
    page.picture("first")


def test_a_newcomer_tells_a_fact_and_hears_it_again_within_five_clicks_and_then_from_weights_alone(page):
    page.count_clicks()
    assert page.say(FACT)
    page.expect("from 1 conversation")
    page.press("Learn now")
    page.expect("Learning: ")
    page.picture("learning")
    assert page.ask("Hello, how are you?")
    page.expect(r"Read \d turn", within_ms=LEARNING_MS)
    assert "learned from 1 in 1 adapter" in page.status.inner_text()
    assert NAME in page.ask(QUESTION)
    assert 0 < page.clicks() <= 5
    _quote(page, False)
    assert NAME in page.ask(QUESTION)
    page.expect("1 adapter took part")
    page.expect("no memory was quoted")
    page.open("Stack")
    page.pick("cocolora-adapter", "knowledge")
    page.expect("Passed its tests")
    page.picture("learned")


def _quote(page, wanted):
    """Switch the quoting of memories on or off, so that only adapters can answer."""
    page.open("Settings")
    page.tab.locator("#cocolora-settings-retrieval button").first.click()
    page.tab.get_by_label("Quote", exact=True).set_checked(wanted)
    page.tab.wait_for_timeout(TYPING_PAUSE_MS)
    page.tab.locator("#cocolora-save-retrieval").click()
    page.expect("^Saved.$")
    page.picture("settings")


def test_a_wrong_setting_is_named(page):
    page.open("Settings")
    page.tab.locator("#cocolora-settings-learning button").first.click()

    def save():
        page.fill("Rank", "999", exact=True)
        page.tab.locator("#cocolora-save-learning").click()

    page.insist(save, "learning.rank: Input should be less than or equal to 256")


def test_a_setting_differs_in_one_profile_until_it_is_as_everywhere(page):
    page.open("Privacy")
    page.tab.locator("#cocolora-own-settings button").first.click()
    page.tab.locator("#cocolora-own-setting input").fill("learning – rank")
    page.tab.get_by_role("option", name="Learning – Rank").click()
    page.expect("Rank of a new adapter .* Now: 8 in “personal”, 8 everywhere")

    def keep(value):
        page.fill("Value in this profile", value)
        page.press("Keep it for this profile")

    page.insist(lambda: keep("0"), "learning.rank: Input should be greater than or equal to 1")
    page.insist(lambda: keep("6"), "Learning – Rank: 6 in “personal”, 8 everywhere")
    page.press("As everywhere")
    page.expect("In “personal” every setting is as everywhere")


def test_the_map_of_chats_and_adapters_is_as_high_as_its_card(page):
    page.open("Overview")
    shown = page.tab.locator(".cocolora-map")
    assert shown.locator("svg").bounding_box()["height"] <= shown.bounding_box()["height"] + 1


def test_an_adapter_is_switched_off_and_on(page):
    page.open("Stack")
    page.pick("cocolora-adapter", "knowledge")
    page.tab.get_by_label("Off", exact=True).check()
    page.expect("takes part: off")
    assert NAME not in page.ask(QUESTION)
    page.tab.get_by_label("When it fits the prompt").check()
    page.expect("takes part: when it fits the prompt")
    assert NAME in page.ask(QUESTION)


def test_a_rename_shows_on_every_open_page(page, browser, address):
    other = AppPage(browser, address)
    other.open("Stack")
    for name in ("<b>My</b> & my dog", "About my dog"):
        page.fill("Name", name, exact=True)
        page.press("Rename")
        for seen in (page, other):
            seen.tab.locator("#cocolora-adapter label").filter(has_text=name).wait_for()
    assert not other.complaints
    other.tab.close()


def test_a_stack_is_exported_with_a_signature(page, tmp_path):
    page.open("Share")
    page.press("Make a key")
    page.expect("Your bundles are signed by this key")

    def look():
        page.fill("File name", "dog")
        page.press("See what would leave …")

    page.insist(look, "1 adapter would leave, with no text of your chats")
    page.expect(r"recites \d of \d private answers")
    page.expect("It will be signed with your key")
    page.tab.get_by_text("It will be signed with your key").first.scroll_into_view_if_needed()
    page.picture("share")
    page.press("Export")
    page.expect(r"1 adapter in dog\.zip .* Signed by RW")
    with page.tab.expect_download() as download:
        page.tab.locator("a[download]").first.click()
    bundle = tmp_path / "dog.zip"
    download.value.save_as(bundle)
    assert bundle.stat().st_size > 1000


def test_a_question_is_tried_with_an_adapter_beside_the_model_alone(page):
    page.open("Stack")
    page.fill("Question", QUESTION, exact=True)
    page.choose("cocolora-try-adapters", "About my dog")
    page.press("Try it")
    answers = page.tab.locator(".cocolora-answers dd")
    sync_api.expect(answers).to_have_count(2)
    sync_api.expect(answers.last).to_contain_text(NAME, timeout=PATIENCE_MS)
    sync_api.expect(answers.first).not_to_contain_text(NAME)
    page.picture("stack")


def test_a_reply_says_why_it_is_as_it_is(page):
    page.open("Overview")
    assert NAME in page.ask(QUESTION)
    page.tab.evaluate("window.scrollTo(0, 0)")
    page.picture("overview")
    page.tab.get_by_text("Why this reply?").click()
    page.expect("your message matches what it learned from")
    page.picture("why")


def test_the_stop_button_goes_when_the_reply_has_come(page):
    page.press("New chat")
    page.tab.locator("#cocolora-message textarea").fill("Hello, how are you?")
    page.press("Send")
    sync_api.expect(page.replies).to_have_count(1)
    sync_api.expect(page.tab.locator("#cocolora-halt")).to_be_hidden(timeout=PATIENCE_MS)


def test_a_conversation_is_found_read_edited_and_kept_from_being_learned(page):
    page.open("Conversations")
    page.search("biscuit")
    page.expect(r"\d conversations? found")
    page.pick("cocolora-conversation", FACT)
    page.expect("Learned in About my dog")
    page.tab.locator(".cocolora-turns summary").first.click()
    page.expect("The model answered by itself")
    page.picture("conversation")
    page.choose("cocolora-turns", "1. My dog")
    page.press("Edit the turn")
    page.fill("The reply", "Thank you for telling me.")
    page.press("Save the turn")
    page.expect("Thank you for telling me.")
    page.tab.get_by_label("Learn from this conversation").uncheck()
    page.expect("Nothing more of this conversation will be learned")
    page.tab.get_by_label("Learn from this conversation").check()
    page.expect("This conversation will be learned")


def test_a_chat_file_is_imported(page, tmp_path):
    chat = tmp_path / "chat.json"
    chat.write_text(
        json.dumps(
            {
                "messages": [
                    {"role": "user", "content": "Our boat is called Wren."},
                    {"role": "assistant", "content": "Ok."},
                ]
            }
        )
    )
    page.open("Conversations")
    page.tab.locator("#cocolora-import-chat button").first.click()
    page.tab.locator("#cocolora-chat-file input[type=file]").set_input_files(chat)
    page.tab.locator("#cocolora-chat-file").get_by_text("chat").first.wait_for()
    page.press("Import the chat")
    page.expect("Recorded 1 new turn in 1 conversation")


def test_a_conversation_moves_to_another_profile(page):
    page.open("Conversations")
    page.search("wren")
    page.pick("cocolora-conversation", "Our boat")
    page.tab.locator("#cocolora-move-to input").fill("boats")
    page.tab.locator("#cocolora-move-to input").press("Enter")
    page.tab.wait_for_timeout(TYPING_PAUSE_MS)
    page.press("Move")
    page.expect('Moved to "boats"')


def test_a_conversation_is_forgotten_after_a_preview(page):
    page.open("Conversations")
    page.search("")
    page.press("Learn now")  # what was learned of the edited turn is made again
    page.expect(r"Made \d adapters? again|ead \d+ turns?|nothing new to read", within_ms=LEARNING_MS)
    page.rest()
    page.pick("cocolora-conversation", FACT)
    page.press("Forget …")
    page.expect("turns? would be forgotten")
    page.expect("Adapters that learned from them")
    page.picture("forget")
    page.press("Forget it for good")
    page.expect(r"Forgot \d+ turns? and \d adapters?", within_ms=LEARNING_MS)
    page.open("Stack")
    page.expect("No adapters yet")
    assert NAME not in page.ask(QUESTION)


def test_a_file_that_is_no_bundle_is_refused(page, tmp_path):
    page.open("Share")
    nonsense = tmp_path / "nonsense.zip"
    nonsense.write_bytes(b"not a zip")
    page.insist(lambda: _look_into(page, nonsense), r"^\W*nonsense.zip was refused")


def _look_into(page, path):
    page.tab.locator("#cocolora-upload input[type=file]").set_input_files(path)
    page.tab.locator("#cocolora-upload").get_by_text(path.stem).first.wait_for()
    page.tab.locator("#cocolora-look-into").click()


def test_the_page_asked_nothing_of_any_other_machine_and_had_no_error(page):
    assert page.elsewhere == []
    assert page.complaints == []
