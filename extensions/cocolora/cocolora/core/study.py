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
from dataclasses import dataclass

STUDY_INSTRUCTION = (
    "Write study lines for the chat above. For each thing the user told you, write questions the user may ask "
    "later, one per line, as: Q: question | A: answer | Key: word. For each wish about how you answer, write: "
    "Rule: wish. If there is nothing to learn, write: Nothing."
)
NEIGHBOUR_INSTRUCTION = (
    "Write questions about the user that the chat above does not answer, one per line, as: Q: question"
)

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

    A line is refused, not repaired, when it does not have the form, repeats an earlier question, its answer lacks
    its key, the user did not say its key, or its key is a mere part of another line's ("Ada" beside "Ada Byron"): a
    lesson must come from its turn, and what a model answered is no evidence for what is so.
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
        elif not (match := _LINE.match(raw)):
            refused.append((raw, "not of the form Q: … | A: … | Key: …"))
        elif reason := _fault(line := StudyLine(**match.groupdict()), said=said, known=lines):
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
    if key not in said:
        return "the user did not say the key"
    return ""


def parse_questions(text: str) -> tuple[str, ...]:
    """Read the distinct questions of an answer to ``NEIGHBOUR_INSTRUCTION``."""
    found = (match["question"] for line in text.splitlines() if (match := _QUESTION.match(line.strip())))
    return tuple({normalise(question): question for question in found}.values())


def normalise(text: str) -> str:
    """Return ``text`` in lower case with single spaces and no punctuation at word ends, for comparisons."""
    words = (word.strip(".,;:!?\"'()[]*“”‘’") for word in text.lower().split())
    return " ".join(word for word in words if word)
