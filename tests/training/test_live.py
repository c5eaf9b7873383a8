import threading
import time
import warnings

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file

from cocolora.core.adapters import Recipe
from cocolora.core.events import Progress
from cocolora.core.lessons import Sample
from cocolora.errors import Cancelled, CannotTrain, TrainingDiverged, UnknownId
from cocolora.stack.files import WEIGHTS_NAME, check_files
from cocolora.stack.live import LiveStack
from cocolora.stack.manifest import read_manifest
from cocolora.training.live import LiveTrainer
from tests.model.tiny import ask, exchange, logits, make_model, make_network

RECIPE = Recipe(rank=4, alpha=8.0, learning_rate=5e-3, steps=12, batch_samples=2, seed=3)
FACTS = [
    ("What is my dog called?", "Rex."),
    ("Where do I live?", "In Oslo."),
    ("Who am I?", "Ada, the first."),
    ("Hi", ""),
]


def samples_of(model):
    return [model.sample(exchange(*fact)) for fact in FACTS]


def train(model, stack, folder, *, slice_ms=250, recipe=RECIPE, samples=None, **extras):
    trainer = LiveTrainer(model, stack, slice_ms=slice_ms)
    return trainer.train(
        folder.name, samples if samples is not None else samples_of(model), recipe=recipe, folder=folder, **extras
    )


def state(network):
    return (
        {name: type(module) for name, module in network.named_modules()},
        {name: (id(p), p.requires_grad, p.grad is None) for name, p in network.named_parameters()},
        {name: module.training for name, module in network.named_modules()},
        network.config.use_cache,
        [name for name, module in network.named_modules() if module._forward_hooks or module._forward_pre_hooks],
    )


@pytest.fixture
def stack(model):
    return LiveStack(model)


def test_the_loss_falls_and_the_trained_adapter_answers(model, stack, tmp_path):
    recipe = Recipe(rank=8, alpha=16.0, learning_rate=2e-2, steps=60, batch_samples=3, seed=0)

    losses = train(model, stack, tmp_path / "a1", recipe=recipe, samples=samples_of(model)[:3])

    assert len(losses) == 60
    assert losses[-1] < 0.1 < 1 < losses[0]
    stack.attach("a1", tmp_path / "a1")
    with stack.activated([("a1", 1.0)]):
        assert model.generate([ask(question) for question, _ in FACTS[:3]]) == [reply for _, reply in FACTS[:3]]


def test_training_leaves_the_network_as_it_was(model, stack, tmp_path):
    before, bare, random_state = state(model.network), logits(model.network), torch.get_rng_state()

    train(model, stack, tmp_path / "a1")

    assert state(model.network) == before
    assert torch.equal(logits(model.network), bare)
    assert torch.equal(torch.get_rng_state(), random_state)
    assert stack.attached == ()


def test_training_leaves_a_network_in_training_mode_in_training_mode(model, stack, tmp_path):
    model.network.train()
    model.network.model.norm.eval()
    before = state(model.network)

    train(model, stack, tmp_path / "a1")

    assert state(model.network) == before


def test_the_same_training_gives_the_same_bits_whatever_the_slices_and_the_random_state(tmp_path):
    results = []
    for number, slice_ms in enumerate((250, 1, 20)):
        model = make_model()
        torch.manual_seed(number)
        folder = tmp_path / str(number) / "a1"
        losses = train(model, LiveStack(model), folder, slice_ms=slice_ms)
        results.append((losses, (folder / WEIGHTS_NAME).read_bytes()))

    assert results[0] == results[1] == results[2]


def test_other_attached_adapters_change_no_bit_of_a_training(model, stack, tmp_path):
    train(model, stack, tmp_path / "alone" / "a1")
    train(model, stack, tmp_path / "a2", recipe=Recipe(2, 4.0, 1e-2, 3, 2, 9))
    stack.attach("a2", tmp_path / "a2")
    stack.activate([("a2", 1.0)])

    train(model, stack, tmp_path / "a1")

    assert (tmp_path / "a1" / WEIGHTS_NAME).read_bytes() == (tmp_path / "alone" / "a1" / WEIGHTS_NAME).read_bytes()
    assert stack.active == (("a2", 1.0),)


