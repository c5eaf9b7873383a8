"""What must hold on every kind of base: nothing of an adapter stays, and each gives what it gives alone."""

import gc

import pytest
import torch
from bitsandbytes.functional import has_avx512bf16

from cocolora.core.adapters import Recipe
from cocolora.errors import AdapterDamaged, BaseMismatch
from cocolora.model.loaded import LoadedModel
from cocolora.stack.live import LiveStack
from cocolora.stack.manifest import read_manifest
from cocolora.training.live import LiveTrainer
from tests.model.every_base import ALL, KINDS
from tests.model.tiny import ask, exchange, make_model
from tests.stack.test_live import damage_nan, damage_shape, make_adapter, snapshot

PROMPTS = [ask(f"What is the {thing} of {name}?") for thing in ("capital", "colour") for name in "ABCDEFGHIJ"]


@pytest.fixture(scope="module", params=KINDS)
def base(request, bases):
    return bases.load(request.param)


@pytest.fixture
def stack(base):
    stack = LiveStack(base)
    yield stack
    for adapter_id in stack.attached:
        stack.detach(adapter_id)


@pytest.fixture
def first(base, tmp_path):
    return make_adapter(base, tmp_path / "a00000000001", seed=1, size=0.3)


@pytest.fixture
def second(base, tmp_path):
    return make_adapter(base, tmp_path / "a00000000002", seed=2, rank=6, targets=("q_proj", "gate_proj"), size=0.3)


def logits(model):
    with torch.no_grad():
        return model.network(input_ids=torch.tensor([[5, 17, 230, 41, 7, 99, 300]])).logits


def test_each_kind_is_known_by_its_name(base):
    assert base.kind in ALL
    assert len(base.layers) == 7 * base.network.config.num_hidden_layers
    assert base.network.get_output_embeddings() not in [base.network.get_submodule(path) for path in base.layers]


def test_with_all_detached_the_logits_are_the_untouched_models_bit_for_bit(base, stack, first, second):
    before, bare = snapshot(base.network), logits(base)

    for folder in (first, second):
        stack.attach(folder.name, folder)
    assert torch.equal(logits(base), bare)
    stack.activate([(first.name, 1.0), (second.name, -0.5)])
    assert not torch.equal(logits(base), bare)
    assert snapshot(base.network) == before
    stack.detach(first.name)
    stack.detach(second.name)

    assert torch.equal(logits(base), bare)
    assert snapshot(base.network) == before


def test_on_off_on_gives_the_same_tokens_over_twenty_prompts(base, stack, first, second):
    stack.attach(first.name, first)
    bare = base.generate(PROMPTS, max_new_tokens=8)
    stack.activate([(first.name, 1.0)])
    on = base.generate(PROMPTS, max_new_tokens=8)

    stack.attach(second.name, second)
    stack.activate([])
    off = base.generate(PROMPTS, max_new_tokens=8)
    stack.activate([(first.name, 1.0)])

    assert off == bare != on
    assert base.generate(PROMPTS, max_new_tokens=8) == on


def test_a_routed_adapter_gives_the_logits_it_gives_alone(base, stack, first, second):
    stack.attach(first.name, first)
    stack.activate([(first.name, 1.0)])
    alone = logits(base)

    stack.attach(second.name, second)
    stack.activate([(first.name, 1.0), (second.name, 1.0)])
    stack.activate([(second.name, 1.0)])
    stack.activate([(first.name, 1.0)])
    assert torch.equal(logits(base), alone)
    stack.activate([(first.name, 1.0), (second.name, 0.0)])

    assert torch.equal(logits(base), alone)


@pytest.mark.parametrize("weights", [(1.0, 1.0), (0.7, -1.3), (-1.0, 0.5)])
def test_several_active_ones_add_up_at_the_first_layer_whatever_their_ranks(base, stack, first, second, weights):
    layer = base.network.get_submodule("model.layers.0.self_attn.q_proj")
    inputs = torch.randn(3, layer.in_features, generator=torch.Generator().manual_seed(0))
    inputs = inputs.to(base.network.dtype)

    def output(*active):
        stack.activate(active)
        with torch.no_grad():
            return layer(inputs).float()

    for folder in (first, second):
        stack.attach(folder.name, folder)
    bare = output()
    changes = [output((folder.name, weight)) - bare for folder, weight in zip((first, second), weights, strict=True)]
    both = output((first.name, weights[0]), (second.name, weights[1]))

    rounding = 0.05 if base.network.dtype == torch.bfloat16 else 1e-4
    torch.testing.assert_close(both, bare + sum(changes), rtol=rounding, atol=rounding)
    assert torch.equal(output(), bare)


