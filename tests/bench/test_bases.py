import pytest

from cocolora.bench.bases import kinds_here, run_bases
from cocolora.core.events import ignore_progress


def test_the_kinds_of_base_that_are_installed_are_measured():
    kinds = kinds_here()

    assert kinds[:2] == ("fp32", "bf16")
    assert set(kinds) <= {"fp32", "bf16", "nf4", "nf4-double", "int8", "gptq4", "gptq8"}


@pytest.mark.slow
def test_a_life_on_each_kind_of_base_has_its_figures(demo_base, tmp_path):
    result = run_bases(
        demo_base,
        kinds=["fp32", "nf4"],
        facts=2,
        facts_per_stretch=2,
        seeds=1,
        scratch=tmp_path,
        on_progress=ignore_progress,
    )

    for kind, name in (("fp32", "float32"), ("nf4", "nf4")):
        found = result["bases"][kind]
        assert found["kind"] == name
        assert 0 <= found["recall"] <= 1
        assert 0 <= found["abstention"] <= 1
        assert 0 < found["retention"] <= 1
        assert found["seconds_per_fact"] > 0
        assert found["adapter_bytes"] > 0
        assert found["train_peak_bytes"] is None or found["train_peak_bytes"] > 0
