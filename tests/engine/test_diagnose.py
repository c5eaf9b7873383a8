"""The doctor tries what the loaded model can do, and leaves it as it was."""

import pytest
import torch

from cocolora.engine.diagnose import diagnose
from tests.model.tiny import logits, make_model


@pytest.fixture
def model():
    return make_model()


def fail_when(network, is_bad, error):
    """Let the network fail whenever it computes while ``is_bad`` says so."""

    def check(*_):
        if is_bad():
            raise error

    network.get_input_embeddings().register_forward_hook(check)


def test_a_model_that_can_do_all_of_it_is_left_as_it_was(model):
    before = logits(model.network)
    found = diagnose(model)
    assert (found.why_not_train, found.why_not_stack) == ("", "")
    assert found.sentences == ("yes: two steps were made and taken back", "yes")
    assert found.layers == len(model.layers) == 14
    assert torch.equal(logits(model.network), before)
    assert not any("lora" in name for name, _ in model.network.named_parameters())


def test_a_model_that_cannot_be_trained_says_why_and_is_not_stacked_on(model):
    fail_when(model.network, torch.is_grad_enabled, NotImplementedError("no gradient here"))
    train, stack = diagnose(model).sentences
    assert train == "NotImplementedError: no gradient here"
    assert stack == f"not tried: no adapter could be made ({train})"


def test_a_model_that_can_be_trained_and_not_stacked_on_says_so(model):
    fail_when(model.network, lambda: not torch.is_grad_enabled(), RuntimeError("no kernel for this"))
    found = diagnose(model)
    assert found.why_not_train == ""
    assert found.why_not_stack == "RuntimeError: no kernel for this"
