"""The webui's page in a real browser: a webui that runs already, with cocolora in it, used as a user does."""

import re

from tests.hosts.app_page import PATIENCE_MS, TYPING_PAUSE_MS, AppPage, sync_api

ADDRESS = "COCOLORA_WEBUI"
"""The environment variable that names the address of a running webui."""

sync_api.expect.set_options(timeout=PATIENCE_MS)


class WebuiPage(AppPage):
    """The webui's page, by what a user does on it: the chat is the webui's, the tab is cocolora's."""

    pictures = "webui"

    def arrive(self):
        self.replies = self.tab.locator("#chat .assistant-message .message-body")
        self.tab.get_by_role("tab", name="cocolora", exact=True).wait_for()

    def open_cocolora(self, name="Overview"):
        """Open cocolora's tab, and a part of it."""
        self.open("cocolora")
        self.status.wait_for()
        self.open(name)

    def new_chat(self):
        self.open("Chat")
        self.tab.locator("#new-chat-btn").click()
        sync_api.expect(self.replies).to_have_count(0)
        self.tab.wait_for_timeout(TYPING_PAUSE_MS)

    def ask(self, text):
        self.new_chat()
        return self.say(text)

    def say(self, text):
        self.open("Chat")
        number = self.replies.count()
        box = self.tab.locator("#chat-input textarea")
        box.fill(text)
        box.press("Enter")
        sync_api.expect(self.replies).to_have_count(number + 1)
        sync_api.expect(self.tab.locator("._generating")).to_have_count(0)
        return self.replies.last.inner_text().strip()

    def shown(self, text):
        """Return the first element with a text that is not hidden: the chat is on the same page, behind the tab."""
        return self.tab.get_by_text(re.compile(text)).filter(visible=True).first

    def note_status(self):
        """Note every line that the status shows from now on, however short a time."""
        self.tab.evaluate(
            "window.told = []; new MutationObserver(() => window.told.push("
            "document.querySelector('.cocolora-status').innerText)).observe("
            "document.querySelector('#cocolora-status'), {childList: true, subtree: true, characterData: true})"
        )

    def was_told(self, words):
        """Say whether the status has shown such words since ``note_status``."""
        return any(re.search(words, told) for told in self.tab.evaluate("window.told"))

    def expect_status(self, words, *, within_ms=PATIENCE_MS):
        sync_api.expect(self.status).to_contain_text(re.compile(words), timeout=within_ms, use_inner_text=True)
