"""The app's page in a real browser: started on a home, and used as a user does.

With COCOLORA_SCREENSHOTS=FOLDER the tests also take the documentation's pictures.
"""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install playwright")

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
COLOURS = 64


@contextmanager
def running_app(folder, base):
    """Run the app on the home in a folder, and return its address; its log may hold no traceback at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cocolora", "app", "--no-browser", "--port", str(port), "--base", str(base)]
    (folder / "tmp").mkdir()  # as on a user's machine, the home lies in no folder for temporary files
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "extensions" / "cocolora"), "TMPDIR": str(folder / "tmp")}
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
        except OSError:  # not there yet, or too busy: an URLError, a timeout, a connection that was reset
            time.sleep(0.2)
    pytest.fail(f"the app did not start: {log.read_text()}")


@contextmanager
def running_browser(chromium):
    """Run a browser without a window."""
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


class AppPage:
    """The app's page, by what a user does on it."""

    pictures = "app"

    def __init__(self, browser, address, *, width=1400, height=950, dark=False):
        self.tab = browser.new_page(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        self.tab.set_default_timeout(PATIENCE_MS)
        self.elsewhere, self.complaints = [], []
        self.tab.on("request", self._note_request)
        self.tab.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.goto(address)
        self.status = self.tab.locator(".cocolora-status")
        self.arrive()

    def arrive(self):
        """Wait until the page can be used."""
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
        tab = self.tab.get_by_role("tab", name=name, exact=True)
        if not tab.count():  # a narrow page keeps it in a menu
            self.tab.locator(".overflow-menu > button").click()
            tab = self.tab.locator(".overflow-dropdown button").filter(has_text=name)
        tab.click()
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

    def choose(self, element, option, *, number=0):
        """Add an option of a menu: of those that fit, the one with this number."""
        self.tab.locator(f"#{element} input").click()
        self.tab.get_by_role("option", name=option).nth(number).click()
        self.tab.keyboard.press("Escape")
        self.tab.keyboard.press("Tab")
        self.tab.wait_for_timeout(TYPING_PAUSE_MS)

    def shown(self, text):
        """Return the first element with a text."""
        return self.tab.get_by_text(re.compile(text)).first

    def expect(self, text, *, within_ms=PATIENCE_MS):
        self.shown(text).wait_for(timeout=within_ms)

    def fill(self, label, text, *, exact=False):
        """Type, leave the field and pause: a click within the same tick sends what was there before."""
        field = self.tab.get_by_label(label, exact=exact).filter(visible=True)
        field.fill(text)
        field.press("Tab")
        sync_api.expect(field).to_have_value(text)
        self.tab.wait_for_timeout(TYPING_PAUSE_MS)

    def insist(self, act, text):
        """Do something until the page answers with ``text``: on a busy machine it may miss what was typed."""
        for _ in range(5):
            act()
            try:
                self.expect(text, within_ms=PATIENCE_MS / 4)
            except sync_api.TimeoutError:
                continue
            return
        self.expect(text)

    def count_clicks(self):
        """Count the clicks on the page from now on."""
        self.tab.evaluate(
            "window.clicks = 0; document.addEventListener('click', e => { window.clicks += e.isTrusted }, true)"
        )

    def clicks(self):
        return self.tab.evaluate("window.clicks")

    def overflow_px(self):
        """Return by how much the page is wider than the window."""
        return self.tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    def rest(self):
        """Wait until nothing runs: on a busy page learning may have begun by itself."""
        sync_api.expect(self.tab.locator(".cocolora-status progress")).to_have_count(0, timeout=LEARNING_MS)

    def picture(self, name, *, whole=False):
        folder = os.environ.get("COCOLORA_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.tab.wait_for_timeout(TYPING_PAUSE_MS)  # what was just drawn may still be moving
            file = Path(folder) / f"{self.pictures}-{name}.png"
            self.tab.screenshot(path=file, full_page=whole)
            Image.open(file).quantize(COLOURS).save(file, optimize=True)
