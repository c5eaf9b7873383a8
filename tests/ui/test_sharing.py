import pytest

from cocolora.core.adapters import Activation, AdapterState
from cocolora.errors import NoModel
from cocolora.ui import sharing


def test_without_a_tested_adapter_there_is_nothing_to_export(engine, page, learned):
    learned("bad", state=AdapterState.REJECTED, activation=Activation.OFF)
    assert sharing.export(engine, page, "mine.zip", False) == sharing.NOTHING_TO_SHARE
    assert page.bundle is None


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("mine", "mine.zip"),
        ("mine.zip", "mine.zip"),
        ("../../etc/passwd", "passwd.zip"),
        ("C:\\Users\\me\\stack.ZIP", "stack.ZIP"),
        ("a:b*c", "a-b-c.zip"),
        ("  ", sharing.FILE_NAME),
        ("..", sharing.FILE_NAME),
        ("café ☕", "café -.zip"),
    ],
)
def test_only_a_file_name_is_taken_from_what_was_typed(typed, used):
    assert sharing.file_name(typed) == used


def test_importing_needs_a_file_and_a_model(engine, page, tmp_path):
    assert sharing.take_in(engine, page, None) == "Choose a file first."
    with pytest.raises(NoModel):
        sharing.take_in(engine, page, str(tmp_path / "stack.zip"))
