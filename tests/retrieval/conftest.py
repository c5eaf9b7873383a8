import pytest

from cocolora.retrieval import SearchIndex


@pytest.fixture
def index(tmp_path):
    opened = SearchIndex.open(tmp_path / "index")
    yield opened
    opened.close()