def tensors():
    gc.collect()
    found = [thing for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor)]
    return len(found), sum(tensor.numel() * tensor.element_size() for tensor in found)


def test_two_hundred_cycles_leave_no_tensor_and_no_byte(base, stack, first, second):
    stack.attach(second.name, second)
    logits(base)
    before, there = snapshot(base.network), tensors()

    for _ in range(200):
        stack.attach(first.name, first)
        stack.activate([(first.name, 1.0), (second.name, 1.0)])
        stack.activate([])
        stack.detach(first.name)

    assert tensors() == there
    assert snapshot(base.network) == before


@pytest.mark.parametrize("damage", [damage_nan, damage_shape], ids=["nan", "shape"])
def test_what_does_not_fit_is_refused_before_anything_is_touched(base, stack, first, damage):
    before, bare = snapshot(base.network), logits(base)
    damage(first)

    with pytest.raises(AdapterDamaged):
        stack.attach(first.name, first)

    assert (snapshot(base.network), stack.attached) == (before, ())
    assert torch.equal(logits(base), bare)


def test_an_adapter_of_another_base_is_refused(stack, tmp_path):
    with pytest.raises(BaseMismatch):
        stack.attach("a1", make_adapter(make_model(7), tmp_path / "a1"))
    assert stack.attached == ()


def test_an_adapter_is_trained_frozen_beneath_it_another_one_and_the_base_stays(base, stack, first, tmp_path):
    before, bare = snapshot(base.network), logits(base)
    stack.attach(first.name, first)
    samples = [base.sample(exchange("What is my dog called?", "Your dog is called Biscuit."))]
    recipe = Recipe(rank=4, alpha=8.0, learning_rate=1e-2, steps=25, batch_samples=1, seed=0)

    losses = LiveTrainer(base, stack).train(
        "trained", samples, recipe=recipe, beneath=[(first.name, 0.5)], folder=tmp_path / "trained"
    )

    assert losses[-1] < 0.3 * losses[0]
    assert snapshot(base.network) == before
    assert torch.equal(logits(base), bare)
    stack.attach("trained", tmp_path / "trained")
    assert read_manifest(tmp_path / "trained").base == base.identity
    stack.activate([(first.name, 0.5), ("trained", 1.0)])
    assert base.generate([ask("What is my dog called?")]) == ["Your dog is called Biscuit."]


@pytest.mark.parametrize("kind", ["nf4", "nf4-double"])
def test_four_bit_layers_that_the_host_ran_before_are_unpacked_and_train(bases, kind, tmp_path):
    settled = bases.load(kind)
    network = bases.load(kind).network
    layers = [layer for layer in network.modules() if hasattr(layer, "support_avx512bf16_for_cpu")]
    for layer in layers:
        layer.support_avx512bf16_for_cpu = has_avx512bf16()
    with torch.no_grad():
        network(input_ids=torch.tensor([[1, 2, 3]]))

    adopted = LoadedModel(network, settled.tokenizer, name="demo-base")

    assert not any(getattr(layer.weight.quant_state, "packing_format_for_cpu", False) for layer in layers)
    assert adopted.identity == settled.identity
    torch.testing.assert_close(logits(adopted), logits(settled), rtol=0.05, atol=0.2)  # scales were rounded
    recipe = Recipe(rank=4, alpha=8.0, learning_rate=1e-2, steps=10, batch_samples=1, seed=0)
    samples = [adopted.sample(exchange("What is my dog called?", "Your dog is called Biscuit."))]
    losses = LiveTrainer(adopted, LiveStack(adopted)).train("a1", samples, recipe=recipe, folder=tmp_path / "a1")
    assert losses[-1] < 0.7 * losses[0]


def test_bases_quantised_in_other_ways_are_other_bases(bases):
    identities = {bases.load(kind).identity for kind in ("float32", "nf4", "nf4-double", "int8")}

    assert len(identities) == 4
