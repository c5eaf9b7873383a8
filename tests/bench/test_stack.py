from cocolora.bench.stack import run_stack
from cocolora.core.events import ignore_progress


def test_every_number_of_attached_and_active_adapters_is_measured_beside_peft_and_the_webuis_switching(demo_base):
    result = run_stack(demo_base, attached=(1, 4), rounds=1, on_progress=ignore_progress)

    assert [(row["attached"], row["active"]) for row in result["rows"]] == [(1, 0), (1, 1), (4, 0), (4, 1), (4, 4)]
    for row in result["rows"]:
        assert all(row[key] > 0 for key in ("decode_ratio", "prefill_ratio", "peft_decode_ratio"))
    assert all(result[key] > 0 for key in ("switch_ms", "switch_from_disk_ms", "host_switch_ms", "attach_ms"))
    assert result["bytes"]["attached"] > 0