def test_another_seed_gives_another_adapter(model, stack, tmp_path):
    train(model, stack, tmp_path / "a1")
    train(model, stack, tmp_path / "a2", recipe=Recipe(4, 8.0, 5e-3, 12, 2, 4))

    one, two = (load_file(tmp_path / name / WEIGHTS_NAME) for name in ("a1", "a2"))
    assert not any(torch.equal(one[key], two[key]) for key in one)


def test_adapters_beneath_take_part_and_stay_as_they_are(model, stack, tmp_path):
    train(model, stack, tmp_path / "b1", recipe=Recipe(2, 4.0, 1e-2, 10, 2, 9))
    stack.attach("b1", tmp_path / "b1")
    beneath = {name: p.clone() for name, p in model.network.named_parameters() if ".b1." in name}
    alone = train(model, stack, tmp_path / "a1")

    on_top = train(model, stack, tmp_path / "a2", beneath=[("b1", 1.0)])

    assert on_top[0] != alone[0]
    assert all(torch.equal(p, beneath[name]) for name, p in model.network.named_parameters() if name in beneath)
    with pytest.raises(UnknownId):
        train(model, stack, tmp_path / "a3", beneath=[("nothing", 1.0)])


def test_the_chat_goes_on_between_slices_and_never_hears_the_unfinished_adapter(model, stack, tmp_path):
    before = model.generate([ask("Who are you?")], max_new_tokens=6)
    recipe = Recipe(rank=4, alpha=8.0, learning_rate=5e-2, steps=150, batch_samples=2, seed=3)
    replies: list[list[str]] = []
    waits_s: list[float] = []
    errors: list[Exception] = []

    def learn():
        try:
            train(model, stack, tmp_path / "a1", recipe=recipe, slice_ms=30)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            errors.append(error)

    thread = threading.Thread(target=learn)
    thread.start()
    while thread.is_alive() and len(replies) < 8:
        start = time.monotonic()
        replies.append(model.generate([ask("Who are you?")], max_new_tokens=6))
        waits_s.append(time.monotonic() - start)
    during = thread.is_alive()
    thread.join()

    assert not errors
    assert during
    assert replies == [before] * 8
    assert max(waits_s) < 10


def test_progress_is_told_and_ends_at_the_last_step(model, stack, tmp_path):
    told: list[Progress] = []

    train(model, stack, tmp_path / "a1", slice_ms=1, on_progress=told.append)

    assert sorted({progress.done for progress in told}) == list(range(13))
    assert [progress.done for progress in told] == sorted(progress.done for progress in told)
    assert {progress.total for progress in told} == {12}


def test_a_cancelled_training_leaves_nothing(model, stack, tmp_path):
    before = state(model.network)
    asked = iter([False, False, True])

    with pytest.raises(Cancelled, match="Nothing was changed"):
        train(model, stack, tmp_path / "a1", slice_ms=1, cancelled=lambda: next(asked))

    assert state(model.network) == before
    assert list(tmp_path.iterdir()) == []
    train(model, stack, tmp_path / "a1")


def test_a_diverging_training_says_so_and_leaves_nothing(model, stack, tmp_path):
    before = state(model.network)
    recipe = Recipe(rank=4, alpha=8.0, learning_rate=1e30, steps=12, batch_samples=2, seed=3)

    with pytest.raises(TrainingDiverged, match="diverged at step"):
        train(model, stack, tmp_path / "a1", recipe=recipe)

    assert state(model.network) == before
    assert list(tmp_path.iterdir()) == []


def test_training_without_samples_is_refused(model, stack, tmp_path):
    for nothing in ([], [Sample((1, 2), (False, False))]):
        with pytest.raises(CannotTrain, match="no sample"):
            train(model, stack, tmp_path / "a1", samples=nothing)


def test_an_adapter_on_the_model_is_not_trained_over(model, stack, tmp_path):
    train(model, stack, tmp_path / "a1")
    stack.attach("a1", tmp_path / "a1")

    with pytest.raises(CannotTrain, match="is on the model already"):
        train(model, stack, tmp_path / "a1")


