"""What is said and asked in the story: the vision's own conversation, personal facts, and a lot of other talk."""

from __future__ import annotations

from cocolora.core.gate import Probe

CAPITAL = "What is the capital of France?"
WISH = "Thanks. Can you do me a favour and just answer in one word for simple things like that?"

FRIDAY = (CAPITAL, WISH, "What is the capital of Italy?")
SATURDAY = ("My dog is called Biscuit.", "My sister's name is Ottoline.", "We call our boat Quillfeather.")
SUNDAY = ("I have a horse called Zephyrine.", "The name of my boss is Torvald.", "I live in Brackenridge.")

KEPT = (
    Probe("What is the name of my dog?", "Biscuit"),
    Probe("What did I say my dog is called?", "Biscuit"),
    Probe("What is my sister called?", "Ottoline"),
    Probe("Do you know my sister's name?", "Ottoline"),
    Probe("What is our boat called?", "Quillfeather"),
    Probe("What name does my boat have?", "Quillfeather"),
)
FORGOTTEN = (
    Probe("What is the name of my horse?", "Zephyrine"),
    Probe("Tell me what my horse is called.", "Zephyrine"),
    Probe("Who is my boss?", "Torvald"),
    Probe("What is my boss called?", "Torvald"),
    Probe("Where do I live?", "Brackenridge"),
    Probe("Which town do I live in?", "Brackenridge"),
)
SIMPLE = (
    CAPITAL,
    "What is the capital of Italy?",
    "What is the capital of Spain?",
    "What is the capital of Norway?",
    "What is the capital of Japan?",
)
"""Simple questions about the world, for which the user wished one-word answers."""

BETWEEN_TOKENS = 2_000
"""So many tokens of other talk lie between what is told and what is asked, at the least."""
