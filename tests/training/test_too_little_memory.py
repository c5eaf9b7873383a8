"""Training where memory runs out: in smaller parts, or not at all, and never with anything left behind."""

import pytest
import torch
from safetensors.torch import load_file

from cocolora.core.adapters import Recipe
from cocolora.errors import TooLittleMemory
from cocolora.stack.files import WEIGHTS_NAME
from cocolora.stack.live import LiveStack
from tests.model.tiny import exchange, logits
from tests.training.test_live import FACTS, state, train


@pytest.fixture
def stack(model):
    return LiveStack(model)


class FakeOutOfMemory:
    """Makes a network run out of memory whenever more than ``most_tokens`` go through it at once."""

    def __init__(self, network, most_tokens, error=None):
        self.most_tokens, self.error, self.rows = (
            most_tokens,
            error or torch.OutOfMemoryError("CUDA out of memory."),
            [],
        )
        self.hook = network.get_input_embeddings().register_forward_hook(self)

    def __call__(self, _module, inputs, _output):
        self.rows.append(inputs[0].shape[0])
        if inputs[0].numel() > self.most_tokens:
            raise self.error


@pytest.mark.parametrize(
    "error", [None, MemoryError(), RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")]
)
def test_a_batch_that_does_not_fit_is_split_and_gives_the_same_adapter(model, stack, tmp_path, error):
    recipe = Recipe(rank=4, alpha=8.0, learning_rate=5e-3, steps=6, batch_samples=4, seed=3)
    samples = [model.sample(exchange(question, reply)) for question, reply in FACTS[:1] * 4]
    longest = len(samples[0].tokens)
    whole = train(model, stack, tmp_path / "whole" / "a1", recipe=recipe, samples=samples)

    memory = FakeOutOfMemory(model.network, longest, error)
    split = train(model, stack, tmp_path / "a1", recipe=recipe, samples=samples)
    memory.hook.remove()

    assert memory.rows[:3] == [4, 2, 1]
    assert set(memory.rows[3:]) == {1}  # what did not fit once is not tried again
    assert split == pytest.approx(whole, rel=1e-4)
    one, two = (load_file(folder / WEIGHTS_NAME) for folder in (tmp_path / "a1", tmp_path / "whole" / "a1"))
    for key in one:
        torch.testing.assert_close(one[key], two[key], rtol=1e-2, atol=1e-4)


def test_a_single_sample_that_does_not_fit_ends_the_training_with_an_explanation_and_leaves_nothing(
    model, stack, tmp_path
):
    before, bare = state(model.network), logits(model.network)
    memory = FakeOutOfMemory(model.network, 0)

    with pytest.raises(TooLittleMemory, match=r"a single sample of \d+ tokens"):
        train(model, stack, tmp_path / "a1")
    memory.hook.remove()

    assert state(model.network) == before
    assert torch.equal(logits(model.network), bare)
    assert list(tmp_path.iterdir()) == []


def test_another_failure_in_the_network_is_not_taken_for_a_lack_of_memory(model, stack, tmp_path):
    memory = FakeOutOfMemory(model.network, 0, RuntimeError("shapes do not match"))

    with pytest.raises(RuntimeError, match="shapes do not match"):
        train(model, stack, tmp_path / "a1")

    assert len(memory.rows) == 1
