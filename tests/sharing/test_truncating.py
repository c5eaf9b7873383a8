"""The nearest adapter of a lower rank."""

import numpy as np
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cocolora.sharing.deltas import AdapterWeights, LowRank, combine, truncate

PATH = "model.layers.0.mlp.up_proj"


def adapter(rng, rank, scale=2.0, outputs=12, inputs=9):
    pair = LowRank(
        rng.standard_normal((rank, inputs)).astype(np.float32), rng.standard_normal((outputs, rank)).astype(np.float32)
    )
    return AdapterWeights(rank, scale, {PATH: pair}, ("up_proj",))


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**16), st.lists(st.integers(1, 3), min_size=1, max_size=4), st.integers(1, 8))
def test_it_is_as_near_to_the_dense_sum_as_its_rank_allows(seed, ranks, rank):
    rng = np.random.default_rng(seed)
    parts = [(adapter(rng, one), float(rng.uniform(-2, 2))) for one in ranks]
    dense = sum(weight * one.delta(PATH).astype(np.float64) for one, weight in parts)
    near = truncate(combine(parts), rank)
    missing = np.linalg.svd(dense, compute_uv=False)[rank:]
    assert near.rank == rank
    assert np.isclose(
        np.linalg.norm(dense - near.delta(PATH)), np.linalg.norm(missing), atol=1e-4 * np.linalg.norm(dense)
    )


def test_a_rank_that_holds_everything_loses_nothing():
    rng = np.random.default_rng(1)
    whole = combine([(adapter(rng, 2), 1.0), (adapter(rng, 3), -0.5)])
    np.testing.assert_allclose(truncate(whole, 5).delta(PATH), whole.delta(PATH), atol=1e-4)
