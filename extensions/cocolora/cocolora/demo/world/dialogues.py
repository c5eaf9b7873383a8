"""The dialogues of the demo world: each maker composes one chat to learn from, and ``draw`` mixes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from cocolora.core.conversations import ChatMessage
from cocolora.core.study import NEIGHBOUR_INSTRUCTION, STUDY_INSTRUCTION
from cocolora.demo.world import talk
from cocolora.demo.world.chats import Chat
from cocolora.demo.world.facts import Fact, Topic, leads_group
from cocolora.demo.world.studying import NOTHING, neighbour_text, study_text

Messages = list[ChatMessage]


def world_questions(rng: Random) -> Messages:
    """Questions about the world, answered in full, with small talk and unknown subjects in between."""
    chat = Chat(rng)
    chat.instructed()
    for _ in range(rng.randint(2, 5)):
        chance = rng.random()
        if chance < 0.6:
            chat.say(*chat.asking_world())
        elif chance < 0.9:
            chat.say(*chat.asking_unknown())
        else:
            chat.say(*chat.small_talk())
    return chat.messages


def small_talk(rng: Random) -> Messages:
    """Small talk, and questions about the user that nothing answers."""
    chat = Chat(rng)
    for _ in range(rng.randint(1, 4)):
        if rng.random() < 0.6:
            chat.say(*chat.small_talk())
        else:
            chat.say(*chat.asking(chat.new_fact().topic))
    return chat.messages


def drill(rng: Random) -> Messages:
    """Three to six facts in bare statements, half of them alike, then asked for one after the other."""
    chat = Chat(rng)
    for _ in range(rng.randint(3, 6)):
        fact = chat.new_fact(near=rng.random() < 0.6)
        chat.facts[fact.topic] = fact
        chat.say(fact.statement(rng), "Ok.")
        if rng.random() < 0.15:
            chat.say(chat.correcting(rng.choice(list(chat.facts)))[0], "Ok.")
    for topic in rng.sample(list(chat.facts), min(5, len(chat.facts))):
        chat.say(*chat.asking(topic if rng.random() < 0.85 else chat.miss()))
    return chat.messages


def told_facts(rng: Random) -> Messages:
    """One to four facts told turn by turn, then asked for among near misses; sometimes corrected, sometimes short."""
    chat = Chat(rng)
    chat.instructed()
    if rng.random() < 0.12:
        chat.say(*chat.wish(short=True))
    _tell(chat, count=rng.choice((1, 2, 2, 3, 4, 4)))
    _ask(chat, count=rng.randint(3, 6))
    return chat.messages


def long_chat(rng: Random) -> Messages:
    """A longer chat: facts, questions, corrections, wishes about style and small talk, mixed."""
    chat = Chat(rng)
    for _ in range(rng.randint(3, 5)):
        _tell(chat, count=rng.randint(1, 3))
        _ask(chat, count=rng.randint(2, 4))
        if rng.random() < 0.35:
            chat.say(*chat.wish(short=not chat.short))
    return chat.messages


def _tell(chat: Chat, *, count: int) -> None:
    rng = chat.rng
    for _ in range(count):
        chance = rng.random()
        if chance < 0.06:
            chat.say(*chat.telling_two())
        else:
            chat.say(*chat.telling(chat.new_fact(near=rng.random() < 0.5)))
        if rng.random() < 0.12:
            chat.say(*chat.small_talk())
        if rng.random() < 0.08:
            chat.say(*chat.asking_world())
        if rng.random() < 0.28:
            chat.say(*chat.correcting(rng.choice(list(chat.facts))))


def _ask(chat: Chat, *, count: int) -> None:
    rng = chat.rng
    for _ in range(count):
        chance = rng.random()
        if chance < 0.6:
            chat.say(*chat.asking(chat.told()))
        elif chance < 0.87:
            chat.say(*chat.asking(chat.miss()))
        elif chance < 0.95:
            chat.say(*chat.asking_world())
        else:
            chat.say(*chat.asking_unknown())


def memory_block(rng: Random) -> Messages:
    """A memory block of one to four past exchanges, then questions that it answers or does not."""
    chat = Chat(rng)
    exchanges: list[tuple[str, str]] = []
    history: dict[Topic, list[tuple[int, Fact]]] = {}
    for place in range(rng.choice((1, 2, 3, 4, 4))):
        before = dict(chat.facts)
        exchanges.append(_past(chat))
        for topic, fact in chat.facts.items():
            if before.get(topic) != fact:
                history.setdefault(topic, []).append((place, fact))
    while not chat.facts:
        exchanges[-1] = chat.telling(chat.new_fact())
    topics = list(chat.facts)
    newest = [told[-1][0] for told in history.values() if len(told) > 1]
    chat.remember(exchanges, newest=newest if rng.random() < 0.75 else ())
    if rng.random() < 0.1:
        chat.say(*chat.wish(short=True))
    _ask(chat, count=rng.randint(2, 4))
    _ask_of_times(chat, [told for topic, told in history.items() if topic.relation.others is None])
    if rng.random() < 0.15:
        chat.say(*chat.telling(chat.new_fact(near=True)))
        chat.say(*chat.asking(rng.choice(topics)))
    return chat.messages


def _ask_of_times(chat: Chat, histories: Sequence[Sequence[tuple[int, Fact]]]) -> None:
    """Sometimes ask when something was told, or what was told then about something that changed since."""
    rng = chat.rng
    once = [told[0] for told in histories if len(told) == 1]
    if once and rng.random() < 0.2:
        place, fact = rng.choice(once)
        chat.say(*chat.asking_when(place, fact.topic))
    changed = [told for told in histories if len({chat.dates[place] for place, _ in told}) == len(told) > 1]
    if changed and rng.random() < 0.4:
        chat.say(*chat.asking_then(*rng.choice(rng.choice(changed))))


def _past(chat: Chat) -> tuple[str, str]:
    rng = chat.rng
    chance = rng.random()
    if chat.facts and chance < 0.28:
        return chat.correcting(rng.choice(list(chat.facts)))
    if chat.facts and chance < 0.32:
        return chat.asking(rng.choice(list(chat.facts)))
    if chance < 0.36:
        return chat.small_talk()
    if chance < 0.4:
        return chat.asking_world()
    if chance < 0.43:
        exchange = chat.wish(short=True)
        chat.short = False
        return exchange
    return chat.telling(chat.new_fact(near=rng.random() < 0.5))


def style(rng: Random) -> Messages:
    """Full answers, a wish for short ones, short answers, and often a wish to go back; or no wish at all."""
    chat = Chat(rng)
    chat.instructed()
    for _ in range(rng.randint(0, 2)):
        chat.say(*_simple(chat))
    for round_ in range(rng.choice((0, 1, 1, 2))):
        chat.say(*chat.wish(short=round_ % 2 == 0))
        for _ in range(rng.randint(1, 4)):
            chat.say(*_simple(chat))
    for _ in range(rng.randint(1, 2)):
        chat.say(*_simple(chat))
    return chat.messages


def _simple(chat: Chat) -> tuple[str, str]:
    chance = chat.rng.random()
    if chance < 0.65:
        return chat.asking_world()
    if chance < 0.75:
        return chat.telling(chat.new_fact())
    if chance < 0.9 and chat.facts:
        return chat.asking(chat.rng.choice(list(chat.facts)))
    return chat.asking_unknown() if chance < 0.95 else chat.small_talk()


def self_study(rng: Random, *, held_out: bool = False) -> Messages:
    """One exchange, then the request to study it, and the right study lines."""
    chat = Chat(rng, held_out=held_out)
    chance = rng.random()
    if chance < 0.62:
        chat.say(*chat.telling(_new_deed(chat) if rng.random() < 0.3 else chat.new_fact()))
    elif chance < 0.7:
        chat.say(*chat.telling_two())
    elif chance < 0.78:
        _correct_only(chat)
    elif chance < 0.88:
        return _study_wish(chat)
    else:
        chat.say(*rng.choice((chat.small_talk, chat.asking_world, chat.asking_unknown, chat.asking_untold))())
    chat.say(STUDY_INSTRUCTION, study_text(rng, list(chat.facts.values())))
    return chat.messages


def _new_deed(chat: Chat) -> Fact:
    """Return a fact that a verb tells (*I work for …*): their questions differ most, so they are studied most."""
    while (fact := chat.new_fact()).topic.relation.others is None:
        pass
    return fact


def _correct_only(chat: Chat) -> None:
    chat.telling(chat.new_fact())
    chat.say(*chat.correcting(next(iter(chat.facts))))


def _study_wish(chat: Chat) -> Messages:
    short = chat.rng.random() < 0.7
    chat.say(*chat.wish(short=short))
    chat.say(STUDY_INSTRUCTION, f"Rule: {talk.STYLE_RULES[short]}")
    return chat.messages


def neighbour_study(rng: Random, *, held_out: bool = False) -> Messages:
    """One exchange that tells a fact, then the request for near questions that it does not answer."""
    chat = Chat(rng, held_out=held_out)
    if rng.random() < 0.12:
        chat.say(*chat.small_talk())
        chat.say(NEIGHBOUR_INSTRUCTION, NOTHING)
        return chat.messages
    fact = chat.new_fact()
    leading = rng.random() < 0.3
    while leading and not leads_group(fact.topic):
        fact = chat.new_fact()
    chat.say(*chat.telling(fact))
    chat.say(NEIGHBOUR_INSTRUCTION, neighbour_text(rng, fact.topic))
    return chat.messages


MIXTURE: tuple[tuple[Callable[[Random], Messages], float], ...] = (
    (world_questions, 0.09),
    (small_talk, 0.03),
    (told_facts, 0.25),
    (drill, 0.08),
    (memory_block, 0.24),
    (style, 0.13),
    (self_study, 0.13),
    (neighbour_study, 0.07),
    (long_chat, 0.01),
)


def draw(rng: Random) -> Messages:
    """Return one chat of the training mixture."""
    makers, weights = zip(*MIXTURE, strict=True)
    maker: Callable[[Random], Messages] = rng.choices(makers, weights)[0]
    return maker(rng)
