"""The benchmark of exact forgetting: its two lives end with the same adapters, rollups and an update included."""

import pytest

from cocolora.bench import forgetting, life
from cocolora.bench.crash import CHEAP
from cocolora.bench.life import Life
from cocolora.core.events import ignore_progress
from cocolora.engine.open_model import DEMO_BASE

COMMON = {"base": str(DEMO_BASE), "facts": 8, "per_stretch": 2, "fan_in": 2}


@pytest.fixture(autouse=True)
def quick_learning(monkeypatch):
    """Live briefly, with three steps for each adapter, and let all pass: bits are compared, not answers."""
    monkeypatch.setattr(life, "LONG_LIFE_FACTS", 8)
    monkeypatch.setattr(forgetting, "FORGOTTEN_FACTS", 4)
    open_life = Life.open

    def opened(one):
        open_life(one)
        for section, values in CHEAP.items():
            one.engine.change_settings(section, **values)

    monkeypatch.setattr(Life, "open", opened)


@pytest.mark.slow
def test_a_life_that_forgets_ends_as_one_that_never_knew(tmp_path):
    told = forgetting._live(tmp_path / "forgets", 0, COMMON, ignore_progress)
    never = forgetting._live(tmp_path / "never-knew", 0, COMMON, ignore_progress)
    assert told["stack"] == never["stack"]
    assert told["bytes_found"] == 0
    assert told["verify_faults"] == 0
    assert 0 < told["rebuilt_share"] < 1
