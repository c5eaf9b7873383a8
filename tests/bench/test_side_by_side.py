"""Lives in processes of their own."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import os, time
from pathlib import Path
from cocolora.bench.side_by_side import each_seed

def live(folder, seed, common, on_progress):
    beats = folder / "beats"
    while True:
        beats.write_text(f"{os.getpid()} {time.monotonic()}")
        time.sleep(0.05)

if __name__ == "__main__":
    each_seed(live, 2, {}, scratch=Path(os.environ["SCRATCH"]), on_progress=lambda progress: None)
"""


def wait_until(true, timeout_s=60.0):
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_no_life_goes_on_when_the_benchmark_is_killed(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("SCRATCH", str(tmp_path))
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    lives = [tmp_path / f"life-{seed}" / "beats" for seed in range(2)]
    with subprocess.Popen([sys.executable, str(program)], stderr=subprocess.DEVNULL) as benchmark:
        wait_until(lambda: all(beats.is_file() for beats in lives))
        benchmark.kill()

    def is_still() -> bool:
        before = [beats.read_text() for beats in lives]
        time.sleep(0.5)
        return before == [beats.read_text() for beats in lives]

    wait_until(is_still)
