"""What lies in a home is its owner's alone."""

import os
import stat

import pytest

from cocolora.engine import Engine
from tests.engine.conftest import DOG, tell_on

OTHERS = stat.S_IRWXG | stat.S_IRWXO
EMPTY_LOCK = "writer.lock"


@pytest.fixture
def careless():
    """A process whose new files everybody can read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize("is_there", [False, True])
def test_nobody_else_can_read_what_is_kept_also_where_the_folder_was_there_before(tmp_path, clock, careless, is_there):
    home = tmp_path / "home"
    if is_there:
        home.mkdir(mode=0o755)
    engine = Engine(home, lambda: None, clock=clock)
    tell_on(clock, engine, "pets", DOG)
    engine.change_settings("learning", rank=4)
    engine.sharing.make_key()
    engine.sharing.new_export("stack.zip")
    within = [path for path in home.iterdir() if path.name != EMPTY_LOCK]
    assert {path.name for path in within} >= {"journal.db", "index", "adapters", "exports", "settings.json"}
    assert [path.name for path in within if path.stat().st_mode & OTHERS] == []
    engine.close()
