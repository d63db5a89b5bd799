"""What the API needs to know about its surroundings, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from identity.secret_keys import FILE
from process.addresses import ApiAddresses
from process.instances import INSTANCE_VARIABLE
from process.servers import edge_socket_of, home_of, kafka_of, postgres_of, registry_of
from process.settings import Settings

BODY_BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ApiConfig:
    """Addresses and limits of one API process.

    shared_folder: a directory that all APIs of this Culm see (CULM_SHARED); `home` where it is not named.
    addresses: where it listens, and where clients, jobs and Culm's own processes reach it. vos: virtual organisations that are
    let in.
    body_bytes_max: of a request. answer_seconds: how long a client waits for the answer to a command unless it says otherwise.
    pilot_answer_seconds: the same for pilots. database_connections: that it keeps to Postgres.
    tls_certificate, tls_key: PEM files (CULM_TLS_CERTIFICATE, CULM_TLS_KEY) of an API at an https address; the key may stand in
    the certificate's file. None at an http address.
    secrets_keys: file of the keys under which secrets of users are kept (CULM_SECRETS_KEYS).
    edge_socket: where the edge for X.509 hands requests on (CULM_EDGE_SOCKET); None where there is no edge.
    """

    home: Path
    addresses: ApiAddresses
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
    shared_folder: Path | None = None
    edge_socket: Path | None = None
    secrets_keys: Path | None = None
    #: A ring of keys for agents that the platform gives; None for one of Culm's own.
    agent_keys: Path | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ApiConfig":
        """The configuration that `environ` asks for; raises ValueError naming a variable that does not fit."""
        settings = Settings(environ)
        config = cls(
            home=home_of(settings),
            addresses=ApiAddresses.from_environ(environ),
            kafka=kafka_of(settings),
            registry=registry_of(settings),
            postgres=postgres_of(settings),
            tls_certificate=_path(settings.text("CULM_TLS_CERTIFICATE", "")),
            tls_key=_path(settings.text("CULM_TLS_KEY", "")),
            vos=settings.words("CULM_VOS", "wlcg"),
            shared_folder=_path(settings.text("CULM_SHARED", "")),
            secrets_keys=_path(settings.text("CULM_SECRETS_KEYS", "")),
            agent_keys=_path(settings.text("CULM_AGENT_KEYS", "")),
            # One API of a machine has the socket: the first.
            edge_socket=edge_socket_of(settings) if settings.whole(INSTANCE_VARIABLE, 1) == 1 else None,
        )
        config._check_tls()
        return config

    @property
    def secrets_keys_file(self) -> Path:
        """Where the keys for secrets are; a server that has no such file keeps no secrets."""
        return self.secrets_keys or self.home / FILE

    @property
    def shared(self) -> Path:
        """Where APIs keep what they share."""
        return self.shared_folder or self.home

    def _check_tls(self) -> None:
        """Raise ValueError unless an https address has a certificate that is there (or a proxy), and an http address none."""
        public = self.addresses.public
        https = urlsplit(public).scheme == "https"
        if https and self.tls_certificate is None and not self.addresses.is_behind_proxy:
            raise ValueError(f"CULM_API is {public!r}, which needs CULM_TLS_CERTIFICATE, a PEM file; it is not set")
        if not https and (self.tls_certificate or self.tls_key):
            raise ValueError(f"CULM_TLS_CERTIFICATE or CULM_TLS_KEY is set, CULM_API must be https then; found {public!r}")
        for name, path in (("CULM_TLS_CERTIFICATE", self.tls_certificate), ("CULM_TLS_KEY", self.tls_key)):
            if path is not None and not path.is_file():
                raise ValueError(f"{name} must name a PEM file, found {str(path)!r}")


def _path(text: str) -> Path | None:
    return Path(text).expanduser() if text else None
