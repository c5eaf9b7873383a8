import threading
import time
from contextlib import contextmanager

import pytest
import torch

from cocolora.errors import NoChatTemplate
from cocolora.model.decoding import batches
from cocolora.model.loaded import LoadedModel
from tests.model.tiny import ask, exchange, make_model, make_network, make_tokenizer

QUESTIONS = ["Hi", "What is the capital of France?", "And 你好 🙂?", "x" * 90, "Name my dog.", "Why " * 20]


def test_a_reply_is_the_same_alone_and_in_company(model):
    together = model.generate([ask(question) for question in QUESTIONS], max_new_tokens=24)
    alone = [model.generate([ask(question)], max_new_tokens=24)[0] for question in QUESTIONS]

    assert together == alone
    assert len(set(together)) > 1


def test_replies_come_in_the_order_of_their_chats(model):
    many = [ask(f"{'long ' * (index % 7)}question {index}") for index in range(40)]

    replies = model.generate(many, max_new_tokens=4)

    assert replies[17] == model.generate([many[17]], max_new_tokens=4)[0]
    assert replies[-1] == model.generate([many[-1]], max_new_tokens=4)[0]


def test_generating_equals_the_networks_own_greedy_generation(model):
    tokens = torch.tensor([model._template.prompt(ask("Who are you?"))])
    expected = model.network.generate(
        tokens, attention_mask=torch.ones_like(tokens), do_sample=False, max_new_tokens=20, pad_token_id=0
    )

    reply = model.generate([ask("Who are you?")], max_new_tokens=20)[0]

    assert reply == model.tokenizer.decode(expected[0, tokens.shape[1] :], skip_special_tokens=True).strip()


def test_a_reply_ends_at_the_end_of_turn_and_holds_no_special_token(model):
    end = model.tokenizer.convert_tokens_to_ids("<|im_end|>")
    with torch.no_grad():
        model.network.lm_head.weight[end] += 3 * model.network.lm_head.weight.std()
    long, short = (model.generate([ask("Hi")], max_new_tokens=most)[0] for most in (200, 3))

    assert "<|im_end|>" not in long
    assert len(short.encode()) <= 9


def test_generating_leaves_training_mode_as_it_was_and_training_possible(model):
    model.network.train()
    model.network.model.layers[0].eval()

    model.generate([ask("Hi")], max_new_tokens=2)
    model.network(input_ids=torch.tensor([[1, 2, 3]]), labels=torch.tensor([[1, 2, 3]])).loss.backward()

    assert model.network.training
    assert not model.network.model.layers[0].training
    assert torch.is_grad_enabled()


def test_nothing_to_generate_is_no_work(model):
    assert model.generate([]) == []


def test_a_prompt_longer_than_the_context_loses_its_beginning(model):
    assert isinstance(model.generate([ask("ü" * 50_000)], max_new_tokens=2)[0], str)


def test_batches_hold_similar_lengths_and_respect_both_limits():
    lengths = [5, 900, 6, 901, 5, 7, 2000]

    cut = batches(lengths, most_rows=3, most_tokens=1900)

    assert sorted(index for batch in cut for index in batch) == list(range(7))
    assert all(len(batch) <= 3 for batch in cut)
    assert [6] in cut
    assert {1, 3} in [set(batch) for batch in cut]


def test_streamed_pieces_join_to_the_generated_reply(model):
    for question in QUESTIONS:
        pieces = list(model.stream(ask(question), max_new_tokens=24))

        assert "".join(pieces).strip().rstrip("�") == model.generate([ask(question)], max_new_tokens=24)[0].rstrip("�")


def test_an_abandoned_stream_gives_the_model_back(model):
    stream = model.stream(ask("Hi"), max_new_tokens=500)
    next(stream)

    stream.close()

    with model.exclusive():
        pass


def test_a_streams_failure_reaches_its_reader(model):
    model.network.forward = lambda **_: 1 / 0

    with pytest.raises(ZeroDivisionError):
        list(model.stream(ask("Hi")))
    with model.exclusive():
        pass


def test_the_model_is_held_by_one_thread_and_reentrant_within_it():
    lock = threading.Lock()
    model = make_model(lock=lock)

    with model.exclusive(), model.exclusive():
        assert lock.locked()
        model.generate([ask("Hi")], max_new_tokens=1)
        assert lock.locked()
    assert not lock.locked()


