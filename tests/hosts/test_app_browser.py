"""The app in a real browser, on the demo base: what a newcomer does, click by click.

With COCOLORA_SCREENSHOTS=docs/images it also takes the documentation's pictures.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install playwright")

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 60_000
LEARNING_MS = 600_000
TYPING_PAUSE_MS = 400
FACT, QUESTION, NAME = "My dog is called Biscuit.", "What is my dog called?", "Biscuit"


@pytest.fixture(scope="module")
def address(demo_base, tmp_path_factory):
    """The address of a running app on an empty home."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("app")
    command = [sys.executable, "-m", "cocolora", "app", "--no-browser", "--port", str(port), "--base", str(demo_base)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "extensions" / "cocolora")}
    with (folder / "log").open("w") as log:
        app = subprocess.Popen(
            [*command, "--home", str(folder / "home")], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _await(url, app, folder / "log")
        yield url
    finally:
        app.terminate()
        app.wait(timeout=30)
    assert "Traceback" not in (folder / "log").read_text()


def _await(url, app, log):
    for _ in range(600):
        assert app.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"the app did not start: {log.read_text()}")


@pytest.fixture(scope="module")
def browser(chromium):
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


class AppPage:
    """The app's page, by what a user does on it."""

    def __init__(self, browser, address):
        self.tab = browser.new_page(viewport={"width": 1400, "height": 950})
        self.tab.set_default_timeout(PATIENCE_MS)
        self.elsewhere, self.complaints = [], []
        self.tab.on("request", self._note_request)
        self.tab.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.goto(address)
        self.status = self.tab.locator(".cocolora-status")
        self.status.wait_for()
        self.replies = self.tab.locator("#cocolora-chat .bot.message")

    def _note_request(self, request):
        if not request.url.startswith(("http://127.0.0.1", "data:", "blob:")):
            self.elsewhere.append(request.url)

    def ask(self, text):
        """Start a new chat, say something, and return the reply."""
        self.press("New chat")
        sync_api.expect(self.replies).to_have_count(0)
        return self.say(text)

    def say(self, text):
        number = self.replies.count()
        box = self.tab.locator("#cocolora-message textarea")
        box.fill(text)
        box.press("Enter")
        sync_api.expect(self.replies).to_have_count(number + 1, timeout=PATIENCE_MS)
        sync_api.expect(self.replies.last).not_to_have_text("…", timeout=PATIENCE_MS)
        self.tab.locator("#cocolora-why .cocolora-said, #cocolora-why .cocolora-refused").wait_for()
        return self.replies.last.inner_text().strip()

    def press(self, name):
        self.tab.get_by_role("button", name=name, exact=True).click()

    def open(self, name):
        """Open a tab, and wait until its fields keep what is typed: they are made anew when it opens."""
        self.tab.get_by_role("tab", name=name, exact=True).click()
        self.tab.wait_for_timeout(TYPING_PAUSE_MS)

    def search(self, text):
        """Search the conversations."""
        box = self.tab.locator("#cocolora-search textarea, #cocolora-search input").first
        box.fill(text)
        self.tab.wait_for_timeout(TYPING_PAUSE_MS)
        box.press("Enter")

    def pick(self, element, text):
        """Choose a line of a list by what it begins with."""
        self.tab.locator(f"#{element} label").filter(has_text=text).first.click()

    def choose(self, element, option):
        """Add an option of a menu."""
        self.tab.locator(f"#{element} input").click()
        self.tab.get_by_role("option", name=option).first.click()
        self.tab.keyboard.press("Escape")

    def expect(self, text, *, within_ms=PATIENCE_MS):
        self.tab.get_by_text(re.compile(text)).first.wait_for(timeout=within_ms)

    def fill(self, label, text, *, exact=False):
        """Type, leave the field and pause: a click within the same tick sends what was there before."""
        field = self.tab.get_by_label(label, exact=exact)
        field.fill(text)
        field.press("Tab")
        sync_api.expect(field).to_have_value(text)
        self.tab.wait_for_timeout(TYPING_PAUSE_MS)

    def insist(self, act, text):
        """Do something until the page answers with ``text``: on a busy machine it may miss what was typed."""
        for _ in range(5):
            act()
            try:
                self.tab.get_by_text(re.compile(text)).first.wait_for(timeout=PATIENCE_MS / 4)
            except sync_api.TimeoutError:
                continue
            return
        self.expect(text)

    def picture(self, name):
        folder = os.environ.get("COCOLORA_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.tab.screenshot(path=Path(folder) / f"app-{name}.png")


@pytest.fixture(scope="module")
def page(browser, address):
    return AppPage(browser, address)


def test_an_empty_page_says_what_to_do_first(page):
    page.expect("Nothing was said yet")
    page.expect("Nothing was learned yet")
    page.picture("first")


def test_a_fact_is_told_learned_and_recalled_in_a_new_chat_from_weights_alone(page):
    assert page.say(FACT)
    page.expect("from 1 conversation")
    page.press("Learn now")
    page.expect("Learning: ")
    page.picture("learning")
    assert page.ask("Hello, how are you?")
    page.expect(r"Read \d turn", within_ms=LEARNING_MS)
    assert "learned from 1 in 1 adapter" in page.status.inner_text()
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
        page.fill("Rank", "999")
        page.tab.locator("#cocolora-save-learning").click()

    page.insist(save, "learning.rank: Input should be less than or equal to 256")


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


def test_a_stack_is_exported_and_a_file_that_is_none_is_refused(page, tmp_path):
    page.open("Share")

    def export():
        page.fill("File name", "dog")
        page.press("Export")

    page.insist(export, r"1 adapter in dog\.zip")
    page.picture("share")
    with page.tab.expect_download() as download:
        page.tab.locator("a[download]").first.click()
    bundle = tmp_path / "dog.zip"
    download.value.save_as(bundle)
    assert bundle.stat().st_size > 1000
    nonsense = tmp_path / "nonsense.zip"
    nonsense.write_bytes(b"not a zip")
    _import(page, nonsense)
    page.expect("nonsense.zip was refused")


def _import(page, path):
    page.tab.locator("#cocolora-upload input[type=file]").set_input_files(path)
    page.tab.locator("#cocolora-upload").get_by_text(path.stem).first.wait_for()
    page.tab.locator("#cocolora-import").click()


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
    assert NAME in page.ask(QUESTION)
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
    page.picture("conversation")
    page.choose("cocolora-turns", "1. My dog")
    page.press("Edit the turn")
    page.fill("The reply", "Biscuit is a fine name.")
    page.press("Save the turn")
    page.expect("Biscuit is a fine name.")
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
    page.pick("cocolora-conversation", FACT)
    page.press("Forget …")
    page.expect("turns would be forgotten")
    page.expect("Adapters that learned from them")
    page.picture("forget")
    page.press("Forget it for good")
    page.expect(r"Forgot \d+ turns and 1 adapter", within_ms=LEARNING_MS)
    page.open("Stack")
    page.expect("No adapters yet")
    assert NAME not in page.ask(QUESTION)


def test_the_page_asked_nothing_of_any_other_machine_and_had_no_error(page):
    assert page.elsewhere == []
    assert page.complaints == []
