"""A journal in an empty folder, and faults in it that make the test fail at its end."""

from __future__ import annotations

import pytest

from cocolora.journal import Journal


@pytest.fixture
def journal(tmp_path):
    journal = Journal.open(tmp_path / "journal.db")
    yield journal
    assert journal.verify() == []
    journal.close()
