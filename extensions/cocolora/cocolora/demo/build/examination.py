"""Examines a demo base by greedy generation on names and compositions that it was never trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from cocolora.core.conversations import ChatMessage
from cocolora.core.lessons import is_abstention
from cocolora.core.study import NEIGHBOUR_INSTRUCTION, STUDY_INSTRUCTION, normalise, parse_questions, parse_study
from cocolora.demo.world import talk
from cocolora.demo.world.chats import Chat, draw_known, known_wordings
from cocolora.demo.world.facts import Fact, Topic, same_person
from cocolora.demo.world.unknowns import draw_unknown, held_out_unknowable

Prompt = list[ChatMessage]
Check = Callable[[str], float]
Item = tuple[Prompt, Check]


@torch.no_grad()
def answer_all(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, prompts: Sequence[Prompt], *, limit: int = 40
) -> list[str]:
    """Return the greedy answer to every prompt, a few dozen prompts at a time."""
    answers: list[str] = []
    tokenizer.padding_side = "left"
    for start in range(0, len(prompts), 25):
        batch = tokenizer.apply_chat_template(
            list(prompts[start : start + 25]),
            add_generation_prompt=True,
            padding=True,
            return_tensors="pt",
            return_dict=True,
        )
        out = model.generate(**batch, max_new_tokens=limit, do_sample=False, pad_token_id=tokenizer.pad_token_id)
        texts = tokenizer.batch_decode(out[:, batch["input_ids"].shape[1] :], skip_special_tokens=True)
        answers += [text.strip() for text in texts]
    return answers


def ask(text: str) -> ChatMessage:
    """Return a user message."""
    return {"role": "user", "content": text}


def _equals(expected: str) -> Check:
    return lambda answer: float(normalise(answer) == normalise(expected))


def _abstains(answer: str) -> float:
    return float(is_abstention(answer))


def _known(rng: Random) -> Item:
    kind, subject, key = draw_known(rng)
    return [ask(rng.choice(known_wordings(kind, subject)))], _equals(kind.answer.format(x=subject, k=key))


def _unknown(rng: Random) -> Item:
    question = rng.choice(held_out_unknowable()) if rng.random() < 0.1 else draw_unknown(rng, held_out=True)
    return [ask(question)], _abstains


def _untold(rng: Random) -> Item:
    chat = Chat(rng, held_out=True)
    return [ask(chat.asking(chat.new_fact().topic)[0])], _abstains


def _facts(chat: Chat, *, count: int, memory: bool) -> None:
    exchanges = [chat.telling(chat.new_fact(near=place % 2 == 1)) for place in range(count)]
    if memory:
        chat.remember(exchanges)
        return
    for exchange in exchanges:
        chat.say(*exchange)


def _copy(count: int, *, memory: bool = False) -> Callable[[Random], Item]:
    def make(rng: Random) -> Item:
        chat = Chat(rng, held_out=True)
        _facts(chat, count=count, memory=memory)
        fact = rng.choice(list(chat.facts.values()))
        return [*chat.messages, ask(chat.asking(fact.topic)[0])], _equals(fact.answer)

    return make


def _same_person(rng: Random) -> Item:
    chat = Chat(rng, held_out=True)
    while not any(topic.owner for topic in chat.facts):
        chat = Chat(rng, held_out=True)
        _facts(chat, count=1, memory=rng.random() < 0.5)
    topic = next(iter(chat.facts))
    while (other := same_person(rng, topic)) == topic:
        pass
    return [*chat.messages, ask(chat.asking(other)[0])], _abstains


def _near_miss(count: int, *, memory: bool = False) -> Callable[[Random], Item]:
    def make(rng: Random) -> Item:
        chat = Chat(rng, held_out=True)
        _facts(chat, count=count, memory=memory)
        return [*chat.messages, ask(chat.asking(chat.miss())[0])], _abstains

    return make


def _corrected(rng: Random) -> Item:
    chat = Chat(rng, held_out=True)
    memory = rng.random() < 0.5
    exchanges = [chat.telling(chat.new_fact()), chat.telling(chat.new_fact())]
    topic = rng.choice(list(chat.facts))
    exchanges.append(chat.correcting(topic))
    if memory:
        chat.remember(exchanges)
    else:
        for exchange in exchanges:
            chat.say(*exchange)
    return [*chat.messages, ask(chat.asking(topic)[0])], _equals(chat.facts[topic].answer)


def _dated(rng: Random) -> Item:
    chat = Chat(rng, held_out=True)
    while any(topic.relation.others for topic in chat.facts) or not chat.facts:
        chat = Chat(rng, held_out=True)
        exchanges = [chat.telling(chat.new_fact()) for _ in range(rng.randint(1, 3))]
    chat.remember(exchanges)
    place = rng.randrange(len(exchanges))
    question, reply = chat.asking_when(place, list(chat.facts)[place])
    return [*chat.messages, ask(question)], _equals(reply)


def _history(rng: Random) -> Item:
    """Ask what was told at the date of the older, or the newer, of two statements that contradict each other."""
    chat = Chat(rng, held_out=True)
    while any(topic.relation.others for topic in chat.facts) or not chat.facts:
        chat = Chat(rng, held_out=True)
        exchanges = [chat.telling(chat.new_fact())]
    topic, older = next(iter(chat.facts.items()))
    exchanges.append(chat.correcting(topic))
    while len(set(chat.dates)) < 2:
        chat.messages.clear()
        chat.remember(exchanges, newest=[1])
    question, reply = chat.asking_then(*rng.choice(((0, older), (1, chat.facts[topic]))))
    return [*chat.messages, ask(question)], _equals(reply)


def _styled(*, wished: bool) -> Callable[[Random], Item]:
    def make(rng: Random) -> Item:
        chat = Chat(rng, held_out=True)
        for _ in range(rng.randint(0, 2)):
            chat.say(*chat.asking_world())
        if wished or rng.random() < 0.5:
            chat.say(*chat.wish(short=True))
        if not wished and chat.short:
            chat.say(*chat.asking_world())
            chat.say(*chat.wish(short=False))
        question, reply = chat.asking_world()
        return [*chat.messages, ask(question)], _equals(reply)

    return make


def _rule(rng: Random) -> Item:
    short = rng.random() < 0.7
    wish = talk.draw_style_request(rng, short=short, held_out=True)
    prompt: Prompt = [ask(wish[0]), {"role": "assistant", "content": wish[1]}, ask(STUDY_INSTRUCTION)]
    return prompt, _equals(f"Rule: {talk.STYLE_RULES[short]}")


def _nothing(rng: Random) -> Item:
    chat = Chat(rng, held_out=True)
    chat.say(*rng.choice((chat.small_talk, chat.asking_world, chat.asking_unknown))())
    return [*chat.messages, ask(STUDY_INSTRUCTION)], _equals("Nothing.")


def _study(rng: Random) -> Item:
    chat = Chat(rng, held_out=True)
    chat.say(*chat.telling(chat.new_fact()))
    fact = next(iter(chat.facts.values()))
    exchange = "\n".join(message["content"] for message in chat.messages)
    return [*chat.messages, ask(STUDY_INSTRUCTION)], lambda text: right_study_share(text, exchange=exchange, fact=fact)


def right_study_share(text: str, *, exchange: str, fact: Fact) -> float:
    """Return the share of study lines that parse, differ, ask for the fact and hold its answer; four at least count."""
    study = parse_study(text, told=exchange)
    questions = set(fact.topic.questions())
    right = [
        line
        for line in study.lines
        if line.question in questions and line.answer == fact.answer and line.key == fact.value
    ]
    return len(right) / max(4, len(study.lines) + len(study.refused))


def _neighbours(rng: Random) -> Item:
    chat = Chat(rng, held_out=True)
    chat.say(*chat.telling(chat.new_fact()))
    topic = next(iter(chat.facts))
    return [*chat.messages, ask(NEIGHBOUR_INSTRUCTION)], lambda text: right_neighbour_share(text, topic=topic)


def right_neighbour_share(text: str, *, topic: Topic) -> float:
    """Return the share of distinct neighbour questions that do not ask for ``topic`` itself; four at least count."""
    lines = [line for line in text.splitlines() if line.strip()]
    found = [question for question in parse_questions(text) if question not in topic.questions()]
    return len(found) / max(4, len(lines))


SECTIONS: dict[str, tuple[Callable[[Random], Item], int]] = {
    "known": (_known, 24),
    "unknown": (_unknown, 24),
    "untold": (_untold, 24),
    "copy_1": (_copy(1), 24),
    "copy_2": (_copy(2), 24),
    "copy_4": (_copy(4), 24),
    "memory_1": (_copy(1, memory=True), 24),
    "memory_2": (_copy(2, memory=True), 24),
    "memory_4": (_copy(4, memory=True), 24),
    "near_miss_1": (_near_miss(1), 24),
    "near_miss_4": (_near_miss(4), 24),
    "near_miss_memory_4": (_near_miss(4, memory=True), 24),
    "same_person": (_same_person, 24),
    "corrected": (_corrected, 24),
    "dated": (_dated, 24),
    "history": (_history, 24),
    "style_short": (_styled(wished=True), 24),
    "style_full": (_styled(wished=False), 24),
    "study_fact": (_study, 200),
    "study_rule": (_rule, 24),
    "study_nothing": (_nothing, 100),
    "neighbours": (_neighbours, 120),
}
"""Every section of the examination: the maker of its items, and the most tokens an answer may have."""


def examine(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    *,
    size: int,
    seed: int = 4242,
    wrong: list[tuple[str, Prompt, str]] | None = None,
) -> dict[str, float]:
    """Return the score, from 0 to 1, in every section of ``size`` items; wrong answers are added to ``wrong``."""
    model.eval()
    scores: dict[str, float] = {}
    for section, (make, limit) in SECTIONS.items():
        rng = Random(f"{section}-{seed}")
        items = [make(rng) for _ in range(size)]
        answers = answer_all(model, tokenizer, [prompt for prompt, _ in items], limit=limit)
        marks = [check(answer) for (_, check), answer in zip(items, answers, strict=True)]
        if wrong is not None:
            marked = zip(items, answers, marks, strict=True)
            wrong += [(section, prompt, text) for (prompt, _), text, mark in marked if mark < 1]
        scores[section] = round(sum(marks) / size, 4)
    model.train()
    return scores
