import pytest
import torch

from tests.model.tiny import make_model


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Threads only wait for each other on networks this small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def model():
    return make_model()
