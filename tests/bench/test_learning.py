"""What is measured beside a life: each rival that is trained in one of the lives alone."""

import pytest

from cocolora.bench.baselines import BASELINES, baselines_of


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
def test_every_rival_is_measured_and_those_that_are_trained_once(seeds):
    lives = [baselines_of(seed, seeds) for seed in range(seeds)]
    held = [name for life in lives for name in life]
    assert set(held) == set(BASELINES)
    assert {name for name in held if held.count(name) == 1} >= {"sequential", "raw_turns"}
    assert all(held.count(name) == seeds for name in BASELINES if name not in ("sequential", "raw_turns"))
