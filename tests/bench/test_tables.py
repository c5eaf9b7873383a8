"""Tables of benchmarks: put where a Markdown file has a place for them, and nowhere else."""

import pytest

from cocolora.bench.tables import Place
from cocolora.errors import NoPlaceForTable

BEFORE, AFTER = "# Figures\n\n", "\n\nWhat they mean.\n"
FORGETTING = {
    "forgotten_facts": 8,
    "forgotten_recall": 0.0,
    "others_change": 0.004,
    "bit_identical": True,
    "bytes_found": 0,
    "verify_faults": 0,
    "adapters": 5,
    "rebuilt_share": 0.8,
    "seconds": 61.2,
}


def learning(facts):
    def scores(recall):
        return {"recall": recall, "retention": 1.0, "abstention": 0.96, "updates": None}

    point = {"retention_base": 1.0, "adapters": 2.0, "levels": 1.0, "seconds_per_fact": 6.4, "facts": facts}
    lives = [{**scores(0.9)}, {**scores(1.0)}]
    return {
        "checkpoints": [{**point, **scores(0.95), "per_seed": lives}],
        "baselines": {"svd_merge": scores(0.3), "base": scores(0.0)},
    }


def page(tmp_path, *names):
    file = tmp_path / "benchmarks.md"
    places = "".join(f"<!-- table: {name} -->\nold\n<!-- end of table -->\n\n" for name in names)
    file.write_text(f"{BEFORE}{places}{AFTER}", encoding="utf-8")
    return file


def test_a_table_takes_the_place_of_the_one_before_and_nothing_else(tmp_path):
    file = page(tmp_path, "learning, 8 facts", "learning, 64 facts")
    Place(file, "learning", 64).put(learning(64))
    Place(file, "learning", 64).put(learning(64))
    text = file.read_text(encoding="utf-8")
    assert text.startswith(f"{BEFORE}<!-- table: learning, 8 facts -->\nold\n<!-- end of table -->\n\n")
    assert text.endswith(f"<!-- end of table -->\n\n{AFTER}")
    row = "| 64 | .950 (.900, 1.000) | 1.000 (1.000) | .960 (.960, .960) | – | 2.0, up to level 1 | 6 |"
    assert text.count(row) == 1
    assert "| the webui's merge (PEFT's svd) | .300 | – | 1.000 | .960 |" in text
    assert [path.name for path in tmp_path.iterdir()] == ["benchmarks.md"]


def test_forgetting_says_plainly_when_bits_differ(tmp_path):
    file = page(tmp_path, "forgetting, 64 facts")
    Place(file, "forgetting", 64).put({**FORGETTING, "bit_identical": False})
    assert "| rebuilt adapters bit for bit as if never told | **no** |" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["forgetting", "stack"])
def test_a_file_without_a_place_is_refused_before_anything_is_measured(tmp_path, name):
    file = page(tmp_path, "learning, 64 facts", "stack, 64 facts")
    with pytest.raises(NoPlaceForTable, match=f"<!-- table: {name}, 64 facts -->"):
        Place(file, name, 64).check()
    with pytest.raises(NoPlaceForTable):
        Place(tmp_path / "none.md", name, 64).check()
