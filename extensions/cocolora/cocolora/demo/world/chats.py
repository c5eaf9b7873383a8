"""A chat in the making: messages so far, what the user has told, and the style they asked for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from random import Random

from cocolora.core.conversations import ChatMessage
from cocolora.core.lessons import ABSTENTION
from cocolora.core.memories import Memory, relative_date, render_memories
from cocolora.demo.world import talk
from cocolora.demo.world.asking import framings, lowered
from cocolora.demo.world.facts import Fact, Topic, draw_fact, draw_value, near_miss, same_person
from cocolora.demo.world.knowledge import Kind, kinds
from cocolora.demo.world.unknowns import draw_unknown

_SAME_PERSON = 0.35


class Chat:
    """Grows one chat by turns, and remembers what is true in it."""

    def __init__(self, rng: Random, *, held_out: bool = False) -> None:
        self.rng = rng
        self.held_out = held_out
        self.messages: list[ChatMessage] = []
        self.facts: dict[Topic, Fact] = {}
        self.short = False
        self.dates: list[str] = []
        self.changed: list[Topic] = []

    def say(self, user: str, reply: str) -> None:
        """Add one exchange."""
        self.messages.append({"role": "user", "content": user})
        self.messages.append({"role": "assistant", "content": reply})

    def new_fact(self, *, near: bool = False) -> Fact:
        """Return a fact about a topic that the chat has not told yet; ``near`` one of those it has, when asked."""
        while True:
            fact = draw_fact(self.rng, held_out=self.held_out)
            if near and self.facts:
                topic = self._near(self.rng.choice(list(self.facts)))
                fact = Fact(topic, draw_value(self.rng, topic.relation.value, held_out=self.held_out))
            if fact.topic not in self.facts and all(fact.value != one.value for one in self.facts.values()):
                return fact
            near = near and self.rng.random() < 0.8

    def telling(self, fact: Fact) -> tuple[str, str]:
        """Return the exchange that tells ``fact``, and hold it to be true."""
        self.facts[fact.topic] = fact
        statement = fact.statement(self.rng, held_out=self.held_out)
        user = talk.wrapped(self.rng, statement, follow_ups=fact.topic.relation.follow_ups)
        return user, "Ok." if self.short else talk.acknowledge(self.rng, fact.answer)

    def correcting(self, topic: Topic) -> tuple[str, str]:
        """Return an exchange that corrects what was told about ``topic``."""
        old = self.facts[topic]
        fact = Fact(topic, draw_value(self.rng, topic.relation.value, held_out=self.held_out))
        self.facts[topic] = fact
        self.changed.append(topic)
        user = talk.correction(self.rng, fact.statement(self.rng, held_out=self.held_out), old.value)
        return user, "Ok." if self.short else talk.acknowledge_correction(self.rng, fact.answer)

    def telling_two(self) -> tuple[str, str]:
        """Return an exchange that tells two facts at once."""
        first, second = self.new_fact(), self.new_fact()
        if first.topic == second.topic or first.value == second.value:
            return self.telling(first)
        one, _ = first.statement(self.rng, held_out=self.held_out), self.telling(first)
        two, reply = second.statement(self.rng, held_out=self.held_out), self.telling(second)[1]
        if self.rng.random() < 0.5 and two.startswith(("My ", "I ", "We ")):
            return f"{one[:-1]} and {lowered(two)}", reply
        return f"{one} {two}", reply

    def asking(self, topic: Topic) -> tuple[str, str]:
        """Return the exchange that asks for ``topic``: answered when it was told, declined otherwise."""
        wordings = topic.asked(held_out=self.held_out) or topic.questions()
        plain = topic.questions()[: len(topic.wording.direct)]
        simple = [one for one in plain if one in wordings] if self.rng.random() < 0.45 else []
        question = self.rng.choice(simple or wordings)
        fact = self.facts.get(topic)
        return question, self.answer(fact.answer, fact.value) if fact else ABSTENTION

    def answer(self, full: str, key: str) -> str:
        """Return the answer in the style the user asked for."""
        return key if self.short else full

    def asking_world(self) -> tuple[str, str]:
        """Return an exchange about a known world fact."""
        kind, subject, key = draw_known(self.rng)
        question = self.rng.choice(known_wordings(kind, subject))
        return question, self.answer(kind.answer.format(x=subject, k=key), key)

    def asking_unknown(self) -> tuple[str, str]:
        """Return an exchange with a question nobody can answer."""
        return draw_unknown(self.rng, held_out=self.held_out), ABSTENTION

    def asking_untold(self) -> tuple[str, str]:
        """Return an exchange that asks for something the user has not told."""
        return self.asking(self.new_fact().topic)

    def small_talk(self) -> tuple[str, str]:
        """Return an exchange of small talk."""
        return talk.draw_small_talk(self.rng)

    def wish(self, *, short: bool) -> tuple[str, str]:
        """Return a wish for short answers or full sentences, and heed it from now on."""
        self.short = short
        return talk.draw_style_request(self.rng, short=short, held_out=self.held_out)

    def told(self) -> Topic:
        """Return a topic that was told, more often one that was corrected."""
        changed = self.changed and self.rng.random() < 0.5
        return self.rng.choice(self.changed if changed else list(self.facts))

    def miss(self) -> Topic:
        """Return a topic near to one that was told, but not told itself."""
        while True:
            topic = self._near(self.rng.choice(list(self.facts)))
            if topic not in self.facts:
                return topic

    def _near(self, topic: Topic) -> Topic:
        return same_person(self.rng, topic) if self.rng.random() < _SAME_PERSON else near_miss(self.rng, topic)

    def remember(self, exchanges: list[tuple[str, str]], *, newest: Collection[int] = ()) -> None:
        """Open the chat with past exchanges, oldest first, as a memory block; ``newest`` are places to mark so."""
        now = datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(days=self.rng.randrange(1500))
        days = sorted((_days_ago(self.rng) for _ in exchanges), reverse=True)
        self.dates = [relative_date(now - timedelta(days=count), now=now) for count in days]
        memories = [
            Memory(
                f"turn-{place}", now - timedelta(days=count) + timedelta(seconds=place), user, reply, place in newest
            )
            for place, (count, (user, reply)) in enumerate(zip(days, exchanges, strict=True))
        ]
        block = render_memories(memories, now=now)
        lead = f"{self.rng.choice(talk.SYSTEM_PROMPTS)}\n\n" if self.rng.random() < 0.3 else ""
        self.messages.insert(0, {"role": "system", "content": lead + block})

    def instructed(self) -> None:
        """Sometimes open the chat with an ordinary system message."""
        if self.rng.random() < 0.12:
            self.messages.insert(0, {"role": "system", "content": self.rng.choice(talk.SYSTEM_PROMPTS)})

    def asking_when(self, place: int, topic: Topic) -> tuple[str, str]:
        """Return the exchange that asks when ``topic`` was told, in the memory at ``place``."""
        question = self.rng.choice(
            ("When did I tell you about {s}?", "When did I mention {s}?", "How long ago did I tell you about {s}?")
        )
        when = self.dates[place]
        return topic.fill(question), self.answer(f"You told me {when}.", when)

    def asking_then(self, place: int, fact: Fact) -> tuple[str, str]:
        """Return the exchange that asks what was told about ``fact``'s topic at the date of the memory at ``place``."""
        question = self.rng.choice(("What did I tell you about {s} %s?", "What did I say about {s} %s?"))
        return fact.topic.fill(question % self.dates[place]), self.answer(fact.answer, fact.value)


def _days_ago(rng: Random) -> int:
    return rng.choice((0, 1, rng.randrange(2, 14), rng.randrange(14, 60), rng.randrange(60, 800)))


def draw_known(rng: Random) -> tuple[Kind, str, str]:
    """Return a kind of world fact, a subject and its key, each subject being equally likely."""
    entries = [(kind, *pair) for kind in kinds() for pair in kind.table]
    return rng.choice(entries)


def known_wordings(kind: Kind, subject: str) -> tuple[str, ...]:
    """Return every wording that asks for a world fact."""
    return framings(
        direct=tuple(form.format(x=subject) for form in kind.direct),
        embedded=tuple(form.format(x=subject) for form in kind.embedded),
    )
