import gc
import json
import threading
import warnings

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

from cocolora.core.adapters import Recipe
from cocolora.errors import AdapterDamaged, AdapterMissing, BaseMismatch, CannotTrain, UnknownId
from cocolora.model.loaded import LoadedModel
from cocolora.stack.files import WEIGHTS_NAME, LowRankPair, check_files, hash_file, write_adapter, write_manifest
from cocolora.stack.live import LiveStack
from cocolora.stack.manifest import Manifest, read_manifest
from cocolora.stack.targets import short_targets
from tests.model.tiny import ask, logits, make_model, make_network, make_tokenizer

QUESTIONS = [ask(f"What is thing number {index}?") for index in range(20)]


def make_adapter(model, folder, *, seed=1, rank=4, targets=("q_proj", "v_proj", "down_proj"), size=0.3):
    """Write an adapter of random weights; return its folder."""
    generator = torch.Generator().manual_seed(seed)
    layers = {}
    for path in model.layers:
        if path.rpartition(".")[2] in targets:
            module = model.network.get_submodule(path)
            layers[path] = LowRankPair(
                torch.randn(rank, module.in_features, generator=generator) * size,
                torch.randn(module.out_features, rank, generator=generator) * size,
            )
    recipe = Recipe(rank=rank, alpha=2.0 * rank, learning_rate=1e-3, steps=1, batch_samples=1, seed=seed)
    manifest = Manifest(adapter_id=folder.name, base=model.identity, recipe=recipe)
    write_adapter(folder, layers, alpha=2.0 * rank, targets=short_targets(model.network, layers), manifest=manifest)
    return folder


def rewrite(folder, change):
    """Change an adapter's tensors and keep its manifest's hash in step."""
    tensors = load_file(folder / WEIGHTS_NAME)
    change(tensors)
    save_file(tensors, folder / WEIGHTS_NAME, metadata={"format": "pt"})
    manifest = read_manifest(folder).model_copy(update={"sha256": hash_file(folder / WEIGHTS_NAME)})
    write_manifest(folder, manifest)


def dense(model, weights, folders):
    """Return a network whose weight matrices hold the deltas: base + sum of weight * alpha / r * B A."""
    network = make_network(0)
    network.load_state_dict(model.network.state_dict() if not weights else make_network(0).state_dict())
    with torch.no_grad():
        for (_, weight), folder in zip(weights, folders, strict=True):
            tensors = load_file(folder / WEIGHTS_NAME)
            config = json.loads((folder / "adapter_config.json").read_text())
            for key, a in tensors.items():
                if "lora_A" in key:
                    path = key.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
                    delta = tensors[key.replace("lora_A", "lora_B")] @ a * config["lora_alpha"] / config["r"]
                    network.get_submodule(path).weight += weight * delta
    return network


@pytest.fixture
def stack(model):
    return LiveStack(model)


@pytest.fixture
def first(model, tmp_path):
    return make_adapter(model, tmp_path / "a00000000001", seed=1)


@pytest.fixture
def second(model, tmp_path):
    return make_adapter(model, tmp_path / "a00000000012", seed=2, rank=6, targets=("q_proj", "gate_proj"))


def snapshot(network):
    return (
        {name: type(module) for name, module in network.named_modules()},
        {name: (id(parameter), parameter.requires_grad) for name, parameter in network.named_parameters()},
        {name: module.training for name, module in network.named_modules()},
        sorted(vars(network)),
        network.config.use_cache,
    )


def test_after_the_last_adapter_is_gone_the_network_is_as_it_was(model, stack, first, second):
    before, bare, identity = snapshot(model.network), logits(model.network), model.identity

    for adapter in (first, second):
        stack.attach(adapter.name, adapter)
    stack.activate([(first.name, 1.0), (second.name, 0.5)])
    assert not torch.equal(logits(model.network), bare)
    stack.detach(first.name)
    stack.detach(second.name)

    assert snapshot(model.network) == before
    assert torch.equal(logits(model.network), bare)
    assert (stack.attached, stack.active) == ((), ())
    assert LoadedModel(model.network, model.tokenizer, name="tiny-0").identity == identity


def test_attached_but_inactive_adapters_change_no_bit(model, stack, first, second):
    bare = logits(model.network)

    stack.attach(first.name, first)
    stack.attach(second.name, second)

    assert torch.equal(logits(model.network), bare)
    stack.activate([(first.name, 1.0)])
    stack.activate([])
    assert torch.equal(logits(model.network), bare)


def test_modules_and_parameters_of_the_base_stay_what_they_are_while_adapters_are_active(model, stack, first, second):
    model.network.model.embed_tokens.requires_grad_(False)
    before = snapshot(model.network)

    stack.attach(first.name, first)
    stack.attach(second.name, second)
    stack.activate([(second.name, 1.0), (first.name, 1.0)])

    assert snapshot(model.network) == before
    assert set(model.network.state_dict()) == set(make_network(0).state_dict())
    assert {id(m) for m in model.network.modules() if m.training} == set()


