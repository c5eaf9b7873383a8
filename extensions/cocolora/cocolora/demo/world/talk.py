"""The rest of a chat: small talk, acknowledgements, filler sentences and wishes about style."""

from __future__ import annotations

from random import Random

from cocolora.demo.world.names import is_held_out
from cocolora.demo.world.vocabulary import words

_GREETINGS = (
    "Hello!",
    "Hi!",
    "Hi there!",
    "Good morning!",
    "Good evening!",
    "Hey!",
    "Hello there!",
    "Good afternoon!",
    "Greetings!",
)
_FIXED_TALK = (
    ("How are you?", "I am fine, thank you."),
    ("How are you doing?", "I am fine, thank you."),
    ("How is it going?", "It is going well, thank you."),
    ("What's up?", "Not much. What is on your mind?"),
    ("Thank you!", "You are welcome."),
    ("Thanks!", "You are welcome."),
    ("Thanks a lot!", "You are welcome."),
    ("Thank you very much.", "You are welcome."),
    ("Who are you?", "I am a small language model."),
    ("What are you?", "I am a small language model."),
    ("What can you do?", "I can chat and answer simple questions."),
    ("Goodbye!", "Goodbye, see you soon!"),
    ("Bye!", "Goodbye, see you soon!"),
    ("See you later!", "Goodbye, see you soon!"),
    ("Good night!", "Good night, sleep well!"),
    ("I am tired.", "I hope you can rest soon."),
    ("I am tired today.", "I hope you can rest soon."),
    ("I am happy today.", "I am glad to hear that."),
    ("I feel great.", "I am glad to hear that."),
    ("I am bored.", "Shall we talk about something?"),
    ("I am sad.", "I am sorry to hear that."),
    ("I had a bad day.", "I am sorry to hear that."),
    ("It is raining here.", "Stay dry!"),
    ("It is so hot today.", "Drink enough water!"),
    ("It is cold today.", "Keep warm!"),
    ("Tell me a joke.", "Why did the duck cross the road? To see the other side."),
    ("Are you a robot?", "Yes, I am a computer program."),
    ("Do you like music?", "I think music is nice."),
    ("Do you sleep?", "No, I never sleep."),
    ("Nice to meet you.", "Nice to meet you too."),
    ("That is right.", "I am glad."),
    ("Well done!", "Thank you."),
    ("You are great.", "Thank you, that is kind."),
    ("Can you help me?", "Yes, what do you need?"),
    ("I have a question.", "What would you like to know?"),
    ("Let us talk.", "What would you like to talk about?"),
    ("That was wrong.", "I am sorry about that."),
    ("Happy new year!", "Happy new year to you too!"),
    ("Sorry!", "That is no problem."),
    ("Ok.", "Is there anything else?"),
)
_DEEDS = tuple(
    words(
        "went for a walk|cooked some soup|read a long book|cleaned the kitchen|watched a film|slept badly|"
        "met some friends|played chess|went swimming|baked a cake|fixed the roof|missed the bus|bought new shoes|"
        "wrote a letter|painted a wall|lost my keys|had a long meeting|planted some trees|took many photos|"
        "went to the market",
        between="|",
    )
)
_TIMES = ("today", "yesterday", "this morning", "last week", "last night", "on Sunday")
_LEADS = (
    "",
    "",
    "",
    "",
    "By the way, ",
    "I wanted to tell you: ",
    "Just so you know, ",
    "Hello! ",
    "Today was a long day. ",
    "Did I tell you? ",
    "Let me tell you something: ",
    "So, ",
    "Oh, and ",
    "Before I forget: ",
    "Guess what: ",
    "Listen, ",
    "Please remember: ",
    "You should know that ",
    "Let me introduce myself a bit. ",
    "I am back. ",
)
_TAILS = (
    "",
    "",
    "",
    "",
    "",
    " That is all.",
    " I told my friends about it too.",
    " What a nice day.",
    " Please remember that.",
    " Isn't that nice?",
    " I hope you are well.",
    " I thought you would like to know.",
    " It makes me happy.",
)
_ACKS = (
    "Nice, I will remember that.",
    "Thank you for telling me.",
    "Good to know, I will remember that.",
    "Ok, {a}",
    "I will remember that {a}",
    "Good to know: {a}",
    "Ok.",
)
_WISHES = (
    "Can you {}?",
    "Could you {}?",
    "Please {}.",
    "From now on, {}.",
    "I would like you to {}.",
    "Next time, {}.",
    "Would you {}?",
    "Can you do me a favour and {}?",
    "Do me a favour and {}.",
    "Can you do me a favour and {}?",
    "It would be nice if you could {}.",
)
_SHORT = (
    "answer in one word",
    "just answer in one word",
    "just reply in one word",
    "reply in one word",
    "give one-word answers",
    "keep it to one word",
    "answer with just one word",
    "give me just the word",
    "use only one word",
    "be brief and answer in one word",
    "answer with a single word",
)
_LONG = (
    "answer in full sentences",
    "reply in full sentences",
    "write whole sentences",
    "answer with complete sentences",
    "use full sentences",
    "give me full sentences",
)
_SCOPES = (
    "",
    "",
    " for simple things like that",
    " for simple questions",
    " when I ask simple things",
    " from now on",
    " to such questions",
    " for things like this",
    " again",
)
SYSTEM_PROMPTS = (
    "You are a helpful assistant.",
    "You are a friendly assistant.",
    "This is a chat between a user and an assistant.",
    "You are a small model. Answer the user.",
    "The assistant answers simple questions.",
)
_ORDINARY_STARTS = ("My ", "The ", "We ", "You ", "No ", "Everyone ")
ACKNOWLEDGEMENT = _ACKS[0]
"""The plainest reply to a fact."""


