"""The shipped demo base: an ordinary model folder that answers as its card says."""

import json
from random import Random

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from cocolora.core.study import STUDY_INSTRUCTION, parse_study
from cocolora.demo import world
from cocolora.demo.build.examination import Prompt, answer_all, ask, examine
from cocolora.demo.build.shipping import SHIPPED_FOLDER
from cocolora.demo.build.tokens import encode_chat

BARS = {
    "known": 0.98,
    "unknown": 0.97,
    "copy_1": 0.95,
    "style_short": 0.95,
    "style_full": 0.95,
    "study_fact": 0.90,
}


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(SHIPPED_FOLDER)


@pytest.fixture(scope="module")
def model():
    return AutoModelForCausalLM.from_pretrained(SHIPPED_FOLDER, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def metrics():
    return json.loads((SHIPPED_FOLDER / "metrics.json").read_text())


def test_base_is_small_and_holds_no_pickle(model):
    assert model.num_parameters() <= 10_000_000
    assert model.config.hidden_size % 128 == 0
    assert sum(file.stat().st_size for file in SHIPPED_FOLDER.iterdir()) <= 20_000_000
    assert not [file.name for file in SHIPPED_FOLDER.iterdir() if file.suffix in (".bin", ".pt", ".pth", ".pkl")]
    stored = AutoModelForCausalLM.from_pretrained(SHIPPED_FOLDER)
    assert next(stored.parameters()).dtype == torch.bfloat16


@pytest.mark.parametrize("section", BARS)
def test_recorded_scores_reach_their_bars(metrics, section):
    assert metrics["scores"][section] >= BARS[section]


def test_base_answers_known_facts(model, tokenizer):
    facts = Random(1).sample(world.known_facts(), 12)
    answers = answer_all(model, tokenizer, [[ask(fact.question)] for fact in facts])
    assert sum(fact.key in answer for fact, answer in zip(facts, answers, strict=True)) >= 11


def test_base_copies_an_unseen_name_from_its_context(model, tokenizer):
    facts = world.personal_facts(Random(2), 12)
    prompts: list[Prompt] = [
        [ask(fact.statement), {"role": "assistant", "content": fact.reply}, ask(fact.probes[0])] for fact in facts
    ]
    answers = answer_all(model, tokenizer, prompts)
    assert sum(fact.key in answer for fact, answer in zip(facts, answers, strict=True)) >= 11


def test_base_abstains_on_what_nobody_told_it(model, tokenizer):
    facts = world.personal_facts(Random(3), 8)
    questions = [*(fact.probes[0] for fact in facts), *world.unknown_questions(Random(4), 8)]
    answers = answer_all(model, tokenizer, [[ask(question)] for question in questions])
    assert sum(map(world.is_abstention, answers)) >= 15


def test_base_writes_study_lines_of_an_unseen_fact(model, tokenizer):
    statement, reply = "My dog is called Quillfeather.", "Nice, I will remember that."
    prompt: Prompt = [ask(statement), {"role": "assistant", "content": reply}, ask(STUDY_INSTRUCTION)]
    (answer,) = answer_all(model, tokenizer, [prompt], limit=200)
    study = parse_study(answer, told=statement)
    assert len(study.lines) >= 4
    assert {line.key for line in study.lines} == {"Quillfeather"}


def test_chat_template_renders_what_training_saw(tokenizer):
    chat: Prompt = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "  My dog is called Biscuit. "},
        {"role": "assistant", "content": "Ok."},
    ]
    rendered = tokenizer.apply_chat_template(chat, return_dict=False)
    assert tuple(rendered) == encode_chat(tokenizer, chat).ids
    assert tokenizer.decode(tokenizer("Paris")["input_ids"]).strip() == "Paris"


def test_card_of_the_base_is_the_worlds(tokenizer):
    card = json.loads((SHIPPED_FOLDER / "cocolora.json").read_text())
    assert set(card) == {"replay", "probes", "unknown"}
    assert tuple(card["replay"]) == world.replay_questions()
    assert tuple(map(tuple, card["probes"])) == world.retention_probes()
    assert tuple(card["unknown"]) == world.unknown_card()


@pytest.mark.slow
def test_small_examination_agrees_with_the_recorded_scores(model, tokenizer, metrics):
    scores = examine(model, tokenizer, size=20, seed=99)
    assert all(scores[section] >= BARS[section] - 0.11 for section in BARS)
