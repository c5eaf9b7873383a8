"""What README and docs show is there: commands parse, links lead somewhere, every page can be found."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

import install
from cocolora import cli

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
FENCE = re.compile(r"^```(?:console|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ANY_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Shown as they are, and not ours to check.
FOREIGN = ("cd", "git", "pip", "python -m pip", "python -m pytest", "python server.py", "export", "ls", "source")


def shown_commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for block in FENCE.findall(page.read_text(encoding="utf-8")):
            for line in block.splitlines():
                if line.startswith("$ "):
                    yield page.relative_to(ROOT).as_posix(), line[2:]


def parse(command: str) -> None:
    """Parse a command with the parser that will meet it; SystemExit when that refuses it."""
    words = [word for word in shlex.split(command, comments=True) if not re.fullmatch(r"[A-Z_]+=.*", word)]
    if words[:2] == ["python", "install.py"]:
        own = 1 if words[2:3] in (["demo"], ["test"]) else len(words)
        install.build_parser().parse_args(words[2:][:own])
        if words[2:3] == ["demo"]:
            cli.build_parser().parse_args(words[2:])
    elif words[0].rpartition("/")[2] == "cocolora":
        cli.build_parser().parse_args(words[1:])
    elif words[:3] == ["python", "-m", "cocolora"]:
        cli.build_parser().parse_args(words[3:])
    elif words[:2] == ["python", "-m"] and words[2].startswith("cocolora."):
        assert module_exists(words[2]), f"no module {words[2]}"
    else:
        assert " ".join(words).startswith(FOREIGN), f"unknown command: {command}"


def module_exists(name: str) -> bool:
    path = ROOT.joinpath("extensions", "cocolora", *name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def test_every_command_shown_is_understood_by_its_parser():
    refused = []
    for page, command in shown_commands():
        words = io.StringIO()
        try:
            with contextlib.redirect_stderr(words), contextlib.redirect_stdout(io.StringIO()):
                parse(command)
        except SystemExit as stop:
            if stop.code:
                refused.append(f"{page}: {command}: {words.getvalue().strip().splitlines()[-1]}")
    assert not refused, "\n".join(refused)


def test_the_two_commands_of_the_readme_are_shown():
    commands = [command for page, command in shown_commands() if page == "README.md"]
    assert "python install.py demo" in commands
    assert any(command.startswith("python install.py webui ") for command in commands)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(page):
    broken = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        if not place.exists() or (anchor and place.suffix == ".md" and anchor not in anchors(place)):
            broken.append(target)
    assert not broken


def test_every_page_is_reached_from_the_index():
    reached, waiting = set(), [DOCS / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            targets = [(page.parent / target.partition("#")[0]).resolve() for target in links(page)]
            waiting += [target for target in targets if target.suffix == ".md" and target.exists()]
    assert set(DOCS.rglob("*.md")) <= reached


def test_every_decision_has_its_own_number():
    numbers = [page.name[:4] for page in sorted((DOCS / "adr").glob("0*.md"))]
    assert len(set(numbers)) == len(numbers)


def links(page: Path) -> list[str]:
    prose = ANY_FENCE.sub("", page.read_text(encoding="utf-8"))
    return [target for target in LINK.findall(prose) if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", ANY_FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


WEBUI_WALK = "test_webui_browser.py"
BY_HAND = {"webui-llama-cpp.png"}
"""Pictures that no test takes, each named as such in docs/webui.md: the walk needs a loader that can train."""


def test_every_picture_of_the_page_is_one_that_the_browser_tests_take():
    walks = [path for path in (ROOT / "tests" / "hosts").glob("*_browser.py") if path.name != WEBUI_WALK]
    taken = {f"app-{name}.png" for path in walks for name in pictures_taken(path)}
    assert {path.name for path in (DOCS / "images").glob("app-*.png")} <= taken


def test_every_picture_of_the_webui_is_one_that_the_walk_takes_or_is_said_to_be_made_by_hand():
    taken = {f"webui-{name}.png" for name in pictures_taken(ROOT / "tests" / "hosts" / WEBUI_WALK)}
    assert {path.name for path in (DOCS / "images").glob("webui-*.png")} == taken | BY_HAND
    page = (DOCS / "webui.md").read_text(encoding="utf-8")
    assert all(f"`{name}` was made by hand" in page for name in BY_HAND)


def pictures_taken(test: Path) -> list[str]:
    return re.findall(r'\.picture\("([\w-]+)"', test.read_text(encoding="utf-8"))
