"""What the API needs to know about its surroundings, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from process.servers import api_of, home_of, kafka_of, postgres_of, registry_of
from process.settings import Settings

BODY_BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ApiConfig:
    """Addresses and limits of one API process.

    address: where clients and pilots reach it (CULM_API). vos: virtual organisations that are let in.
    answer_seconds: how long a client waits for the answer to a command unless it says otherwise.
    tls_certificate, tls_key: PEM files (CULM_TLS_CERTIFICATE, CULM_TLS_KEY) of an API at an https address; the key may stand in
    the certificate's file. None at an http address.
    """

    home: Path
    address: str
    kafka: str
    registry: str
    postgres: str
    vos: tuple[str, ...] = ("wlcg",)
    body_bytes_max: int = BODY_BYTES_MAX
    answer_seconds: float = 10.0
    pilot_answer_seconds: float = 60.0
    database_connections: int = 8
    tls_certificate: Path | None = None
    tls_key: Path | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ApiConfig":
        """The configuration that `environ` asks for; raises ValueError for an address without a port, or TLS half set."""
        settings = Settings(environ)
        config = cls(
            home=home_of(settings),
            address=api_of(settings),
            kafka=kafka_of(settings),
            registry=registry_of(settings),
            postgres=postgres_of(settings),
            tls_certificate=_path(settings.text("CULM_TLS_CERTIFICATE", "")),
            tls_key=_path(settings.text("CULM_TLS_KEY", "")),
            vos=settings.words("CULM_VOS", "wlcg"),
        )
        if urlsplit(config.address).port is None:
            raise ValueError(f"CULM_API must name a host and a port, found {config.address!r}")
        config._check_tls()
        return config

    def _check_tls(self) -> None:
        """Raise ValueError unless an https address has a certificate that is there, and an http address none."""
        https = urlsplit(self.address).scheme == "https"
        if https and self.tls_certificate is None:
            raise ValueError(f"CULM_API is {self.address!r}, which needs CULM_TLS_CERTIFICATE, a PEM file; it is not set")
        if not https and (self.tls_certificate or self.tls_key):
            raise ValueError(f"CULM_TLS_CERTIFICATE or CULM_TLS_KEY is set, CULM_API must be https then; found {self.address!r}")
        for name, path in (("CULM_TLS_CERTIFICATE", self.tls_certificate), ("CULM_TLS_KEY", self.tls_key)):
            if path is not None and not path.is_file():
                raise ValueError(f"{name} must name a PEM file, found {str(path)!r}")

    @property
    def host(self) -> str:
        """The host to listen on."""
        return urlsplit(self.address).hostname or "127.0.0.1"

    @property
    def port(self) -> int:
        """The port to listen on."""
        port = urlsplit(self.address).port
        assert port is not None
        return port


def _path(text: str) -> Path | None:
    return Path(text).expanduser() if text else None
