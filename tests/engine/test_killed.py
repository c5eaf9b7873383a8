"""A process that is killed while it learns: nothing is lost, nothing half-made shows."""

import signal
import subprocess
import sys
import time

import pytest

from tests.engine.conftest import BOAT, DOG

LEARN = """
import sys; sys.path[:0] = {path!r}
from pathlib import Path
from cocolora.engine import Engine
from cocolora.engine.open_model import model_in
engine = Engine(Path({home!r}), model_in())
print("open", flush=True)
engine.learn(on_progress=lambda progress: print(progress.doing, progress.done, flush=True))
"""

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seen", ["reading 0", "Training 0", "checking 0"])
def test_a_learning_that_is_killed_leaves_a_clean_home_and_is_done_again(engine, make_engine, tell, ask, seen):
    tell(engine, "pets", DOG, BOAT)
    home = engine.home.folder
    engine.close()
    code = LEARN.format(path=[path for path in sys.path if path], home=str(home))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert any(line.strip() == seen for line in process.stdout or ())
        time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    again = make_engine(home)
    assert again.verify() == []
    assert again.adapters() == []
    assert again.status().unread == 2
    assert again.learn().accepted
    assert "Biscuit" in ask(again, "What is the name of my dog?")
    assert again.verify() == []