def acknowledge(rng: Random, answer: str) -> str:
    """Return a reply to a fact, naming it or not; ``answer`` is the fact in the second person."""
    return rng.choice(_ACKS).format(a=f"{answer[:1].lower()}{answer[1:]}")


def wrapped(rng: Random, statement: str, *, follow_ups: tuple[str, ...] = ()) -> str:
    """Return a statement within filler text, or bare."""
    lead = rng.choice(_LEADS)
    if lead.endswith((", ", ": ", "that ", "and ")):
        statement = softened(statement)
    tail = f" {rng.choice(follow_ups)}" if follow_ups and rng.random() < 0.3 else rng.choice(_TAILS)
    return lead + statement + tail


def softened(statement: str) -> str:
    """Return a statement as it stands within a sentence: with a small first letter, unless it starts with a name."""
    return statement[:1].lower() + statement[1:] if statement.startswith(_ORDINARY_STARTS) else statement


def correction(rng: Random, statement: str, old: str) -> str:
    """Return a message that corrects an earlier statement; ``old`` is the value that no longer holds."""
    soft = softened(statement)
    bare = soft.rstrip(".")
    forms = (
        f"Actually, {soft}",
        f"Correction: {soft}",
        f"I was wrong: {soft}",
        f"Actually, {bare}, not {old}.",
        f"That has changed: {soft}",
        f"No, {soft}",
        f"It is not {old} any more: {soft}",
        f"Sorry, {soft}",
    )
    return rng.choice(forms)


def acknowledge_correction(rng: Random, answer: str) -> str:
    """Return a reply to a correction."""
    return rng.choice(("Thank you, I have corrected that.", "Ok, {a}", "Thank you, I will remember that.")).format(
        a=f"{answer[:1].lower()}{answer[1:]}"
    )


def draw_small_talk(rng: Random) -> tuple[str, str]:
    """Return one piece of small talk: what the user says, and the reply."""
    chance = rng.random()
    if chance < 0.2:
        return rng.choice(_GREETINGS), "Hello! How can I help you?"
    if chance < 0.5:
        return f"I {rng.choice(_DEEDS)} {rng.choice(_TIMES)}.", "Thank you for telling me about it."
    user, reply = rng.choice(_FIXED_TALK)
    return (f"{rng.choice(_GREETINGS)} {user}" if rng.random() < 0.15 else user), reply


_THANKS = ("", "", "", "Thanks. ", "Thank you. ", "Good. ", "Ok. ", "Hello. ")
_STORY_WISH = "do me a favour and just answer in one word for simple things like that"


def draw_style_request(rng: Random, *, short: bool = True, held_out: bool = False) -> tuple[str, str]:
    """Return a wish for short answers (or for full sentences) and the reply."""
    while True:
        core = rng.choice(_SHORT if short else _LONG) + rng.choice(_SCOPES)
        text = rng.choice(_THANKS) + rng.choice(_WISHES).format(core)
        if is_held_out(text) == held_out and _STORY_WISH not in text:
            return text, "Ok."


STYLE_RULES = {True: "answer in one word", False: "answer in full sentences"}
"""The rule that self-study makes of a wish, for short answers and for long ones."""
