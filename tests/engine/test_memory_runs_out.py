"""Memory that runs out in training, through the engine: the job ends with a sentence and nothing else changes."""

import pytest
import torch

from cocolora.core.records import JobState
from tests.engine.conftest import BOSS

PATIENCE_S = 120
QUESTION = "What is the name of my boss?"


@pytest.mark.slow
def test_the_job_ends_with_an_explanation_the_turns_stay_and_the_chat_goes_on(engine, tell, ask):
    network = engine.workbench().model.network
    bare = ask(engine, QUESTION)
    tell(engine, "work", BOSS)

    def run_out(*_):
        if torch.is_grad_enabled():
            raise torch.OutOfMemoryError("CUDA out of memory.")

    handle = network.get_input_embeddings().register_forward_hook(run_out)
    engine.start_learning()
    assert engine.jobs.wait(PATIENCE_S)

    failed = engine.jobs.last
    assert failed.state is JobState.FAILED
    assert "ran out of memory with a single sample" in failed.message
    assert engine.adapters() == []
    assert ask(engine, QUESTION) == bare
    handle.remove()
    engine.start_learning()
    assert engine.jobs.wait(PATIENCE_S)
    assert engine.jobs.last.state is JobState.DONE
    assert "Torvald" in ask(engine, QUESTION)
