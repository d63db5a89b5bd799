"""One signing key for all tests of the API: making one takes a third of a second."""

from pathlib import Path

import pytest

from identity.issuer import key_path, signing_key


@pytest.fixture(scope="session")
def shared_key(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The text of a private key."""
    home = tmp_path_factory.mktemp("issuer")
    signing_key(home)
    return key_path(home).read_bytes()


@pytest.fixture(autouse=True)
def _issuer(tmp_path: Path, shared_key: bytes) -> None:
    """`tmp_path` as a CULM_HOME whose issuer has a key already."""
    path = key_path(tmp_path)
    path.parent.mkdir(mode=0o700)
    path.write_bytes(shared_key)
    path.chmod(0o600)
