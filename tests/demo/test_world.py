"""The demo world: the same for the same seed, and its tests apart from its training."""

from random import Random

import pytest

from cocolora.core.study import NEIGHBOUR_INSTRUCTION, STUDY_INSTRUCTION, normalise, parse_questions, parse_study
from cocolora.demo import world
from cocolora.demo.world import dialogues, names
from cocolora.demo.world.facts import Fact, draw_fact, is_topic_held_out
from cocolora.demo.world.relations import relations

STORY = ("Biscuit", "Marlow", "Ilse", "Torvald", "Quillfeather", "Brackenridge", "Ottoline", "Zephyrine", "Fennimore")


def _training_text(chats: int) -> str:
    rng = Random("training text")
    return "\n".join(message["content"] for _ in range(chats) for message in dialogues.draw(rng))


def test_same_seed_draws_the_same_chats():
    assert [dialogues.draw(Random(7)) for _ in range(20)] == [dialogues.draw(Random(7)) for _ in range(20)]


def test_same_seed_draws_the_same_samples():
    for draw in (world.personal_facts, world.unknown_questions, world.small_talk):
        assert draw(Random(3), 12) == draw(Random(3), 12)


def test_names_of_the_story_never_occur_in_training():
    said = set(normalise(_training_text(3000)).split())
    assert not said & {name.lower() for name in STORY}


def test_held_out_keys_never_occur_in_training():
    said = normalise(_training_text(3000))
    held_out = [fact.key for fact in world.personal_facts(Random(1), 60)]
    assert not [key for key in held_out if f" {normalise(key)} " in said]


def test_held_out_and_training_names_are_disjoint():
    rng = Random(5)
    training = {names.one_word_name(rng) for _ in range(3000)}
    held_out = {names.one_word_name(rng, held_out=True) for _ in range(1000)}
    assert not training & held_out


def test_probes_of_a_fact_are_never_asked_in_training():
    facts = world.personal_facts(Random(2), 60)
    said = set(_training_text(3000).splitlines())
    probes = [probe for fact in facts for probe in fact.probes]
    assert sum(probe in said for probe in probes) <= 0.02 * len(probes)


def test_world_is_wide():
    assert len(relations()) >= 30
    assert 200 <= len(world.known_facts()) <= 340
    assert len({fact.question for fact in world.known_facts()}) == len(world.known_facts())


def test_personal_facts_differ_in_relation_and_key():
    facts = world.personal_facts(Random(4), 40)
    assert len({tuple(fact.relation.split(":")[:2]) for fact in facts}) == 40
    assert len({fact.key for fact in facts}) == 40
    assert all(len(set(fact.probes)) >= 6 and len(set(fact.near_misses)) >= 4 for fact in facts)
    assert all(fact.key in fact.statement and fact.corrected_key in fact.correction for fact in facts)
    assert all(not set(fact.probes) & set(fact.near_misses) for fact in facts)


def test_a_life_of_many_facts_tells_each_once_and_one_of_too_many_is_refused():
    facts = world.personal_facts(Random(4), 512)
    assert len({fact.relation for fact in facts}) == len({fact.key for fact in facts}) == 512
    with pytest.raises(ValueError, match="topics for a life, and 5000 are asked for"):
        world.personal_facts(Random(4), 5000)


def test_replayed_questions_and_probes_ask_for_different_facts():
    probed = {question for question, _ in world.retention_probes()}
    assert not probed & set(world.replay_questions())
    assert not set(world.unknown_card()) & set(world.replay_questions())
    assert len(world.unknown_card()) >= 40


def test_abstention_is_recognised():
    assert world.is_abstention(world.ABSTENTION)
    assert not world.is_abstention("Your dog is called Rex.")


@pytest.mark.parametrize("held_out", [False, True])
def test_study_lines_of_the_world_pass_without_refusal(held_out):
    rng = Random(f"study {held_out}")
    for _ in range(300):
        messages = dialogues.self_study(rng, held_out=held_out)
        *exchange, request, answer = messages
        study = parse_study(answer["content"], told=exchange[0]["content"])
        assert request["content"] == STUDY_INSTRUCTION
        assert not study.refused
        assert len(study.lines) in (0, 5, 6), answer["content"]
        assert study.lines or study.rules or answer["content"] == "Nothing."


def test_neighbour_questions_are_distinct_and_do_not_ask_for_the_fact():
    rng = Random("neighbours")
    for _ in range(300):
        messages = dialogues.neighbour_study(rng)
        assert messages[-2]["content"] == NEIGHBOUR_INSTRUCTION
        lines = [line for line in messages[-1]["content"].splitlines() if line.startswith("Q: ")]
        assert len(parse_questions(messages[-1]["content"])) == len(lines)
        assert not lines or len(lines) >= 4


def test_answers_hold_their_keys():
    rng = Random(11)
    for fact in (draw_fact(rng, held_out=place % 2 == 0) for place in range(300)):
        assert isinstance(fact, Fact)
        assert fact.value in fact.answer
        assert all(fact.value in statement for statement in fact.statements(held_out=False))
    for known in world.known_facts():
        assert known.key in known.answer
        assert known.question == known.wordings[0]


def test_half_of_the_owned_topics_of_tests_are_kept_out_of_training():
    rng = Random(12)
    assert not any(is_topic_held_out(draw_fact(rng).topic) for _ in range(500))