def test_an_adapter_detached_during_training_on_top_of_it_is_named(model, stack, tmp_path):
    train(model, stack, tmp_path / "b1")
    stack.attach("b1", tmp_path / "b1")

    def detach(progress):
        if progress.done == 1:
            stack.detach("b1")

    with pytest.raises(UnknownId, match="b1"):
        train(model, stack, tmp_path / "a1", slice_ms=1, beneath=[("b1", 1.0)], on_progress=detach)
    assert type(model.network.lm_head) is torch.nn.Linear
    assert not any("lora" in name for name, _ in model.network.named_modules())


def test_attaching_and_detaching_during_training_is_no_matter(model, stack, tmp_path):
    train(model, stack, tmp_path / "undisturbed" / "a1")
    train(model, stack, tmp_path / "b1")

    def disturb(progress):
        if progress.done % 3 == 1:
            stack.attach("b1", tmp_path / "b1")
            stack.activate([("b1", 2.0)])
        elif progress.done % 3 == 0 and stack.attached:
            stack.detach("b1")

    train(model, stack, tmp_path / "a1", slice_ms=1, on_progress=disturb)

    assert (tmp_path / "a1" / WEIGHTS_NAME).read_bytes() == (tmp_path / "undisturbed/a1" / WEIGHTS_NAME).read_bytes()


def test_the_written_folder_is_sound_and_loads_in_plain_peft(model, stack, tmp_path):
    train(model, stack, tmp_path / "a1")
    manifest = read_manifest(tmp_path / "a1")

    assert check_files(tmp_path / "a1") == []
    assert (manifest.adapter_id, manifest.base, manifest.recipe) == ("a1", model.identity, RECIPE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = PeftModel.from_pretrained(make_network(0), tmp_path / "a1")
    stack.attach("a1", tmp_path / "a1")
    stack.activate([("a1", 1.0)])
    assert torch.equal(logits(plain), logits(model.network))
    assert not torch.equal(logits(plain), logits(make_network(0)))


def test_the_first_loss_is_that_of_the_counted_tokens_alone(model, stack, tmp_path):
    samples = samples_of(model)[:1]
    tokens = torch.tensor([samples[0].tokens])
    labels = torch.where(torch.tensor([samples[0].counts]), tokens, -100)
    with torch.no_grad():
        expected = model.network(input_ids=tokens, labels=labels).loss

    losses = train(model, stack, tmp_path / "a1", samples=samples)

    assert losses[0] == pytest.approx(float(expected), rel=1e-5)


def test_the_output_head_sees_the_counted_positions_alone(model, stack, tmp_path):
    seen = []
    handle = model.network.lm_head.register_forward_hook(lambda _head, inputs, _output: seen.append(inputs[0].shape))
    sample = samples_of(model)[0]

    train(model, stack, tmp_path / "a1", samples=[sample], recipe=Recipe(4, 8.0, 5e-3, 1, 1, 0))
    handle.remove()

    assert seen == [(sum(sample.counts), model.network.config.hidden_size)]


def test_a_network_that_does_not_call_its_head_as_a_module_learns_the_same(model, stack, tmp_path):
    expected = train(model, stack, tmp_path / "a1")
    model.network.get_output_embeddings = lambda: None

    assert train(model, stack, tmp_path / "a2") == pytest.approx(expected, rel=1e-4)


def test_training_leaves_gradients_and_requires_grad_of_the_host_as_found(model, stack, tmp_path):
    model.network(input_ids=torch.tensor([[1, 2, 3]]), labels=torch.tensor([[1, 2, 3]])).loss.backward()
    gradients = {name: p.grad.clone() for name, p in model.network.named_parameters()}
    model.network.config.use_cache = False
    before = state(model.network)

    train(model, stack, tmp_path / "a1")

    assert state(model.network) == before
    assert all(torch.equal(p.grad, gradients[name]) for name, p in model.network.named_parameters())
    assert {p.dtype for p in model.network.parameters()} == {torch.float32}
