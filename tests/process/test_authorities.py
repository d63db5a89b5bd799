"""The authorities that clients believe are read once, and again when their file has changed."""

import shutil
import ssl
from pathlib import Path

import certifi
import pytest

from process.authorities import believed


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of authorities of our own in the place of the usual one."""
    path = Path(shutil.copy(certifi.where(), tmp_path / "authorities.pem"))
    monkeypatch.setattr(certifi, "where", lambda: str(path))
    return path


def test_clients_share_the_authorities_and_check_certificates_and_names_of_hosts(file: Path) -> None:
    first, second = believed(), believed()

    assert first is second
    assert (first.verify_mode, first.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(first.get_ca_certs()) > 50


def test_a_file_that_changed_is_read_again(file: Path) -> None:
    before = believed()
    first, end, _ = file.read_text().partition("-----END CERTIFICATE-----\n")

    file.write_text(first + end)

    assert believed() is not before
    assert len(believed().get_ca_certs()) == 1
