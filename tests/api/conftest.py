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


@pytest.fixture(scope="session")
def api_home(tmp_path_factory: pytest.TempPathFactory, shared_key: bytes) -> Path:
    """A CULM_HOME for applications that several tests share: to make one takes longer than to ask it."""
    home = tmp_path_factory.mktemp("home")
    with_key(home, shared_key)
    return home


@pytest.fixture(autouse=True)
def _issuer(tmp_path: Path, shared_key: bytes) -> None:
    """`tmp_path` as a CULM_HOME whose issuer has a key already."""
    with_key(tmp_path, shared_key)


def with_key(home: Path, key: bytes) -> None:
    """Give the issuer of `home` a key."""
    path = key_path(home)
    path.parent.mkdir(mode=0o700)
    path.write_bytes(key)
    path.chmod(0o600)