@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.0, 0.0), (-1.0, 0.0), (2.0, 0.0), (0.7, -1.3), (1.0, 1.0)])
def test_active_adapters_are_the_exact_weighted_sum_of_their_deltas(model, stack, first, second, weights):
    stack.attach(first.name, first)
    stack.attach(second.name, second)
    pairs = [(first.name, weights[0]), (second.name, weights[1])]
    expected = logits(dense(model, pairs, [first, second]))

    stack.activate(pairs)

    torch.testing.assert_close(logits(model.network), expected, rtol=2e-4, atol=2e-4)
    if weights == (0.0, 0.0):
        assert torch.equal(logits(model.network), logits(make_network(0)))


def test_on_off_on_gives_the_same_replies(model, stack, first, second):
    stack.attach(first.name, first)
    bare = model.generate(QUESTIONS, max_new_tokens=8)
    stack.activate([(first.name, 1.0)])
    on = model.generate(QUESTIONS, max_new_tokens=8)

    stack.attach(second.name, second)
    again = model.generate(QUESTIONS, max_new_tokens=8)
    stack.activate([])

    assert again == on != bare
    assert model.generate(QUESTIONS, max_new_tokens=8) == bare


def test_a_routed_adapter_gives_the_logits_it_gives_alone(model, stack, first, second):
    stack.attach(first.name, first)
    stack.activate([(first.name, 1.0)])
    alone = logits(model.network)

    stack.attach(second.name, second)
    stack.activate([(second.name, 1.0)])
    stack.activate([(first.name, 1.0)])

    assert torch.equal(logits(model.network), alone)


def test_the_hosts_own_generate_uses_what_is_active(model, stack, first):
    tokens = torch.tensor([[1, 2, 3]])

    def generate():
        return model.network.generate(
            tokens, attention_mask=torch.ones_like(tokens), do_sample=False, max_new_tokens=12, pad_token_id=0
        ).tolist()

    bare = generate()
    stack.attach(first.name, first)
    stack.activate([(first.name, 1.0)])

    assert generate() != bare
    assert type(model.network).__name__ == "LlamaForCausalLM"


def test_activated_restores_what_was_active_also_after_a_failure(model, stack, first, second):
    stack.attach(first.name, first)
    stack.attach(second.name, second)
    stack.activate([(first.name, 0.5)])
    before = logits(model.network)

    def fail_with_the_second():
        with stack.activated([(second.name, 1.0)]):
            assert stack.active == ((second.name, 1.0),)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        fail_with_the_second()

    assert stack.active == ((first.name, 0.5),)
    assert torch.equal(logits(model.network), before)


def test_a_chat_between_two_slices_has_its_own_route_and_changes_no_reply_of_the_work(model, stack, first, second):
    stack.attach("first", first)
    stack.attach("second", second)
    with stack.activated([("first", 1.0)]):
        alone = model.generate(QUESTIONS[:2], max_new_tokens=12)
    begun, chatted = threading.Event(), threading.Event()

    def chat():
        begun.wait(5)
        with model.exclusive():
            stack.activate([("second", 0.5)])
            model.generate(QUESTIONS[2:3], max_new_tokens=2)
        chatted.set()

    thread = threading.Thread(target=chat)
    thread.start()
    with model.in_slices(lambda: stack.activated([("first", 1.0)]), slice_s=0.001):
        begun.set()
        while not chatted.is_set():
            assert model.generate(QUESTIONS[:2], max_new_tokens=12) == alone
            assert stack.active == (("first", 1.0),)
    thread.join()
    assert stack.active == (("second", 0.5),)


def test_detaching_one_that_is_active_leaves_the_others_active_or_none(model, stack, first, second, monkeypatch):
    stack.attach("first", first)
    stack.attach("second", second)
    stack.activate([("first", 1.0), ("second", 1.0)])
    stack.detach("second")
    assert stack.active == (("first", 1.0),)
    stack.attach("second", second)
    stack.activate([("first", 1.0), ("second", 1.0)])
    monkeypatch.setattr("cocolora.stack.live.mix", out_of_memory_for_one)
    with pytest.raises(MemoryError):
        stack.detach("second")
    assert (stack.active, stack.attached) == ((), ("first",))


def out_of_memory_for_one(held, *, device):
    if held:
        raise MemoryError
    return {}


def test_an_adapter_detached_while_others_were_activated_stays_gone(model, stack, first):
    stack.attach(first.name, first)
    stack.activate([(first.name, 1.0)])

    with stack.activated([]):
        stack.detach(first.name)

    assert stack.active == ()


