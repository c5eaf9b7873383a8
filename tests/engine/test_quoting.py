"""Which memories are quoted, within the tokens that they may take."""

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState, Recipe
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


def catalogue(engine, turn, *, activation):
    """Put an adapter into the catalogue, as if it had learned a turn."""
    adapter = Adapter(
        id="a1",
        name="pets",
        kind=AdapterKind.KNOWLEDGE,
        profile="personal",
        activation=activation,
        state=AdapterState.READY,
        weight=1.0,
        base=engine.workbench().model.identity,
        recipe=Recipe(rank=2, alpha=4.0, learning_rate=3e-3, steps=1, batch_samples=8, seed=0),
        sha256="0" * 64,
        size_bytes=1,
        made_at=turn.said_at,
        turn_versions=((turn.id, 1),),
    )
    return engine.journal.add_adapters([adapter])[0]


def test_a_turn_whose_adapter_is_active_is_quoted_unless_the_setting_says_otherwise(engine, tell):
    tell(engine, "pets", DOG)
    catalogue(engine, engine.turns()[0], activation=Activation.ROUTED)
    assert engine.contextualise(QUESTION).route.adapter_ids
    assert quoted(engine) == [DOG[0]]
    engine.change_settings("retrieval", quote_learned=False)
    assert quoted(engine) == []
    engine.change_settings("routing", enabled=False)
    assert quoted(engine) == [DOG[0]], "its adapter is not active"


def test_a_profile_may_quote_less_than_the_others(engine, tell):
    tell(engine, "pets", DOG)
    tell(engine, "job", BOAT, profile="work")
    engine.change_settings_in("work", "retrieval", budget_tokens=0)
    assert quoted(engine) == [DOG[0]]
    assert engine.contextualise("What do we call our boat?", profile="work").memories == ()
