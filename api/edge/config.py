"""What the edge needs to know about its surroundings, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from identity.edge_tokens import edge_home
from process.servers import edge_socket_of, home_of, kafka_of, port_of, registry_of
from process.settings import SettingRefused, Settings

GRID = Path("/etc/grid-security")


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """Addresses and files of one edge.

    host, port: where it listens (CULM_X509_HOST, CULM_PORT_X509). certificate, key: its own, PEM (CULM_X509_CERTIFICATE,
    CULM_X509_KEY; the key may stand in the certificate's file). authorities: the hashed directory of those it believes, with
    revocation lists and signing policies (CULM_X509_CERT_DIR). voms: the directory of LSC files (CULM_X509_VOMS_DIR). rows: the
    operator's list of people without attribute certificates (CULM_X509_ROWS), None without one. socket: where the API takes what
    the edge hands on (CULM_EDGE_SOCKET). kafka, registry: of the log (CULM_KAFKA, CULM_REGISTRY), whose access policy counts,
    too; empty where the rows alone count.
    """

    home: Path
    host: str
    port: int
    certificate: Path
    key: Path | None
    authorities: Path
    voms: Path
    rows: Path | None
    socket: Path
    kafka: str = ""
    registry: str = ""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "EdgeConfig":
        """The configuration that `environ` asks for; raises SettingRefused naming a variable that does not fit."""
        settings = Settings(environ)
        home = home_of(settings)
        reads_log = bool(environ.get("CULM_KAFKA") and environ.get("CULM_REGISTRY"))
        config = cls(
            home=home,
            host=settings.text("CULM_X509_HOST", "127.0.0.1"),
            port=port_of(settings, "x509"),
            certificate=settings.path("CULM_X509_CERTIFICATE"),
            key=settings.path("CULM_X509_KEY") if environ.get("CULM_X509_KEY") else None,
            authorities=settings.path("CULM_X509_CERT_DIR", GRID / "certificates"),
            voms=settings.path("CULM_X509_VOMS_DIR", GRID / "vomsdir"),
            rows=settings.path("CULM_X509_ROWS") if environ.get("CULM_X509_ROWS") else None,
            socket=edge_socket_of(settings) or edge_home(home) / "api.sock",
            kafka=kafka_of(settings) if reads_log else "",
            registry=registry_of(settings) if reads_log else "",
        )
        for name, path in (("CULM_X509_CERTIFICATE", config.certificate), ("CULM_X509_KEY", config.key)):
            if path is not None and not path.is_file():
                raise SettingRefused(f"{name} is {str(path)!r}, expected a PEM file")
        return config
