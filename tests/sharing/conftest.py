import pytest

from tests.sharing.bundles import files_of, make_bundle


@pytest.fixture(scope="session")
def valid(tmp_path_factory):
    """The files of a valid bundle of two adapters, by name."""
    home = tmp_path_factory.mktemp("valid")
    make_bundle(home / "bundle", home / "adapters")
    return files_of(home / "bundle")