def test_another_thread_waits_for_the_model(model):
    entered = threading.Event()

    def enter():
        with model.exclusive():
            entered.set()

    with model.exclusive():
        thread = threading.Thread(target=enter)
        thread.start()
        assert not entered.wait(0.05)
    assert entered.wait(5)
    thread.join()


def test_a_lock_that_the_host_holds_for_this_thread_is_not_waited_for():
    lock = threading.Lock()
    model = make_model(lock=lock)

    with lock, model.held_by_host(), model.exclusive():
        model.generate([ask("Hi")], max_new_tokens=1)
    assert not lock.locked()
    with model.held_by_host():
        assert lock.locked()
    assert not lock.locked()


def test_stray_generations_are_waited_for_after_the_lock_was_taken():
    lock = threading.Lock()
    seen = []
    model = make_model(lock=lock, quiet=lambda: seen.append(lock.locked()))

    with model.exclusive(), model.exclusive():
        pass

    assert seen == [True]


@contextmanager
def counted(entered):
    entered.append("in")
    yield
    entered.append("out")


def test_a_long_piece_of_work_in_slices_lets_a_waiting_chat_go_first():
    model = make_model()
    alone = model.generate([ask("Hi"), ask("Hello there")], max_new_tokens=12)
    losses = model.token_losses([exchange("Hi", "Hello there")] * 2)
    begun, order, entered = threading.Event(), [], []

    def chat():
        begun.wait(5)
        order.append(model.generate([ask("Hi")], max_new_tokens=2)[0])

    thread = threading.Thread(target=chat)
    thread.start()
    with model.in_slices(lambda: counted(entered), slice_s=0.001):
        begun.set()
        while not order:
            assert model.generate([ask("Hi"), ask("Hello there")], max_new_tokens=12) == alone
        assert model.token_losses([exchange("Hi", "Hello there")] * 2) == losses
        order.append("all done")
    thread.join()
    assert order[-1] == "all done"
    assert entered == ["in", "out"] * (len(entered) // 2)
    assert len(entered) > 2


def test_what_is_held_within_another_hold_is_held_in_one_go():
    model, entered, inner = make_model(), [], []
    with model.in_slices(lambda: counted(entered), slice_s=0.0):
        with model.exclusive():
            model.generate([ask("Hi")], max_new_tokens=3)
        with model.in_slices(lambda: counted(inner), slice_s=0.0):
            model.generate([ask("Hi")], max_new_tokens=3)
        assert (entered, inner) == (["in"], ["in", "out"])
        model.generate([ask("Hi")], max_new_tokens=3)
    assert len(entered) > 2


def test_a_slice_that_cannot_begin_leaves_the_model_free():
    model, entered = make_model(), []

    @contextmanager
    def only_once():
        if entered:
            raise KeyError("gone meanwhile")
        entered.append("in")
        yield

    with pytest.raises(KeyError), model.in_slices(only_once, slice_s=0.0):
        model.generate([ask("Hi")], max_new_tokens=3)
    with model.exclusive():
        pass


def test_a_model_without_a_chat_template_says_so_when_it_is_used():
    model = LoadedModel(make_network(), make_tokenizer(None), name="plain")

    with pytest.raises(NoChatTemplate, match="plain has no chat template"):
        model.generate([ask("Hi")])
    with pytest.raises(NoChatTemplate):
        model.sample(exchange("Hi", "Hello"))


def test_identity_depends_on_weights_and_shape_but_not_on_the_object_or_its_number_format():
    same, other = make_model(0), make_model(1)
    converted = LoadedModel(make_network(0).to(torch.bfloat16), make_tokenizer(), name="tiny-0")

    assert make_model(0).identity == same.identity
    assert converted.identity == same.identity
    assert other.identity.fingerprint != same.identity.fingerprint


def test_one_changed_weight_matrix_changes_the_identity():
    network = make_network(0)
    with torch.no_grad():
        network.model.layers[1].mlp.down_proj.weight.mul_(1.01)

    assert LoadedModel(network, make_tokenizer(), name="tiny-0").identity != make_model(0).identity


def test_the_fingerprint_is_computed_once_for_a_network(model):
    first = model.identity
    with torch.no_grad():
        model.network.lm_head.weight.zero_()
    start = time.perf_counter()

    assert LoadedModel(model.network, model.tokenizer, name="tiny-0").identity == first
    assert time.perf_counter() - start < 0.05
