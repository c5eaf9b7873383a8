"""Which memories are quoted, within the tokens that they may take."""

from tests.engine.conftest import BOAT, DOG

LONG = ("My dog is called Biscuit, and so on. " + "It barks at the postman all day long. " * 40, "I see.")
CAKE = ("My dog is called after a cake.", "How sweet.")
QUESTION = "What is my dog called?"


def quoted(engine, *visible, question=QUESTION):
    return [memory.user for memory in engine.contextualise(question, visible=visible).memories]


def test_a_memory_that_is_too_long_leaves_its_place_to_shorter_ones(engine, tell):
    engine.change_settings("retrieval", budget_tokens=100, threshold=0.0, nearness=0.0)
    tell(engine, "pets", LONG, DOG)
    assert quoted(engine, question="Does my dog bark at the postman all day long?") == [DOG[0]]


def test_what_the_prompt_shows_already_takes_no_room_from_other_memories(engine, tell):
    tell(engine, "pets", DOG, BOAT, CAKE)
    engine.change_settings("retrieval", budget_tokens=16, threshold=0.0, nearness=0.0)
    assert quoted(engine) == [CAKE[0]]
    assert quoted(engine, CAKE[0]) == [DOG[0]]