def test_unknown_adapters_are_named_and_change_nothing(model, stack, first):
    stack.attach(first.name, first)
    stack.activate([(first.name, 1.0)])

    with pytest.raises(UnknownId, match="nothing"):
        stack.activate([("nothing", 1.0)])
    with pytest.raises(UnknownId):
        stack.detach("nothing")
    assert stack.active == ((first.name, 1.0),)


def test_attaching_twice_is_attaching_once(model, stack, first):
    stack.attach(first.name, first)
    stack.attach(first.name, first)

    assert stack.attached == (first.name,)


def test_an_id_that_is_part_of_another_is_not_confused_with_it(model, stack, tmp_path):
    short, long = (make_adapter(model, tmp_path / name, seed=seed) for seed, name in ((1, "ada1"), (2, "ada12")))
    bare = logits(model.network)
    stack.attach(long.name, long)
    stack.attach(short.name, short)
    stack.activate([(long.name, 1.0)])
    expected = logits(model.network)

    stack.detach(short.name)

    assert torch.equal(logits(model.network), expected)
    assert not torch.equal(expected, bare)


def count_tensors():
    gc.collect()
    found = [thing for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor)]
    return len(found), sum(tensor.numel() * tensor.element_size() for tensor in found)


def test_many_cycles_leave_nothing(model, stack, first, second):
    bare, before = logits(model.network), snapshot(model.network)
    stack.attach(second.name, second)
    stack.activate([(second.name, 1.0)])
    tensors = count_tensors()

    for _ in range(200):
        stack.attach(first.name, first)
        stack.activate([(first.name, 1.0), (second.name, 1.0)])
        stack.detach(first.name)

    assert count_tensors() == tensors
    stack.detach(second.name)
    assert snapshot(model.network) == before
    assert torch.equal(logits(model.network), bare)


def test_attaching_leaves_the_global_random_state_alone(model, stack, first):
    state = torch.get_rng_state()

    stack.attach(first.name, first)

    assert torch.equal(torch.get_rng_state(), state)


def test_an_adapter_is_added_in_float32_to_a_bfloat16_base(tmp_path):
    model = LoadedModel(make_network(0).to(torch.bfloat16), make_tokenizer(), name="tiny-0")
    stack = LiveStack(model)
    folder = make_adapter(make_model(0), tmp_path / "a1")
    bare = logits(model.network)

    stack.attach("a1", folder)
    stack.activate([("a1", 1.0)])

    assert logits(model.network).dtype == torch.bfloat16
    assert not torch.equal(logits(model.network), bare)
    stack.detach("a1")
    assert torch.equal(logits(model.network), bare)


def test_written_files_load_in_plain_peft_with_equal_logits(model, stack, first, second):
    for folder in (first, second):
        stack.attach(folder.name, folder)
        stack.activate([(folder.name, 1.0)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plain = PeftModel.from_pretrained(make_network(0), folder)

        assert torch.equal(logits(plain), logits(model.network))


def damage_truncate(folder):
    path = folder / WEIGHTS_NAME
    path.write_bytes(path.read_bytes()[:-100])


def damage_one_bit(folder):
    path = folder / WEIGHTS_NAME
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def damage_nan(folder):
    rewrite(folder, lambda tensors: next(iter(tensors.values())).fill_(float("nan")))


def damage_shape(folder):
    def change(tensors):
        key = next(key for key in tensors if "lora_A" in key)
        tensors[key] = tensors[key][:, :-1].contiguous()

    rewrite(folder, change)


def damage_rank(folder):
    def change(tensors):
        key = next(key for key in tensors if "lora_A" in key)
        tensors[key] = tensors[key][:-1].contiguous()

    rewrite(folder, change)


def damage_half(folder):
    rewrite(folder, lambda tensors: tensors.pop(next(iter(tensors))))


def damage_name(folder):
    def change(tensors):
        for key in list(tensors):
            tensors[key.replace("layers.0", "layers.9")] = tensors.pop(key)

    rewrite(folder, change)


def damage_foreign_tensor(folder):
    rewrite(folder, lambda tensors: tensors.update({"base_model.model.lm_head.weight": torch.zeros(2, 2)}))


def damage_empty(folder):
    rewrite(folder, lambda tensors: tensors.clear())


def damage_config(folder):
    (folder / "adapter_config.json").write_text("{")


def damage_config_kind(folder):
    path = folder / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "use_dora": True}))


def damage_manifest(folder):
    (folder / "manifest.json").write_text('{"format": 7}')


def damage_no_manifest(folder):
    (folder / "manifest.json").unlink()


DAMAGES = [thing for name, thing in sorted(globals().items()) if name.startswith("damage_")]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_adapter_is_refused_before_anything_is_touched(model, stack, first, damage):
    before, bare = snapshot(model.network), logits(model.network)
    damage(first)

    with pytest.raises(AdapterDamaged, match=first.name):
        stack.attach(first.name, first)

    assert snapshot(model.network) == before
    assert torch.equal(logits(model.network), bare)
    assert stack.attached == ()
    if damage not in (damage_name, damage_shape):  # these fit some other network
        assert len(check_files(first)) == 1


