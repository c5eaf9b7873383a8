"""Learning, routing and forgetting on every kind of base, through the engine."""

import pytest

from tests.engine.conftest import BOAT, BOSS, DOG
from tests.model.every_base import ALL


@pytest.mark.slow
@pytest.mark.parametrize("kind", ALL)
def test_what_was_told_is_learned_routed_to_and_forgotten(bases, kind, make_engine, tell, ask, tmp_path):
    model = bases.load(kind)
    engine = make_engine(tmp_path / "home", lambda: model)
    unknown = ask(engine, "What is the name of my dog?")
    tell(engine, "pets", DOG, BOAT)
    tell(engine, "work", BOSS)

    learned = engine.learn()

    assert learned.accepted == learned.adapters, learned
    assert sum(len(adapter.turn_ids) for adapter in learned.accepted) == 3
    assert len(engine.contextualise("What is the name of my dog?").route.weights) == 1
    assert "Biscuit" in ask(engine, "What is the name of my dog?")
    assert "Torvald" in ask(engine, "What is the name of my boss?")
    assert engine.workbench().stack.attached
    engine.forgetting.forget(engine.forgetting.plan(match="Torvald"))
    assert "Torvald" not in ask(engine, "What is the name of my boss?")
    assert "Biscuit" in ask(engine, "What is the name of my dog?")
    engine.close()
    assert model.generate([[{"role": "user", "content": "What is the name of my dog?"}]]) == [unknown]
