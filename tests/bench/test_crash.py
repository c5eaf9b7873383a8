"""Processes killed at any moment, on the demo base; `cocolora bench crash` kills many more."""

import pytest

from cocolora.bench.crash import PHASES, run_crash
from cocolora.core.events import ignore_progress

pytestmark = pytest.mark.slow


def test_whatever_is_killed_nothing_is_lost_half_made_or_left_undone(demo_base):
    found = run_crash(demo_base, points=10, seed=0, on_progress=ignore_progress)
    assert found["failures"] == []
    killed = {name: phase["points"] for name, phase in found["phases"].items()}
    assert killed == dict.fromkeys((phase.name for phase in PHASES), 1)
