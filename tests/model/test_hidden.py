"""One vector per text, from inside the network."""

from contextlib import nullcontext

import pytest
import torch

from cocolora.model import loaded
from cocolora.model.hidden import mean_states
from tests.model.every_base import ALL
from tests.model.tiny import make_model, make_tokenizer

TEXTS = ["Hi", "My dog is called Biscuit.", "And 你好 🙂?", "x" * 90, "", "Why " * 100]


def close(one, other):
    return torch.allclose(torch.tensor(one), torch.tensor(other), atol=1e-4)


def test_a_texts_vector_is_the_same_alone_and_in_company(model):
    together = model.hidden_states(TEXTS)
    assert [len(vector) for vector in together] == [128] * len(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        assert close(model.hidden_states([text])[0], vector)
    assert not close(together[0], together[1])


def test_a_vector_is_the_mean_behind_the_middle_layer_without_the_first_token(model):
    tokens = [257, *model.tokenizer("Biscuit")["input_ids"]]
    with torch.no_grad():
        states = model.network(torch.tensor([tokens]), output_hidden_states=True).hidden_states
    assert close(model.hidden_states(["Biscuit"])[0], states[1][0, 1:].mean(0).tolist())


def test_a_text_with_no_token_is_a_vector_of_zeros(model):
    assert set(model.hidden_states([""])[0]) == {0.0}


def test_a_long_text_counts_with_its_beginning(model, monkeypatch):
    monkeypatch.setattr(loaded, "LONGEST_TEXT_TOKENS", 5)
    assert model.hidden_states(["Hello there"]) == model.hidden_states(["Hello you"[:5]])


def test_a_base_in_bfloat16_gives_vectors_that_were_summed_in_float32():
    model = make_model()
    exact = model.hidden_states(["My dog is called Biscuit."])[0]
    model.network.to(torch.bfloat16)
    rounded = model.hidden_states(["My dog is called Biscuit."])[0]
    cosine = torch.cosine_similarity(torch.tensor(exact), torch.tensor(rounded), dim=0)
    assert cosine > 0.999


def test_between_two_batches_others_may_have_the_model(model):
    entered = []

    def around():
        entered.append("in")
        return nullcontext()

    with model.in_slices(around, slice_s=0.0):
        vectors = model.hidden_states(["Hi", "x" * 400])
    assert len(entered) > 2
    assert close(vectors[1], model.hidden_states(["x" * 400])[0])


def test_a_network_that_is_in_training_stays_so_and_keeps_no_gradient(model):
    model.network.train()
    model.hidden_states(["Hi"])
    assert model.network.training
    assert all(parameter.grad is None for parameter in model.network.parameters())
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("marks", [{"bos_token": None}, {"bos_token": None, "eos_token": None}])
def test_a_tokenizer_without_a_mark_for_the_beginning_will_do(model, marks):
    model.tokenizer = make_tokenizer()
    for name, value in marks.items():
        setattr(model.tokenizer, name, value)
    assert len(model.hidden_states(["Hi"])[0]) == 128


def test_a_network_whose_logits_cannot_be_left_out_will_do(model):
    class Whole(torch.nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, input_ids, attention_mask, use_cache, output_hidden_states):
            return self.network(
                input_ids=input_ids,
                attention_mask=attention_mask,
                use_cache=use_cache,
                output_hidden_states=output_hidden_states,
            )

    assert mean_states(Whole(model.network), [[1, 2, 3]]) == mean_states(model.network, [[1, 2, 3]])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ALL)
def test_every_base_has_vectors_that_hardly_depend_on_the_company(bases, kind):
    model = bases.load(kind)
    together = torch.tensor(model.hidden_states(TEXTS[:4]))
    alone = torch.tensor([model.hidden_states([text])[0] for text in TEXTS[:4]])
    assert torch.cosine_similarity(together, alone).min() > 0.999
