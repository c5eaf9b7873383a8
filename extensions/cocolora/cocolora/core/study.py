"""Self-study: the words in which a model is asked for lessons, and how its answer is read.

The same instruction goes to the demo base and to an 8B model: the exchange, then ``STUDY_INSTRUCTION`` as the
next user message. The model answers in lines of three kinds::

    Q: What is my dog called? | A: Your dog is called Rex. | Key: Rex
    Rule: answer in one word
    Nothing.

``Key`` is the part of the answer that must be in any right answer: the gate looks for it, and it is the short
form of the answer for users who asked for short ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

STUDY_INSTRUCTION = (
    "Write study lines for the chat above. For each thing the user told you, write questions the user may ask "
    "later, one per line, as: Q: question | A: answer | Key: word. For each wish about how you answer, write: "
    "Rule: wish. If there is nothing to learn, write: Nothing."
)
NEIGHBOUR_INSTRUCTION = (
    "Write questions about the user that the chat above does not answer, one per line, as: Q: question"
)

PUNCTUATION = ".,;:!?\"'()[]*“”‘’"
"""What may stand around a word without being part of it."""
_SPELLED_ALIKE = 0.6
_LINE = re.compile(r"^Q:\s*(?P<question>.+?)\s*\|\s*A:\s*(?P<answer>.+?)\s*\|\s*Key:\s*(?P<key>.+?)\s*$")
_RULE = re.compile(r"^Rule:\s*(?P<rule>.+?)\s*$")
_QUESTION = re.compile(r"^Q:\s*(?P<question>[^|]+?)\s*(?:\|.*)?$")


@dataclass(frozen=True, slots=True)
class StudyLine:
    """One question the user may ask later, its answer, and the words that any right answer holds."""

    question: str
    answer: str
    key: str

    def render(self) -> str:
        """Return the line as the model writes it."""
        return f"Q: {self.question} | A: {self.answer} | Key: {self.key}"


@dataclass(frozen=True, slots=True)
class Study:
    """What a model's self-study of one exchange says, and the lines that could not be used, with the reason."""

    lines: tuple[StudyLine, ...] = ()
    rules: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def parse_study(text: str, *, told: str) -> Study:
    """Read a model's self-study of an exchange in which the user said ``told``.

    A line is refused when it does not have the form, repeats an earlier question, its answer lacks its key, the user
    did not say its key, or its key is a mere part of another line's ("Ada" beside "Ada Byron"): a lesson must come from
    its turn, and what a model answered is no evidence for what is so. A misspelt key becomes what the user said.
    """
    lines: dict[str, StudyLine] = {}
    rules: list[str] = []
    refused: list[tuple[str, str]] = []
    said = normalise(told)
    for raw in filter(None, (line.strip() for line in text.splitlines())):
        if raw.rstrip(".").lower() == "nothing":
            continue
        if match := _RULE.match(raw):
            rules.append(match["rule"])
        elif (line := parse_line(raw)) is None:
            refused.append((raw, "not of the form Q: … | A: … | Key: …"))
        elif reason := _fault(line := _spelled_right(line, told=told), said=said, known=lines):
            refused.append((raw, reason))
        else:
            lines[normalise(line.question)] = line
    whole = {normalise(line.key) for line in lines.values()}
    partial = [
        line for line in lines.values() if any(_is_part(normalise(line.key), of=key, said=said) for key in whole)
    ]
    refused += [(line.render(), "its key is a part of another line's") for line in partial]
    kept = tuple(line for line in lines.values() if line not in partial)
    return Study(kept, tuple(dict.fromkeys(rules)), tuple(refused))


def _is_part(words: str, *, of: str, said: str) -> bool:
    """Say whether words are a proper part of others, and were said as that alone."""
    if words == of or f" {words} " not in f" {of} ":
        return False
    return f" {words} " not in f" {said} ".replace(f" {of} ", "  ")


def _fault(line: StudyLine, *, said: str, known: dict[str, StudyLine]) -> str:
    if normalise(line.question) in known:
        return "repeats a question"
    key = normalise(line.key)
    if not key or key not in normalise(line.answer):
        return "the answer lacks its key"
    return "" if _holds(said, key) else "the user did not say the key"


def _holds(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None


def _spelled_right(line: StudyLine, *, told: str) -> StudyLine:
    """Return a line whose key the user did not say with the words that they said and that are spelled like it.

    Small models misspell names, mostly towards their end. A line without such words is returned as it is.
    """
    if _holds(normalise(told), normalise(line.key)) or not (key := _spelled_like(line.key, told)):
        return line
    wrong = _spelled_like(key, line.answer)
    return replace(line, answer=line.answer.replace(wrong, key), key=key) if wrong else line


def _spelled_like(words: str, text: str) -> str:
    """Return the run of ``text`` that is spelled most like ``words`` and begins with the same two letters, if any."""
    found = [plain for word in text.split() if (plain := word.strip(PUNCTUATION))]
    size = len(words.split())
    runs = (
        " ".join(found[start : start + length])
        for start in range(len(found))
        for length in range(max(1, size - 1), size + 2)
    )
    alike = {run: SequenceMatcher(None, words, run, autojunk=False).ratio() for run in runs if run[:2] == words[:2]}
    best = max(alike, key=lambda run: alike[run], default="")
    return best if alike.get(best, 0.0) >= _SPELLED_ALIKE else ""


def parse_line(text: str) -> StudyLine | None:
    """Read one study line, right or wrong; None when it has not the form of one."""
    match = _LINE.match(text)
    return StudyLine(**match.groupdict()) if match else None


def parse_questions(text: str) -> tuple[str, ...]:
    """Read the distinct questions of an answer to ``NEIGHBOUR_INSTRUCTION``."""
    found = (match["question"] for line in text.splitlines() if (match := _QUESTION.match(line.strip())))
    return tuple({normalise(question): question for question in found}.values())


def normalise(text: str) -> str:
    """Return ``text`` in lower case with single spaces and no punctuation at word ends, for comparisons."""
    words = (word.strip(PUNCTUATION) for word in text.lower().split())
    return " ".join(word for word in words if word)
