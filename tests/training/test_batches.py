"""How samples become batches, and batches parts."""

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from cocolora.core.lessons import Sample
from cocolora.training.batches import padded_tokens, parts, shuffled


def sample(tokens):
    return Sample(tuple(range(tokens)), (True,) * tokens)


BATCHES = st.lists(st.integers(1, 300).map(sample), min_size=1, max_size=20)


@given(BATCHES, st.none() | st.integers(1, 2000))
def test_parts_hold_every_sample_once_and_keep_to_the_limit(batch, most_tokens):
    found = parts(batch, most_tokens=most_tokens)

    assert sorted(map(id, batch)) == sorted(id(one) for part in found for one in part)
    assert all(most_tokens is None or len(part) == 1 or padded_tokens(part) <= most_tokens for part in found)
    longest = [max(len(one.tokens) for one in part) for part in found]
    assert longest == sorted(longest, reverse=True)


@given(BATCHES)
def test_parts_are_padded_no_more_than_the_whole_batch(batch):
    assert sum(map(padded_tokens, parts(batch))) <= padded_tokens(batch)


def test_samples_of_one_length_stay_together_and_a_long_one_is_taken_apart():
    short, long = [sample(20)] * 7, sample(300)

    assert [len(part) for part in parts([*short, long])] == [1, 7]
    assert [len(part) for part in parts(short)] == [7]


def test_every_sample_comes_once_before_any_comes_again_in_an_order_of_its_seed():
    samples = [sample(size) for size in range(1, 11)]

    def drawn(seed):
        return [len(one.tokens) for batch in islice(shuffled(samples, batch_samples=4, seed=seed), 5) for one in batch]

    assert sorted(drawn(0)[:10]) == sorted(drawn(0)[10:]) == list(range(1, 11))
    assert drawn(0) == drawn(0) != drawn(1)