def test_sound_files_have_no_fault_and_missing_ones_are_named(model, stack, first, tmp_path):
    assert check_files(first) == []
    (first / WEIGHTS_NAME).unlink()
    assert check_files(first) == [f"{WEIGHTS_NAME} is missing"]
    with pytest.raises(AdapterMissing):
        stack.attach(first.name, first)
    with pytest.raises(AdapterMissing):
        stack.attach("nothing", tmp_path / "nothing")


def test_an_adapter_of_another_base_is_refused(stack, tmp_path):
    foreign = make_adapter(make_model(7), tmp_path / "a1")

    with pytest.raises(BaseMismatch, match=r"trained on tiny-7 .* but tiny-0 .* is loaded"):
        stack.attach("a1", foreign)
    assert stack.attached == ()


def test_an_out_of_memory_while_switching_leaves_what_was_active(model, stack, first, second, monkeypatch):
    stack.attach(first.name, first)
    stack.attach(second.name, second)
    stack.activate([(first.name, 1.0)])
    before = logits(model.network)

    def fail(*arguments, **keywords):
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr("torch.cat", fail)
        with pytest.raises(MemoryError):
            stack.activate([(first.name, 1.0), (second.name, 1.0)])

    assert stack.active == ((first.name, 1.0),)
    assert torch.equal(logits(model.network), before)


def test_beyond_its_budget_the_least_recently_used_are_on_disk_alone_and_come_back_the_same(model, tmp_path):
    folders = [make_adapter(model, tmp_path / f"a{number}", seed=number) for number in range(5)]
    one_bytes = sum(tensor.numel() * 4 for tensor in load_file(folders[0] / WEIGHTS_NAME).values())
    stack, roomy = LiveStack(model, memory_bytes=2 * one_bytes), LiveStack(model)
    alone = []
    for folder in folders:
        roomy.attach(folder.name, folder)
        with roomy.activated([(folder.name, 1.0)]):
            alone.append(logits(model.network))

    for folder in folders:
        stack.attach(folder.name, folder)

    assert len(stack.attached) == 5
    for folder, expected in zip(folders, alone, strict=True):
        assert stack.size_bytes <= 2 * one_bytes
        stack.activate([(folder.name, 1.0)])
        assert torch.equal(logits(model.network), expected)
    stack.activate([(folder.name, 0.1) for folder in folders])
    assert stack.size_bytes == 5 * one_bytes


def test_an_adapter_whose_file_changed_while_it_was_on_disk_alone_is_refused_and_nothing_is_switched(model, tmp_path):
    first, second = (make_adapter(model, tmp_path / name, seed=seed) for seed, name in ((1, "a1"), (2, "a2")))
    stack = LiveStack(model, memory_bytes=0)
    stack.attach("a1", first)
    stack.attach("a2", second)
    stack.activate([("a1", 1.0)])
    before = logits(model.network)
    damage_one_bit(second)

    with pytest.raises(AdapterDamaged, match="a2"):
        stack.activate([("a2", 1.0)])
    (second / WEIGHTS_NAME).unlink()
    with pytest.raises(AdapterMissing, match="a2"):
        stack.activate([("a2", 1.0)])

    assert stack.active == (("a1", 1.0),)
    assert torch.equal(logits(model.network), before)


def test_the_hosts_own_loras_are_not_touched(tmp_path):
    model = make_model()
    folder = make_adapter(model, tmp_path / "a1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hosts = get_peft_model(model.network, LoraConfig(r=2, target_modules=["q_proj"]))
    wrapped = LoadedModel(hosts, make_tokenizer(), name="tiny-0")

    for stack in (LiveStack(wrapped), LiveStack(model)):
        with pytest.raises(CannotTrain, match="LoRAs of its own"):
            stack.attach("a1", folder)
    assert wrapped.identity == make_model().identity
    assert hosts.active_adapters == ["default"]


def test_writing_again_replaces_the_folder_and_leaves_nothing_aside(model, first):
    old = (first / WEIGHTS_NAME).read_bytes()

    make_adapter(model, first, seed=9)

    assert (first / WEIGHTS_NAME).read_bytes() != old
    assert check_files(first) == []
    assert [path.name for path in first.parent.iterdir()] == [first.name]


def test_the_same_adapter_is_written_in_the_same_bytes(model, tmp_path):
    one, two = (make_adapter(model, tmp_path / place / "a1") for place in ("x", "y"))

    for file in ("adapter_config.json", WEIGHTS_NAME, "manifest.json"):
        assert (one / file).read_bytes() == (two / file).read_bytes()
