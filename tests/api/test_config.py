"""The API's configuration: what is said about addresses and TLS files that do not fit."""

from pathlib import Path

import pytest

from api.config import ApiConfig


def test_an_https_address_without_a_certificate_is_refused() -> None:
    with pytest.raises(ValueError, match=r"CULM_API is 'https://culm.example:443', which needs CULM_TLS_CERTIFICATE"):
        ApiConfig.from_environ({"CULM_API": "https://culm.example:443"})


def test_a_certificate_at_an_http_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"CULM_API must be https then; found 'http://127.0.0.1:25080'"):
        ApiConfig.from_environ({"CULM_TLS_CERTIFICATE": str(tmp_path / "server.pem")})


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    environ = {"CULM_API": "https://culm.example:443", "CULM_TLS_CERTIFICATE": str(tmp_path / "server.pem")}

    with pytest.raises(ValueError, match=r"CULM_TLS_CERTIFICATE must name a PEM file, found '.*server.pem'"):
        ApiConfig.from_environ(environ)


def test_an_https_address_with_a_certificate_is_taken(tmp_path: Path) -> None:
    pem = tmp_path / "server.pem"
    pem.write_text("a certificate and its key")

    config = ApiConfig.from_environ({"CULM_API": "https://culm.example:8443", "CULM_TLS_CERTIFICATE": str(pem)})

    assert (config.addresses.host, config.addresses.port, config.tls_certificate) == ("culm.example", 8443, pem)
