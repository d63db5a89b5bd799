"""How clients prove themselves to brokers that ask for it: CULM_KAFKA_SECURITY_*.

In: protocol, mechanism, user, files with a password and with authorities. Out: an address of brokers that knows how to log in
there, for every client of Kafka. Guards: no password stands in a variable, an address or a log line; a file with one is its
owner's alone.
"""

from dataclasses import dataclass
from pathlib import Path

from process.settings import SettingRefused, Settings

PREFIX = "CULM_KAFKA_SECURITY_"
PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class KafkaSecurity:
    """How a client logs in.

    protocol: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL. mechanism: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, with SASL. user: the
    account, with SASL. password_file: of mode 600; read when a client is made, so that a new password needs no restart of the
    others. ca_file: authorities of the brokers, PEM, with SSL; those of the system without it.
    """

    protocol: str = "PLAINTEXT"
    mechanism: str = ""
    user: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> "KafkaSecurity":
        """What the environment says; plain connections where it says nothing. Raises SettingRefused."""
        protocol = _one_of(settings, "PROTOCOL", PROTOCOLS, "PLAINTEXT")
        is_sasl, is_tls = protocol.startswith("SASL"), protocol.endswith("SSL")
        for name, is_used in (("MECHANISM", is_sasl), ("USER", is_sasl), ("PASSWORD_FILE", is_sasl), ("CA_FILE", is_tls)):
            if settings.text(PREFIX + name, "") and not is_used:
                raise SettingRefused(f"{PREFIX}{name} is set, expected none with {PREFIX}PROTOCOL {protocol}")
        return cls(
            protocol=protocol,
            mechanism=_one_of(settings, "MECHANISM", MECHANISMS, None) if is_sasl else "",
            user=settings.text(f"{PREFIX}USER", expected="the name of an account") if is_sasl else "",
            password_file=_file(settings, "PASSWORD_FILE", is_secret=True) if is_sasl else None,
            ca_file=_file(settings, "CA_FILE") if is_tls and settings.text(f"{PREFIX}CA_FILE", "") else None,
        )

    @property
    def password(self) -> str:
        """The password, without the end of its line; empty without one. Raises SettingRefused when it cannot be read."""
        if self.password_file is None:
            return ""
        try:
            return self.password_file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError) as problem:
            found = f"{PREFIX}PASSWORD_FILE {self.password_file} cannot be read"
            raise SettingRefused(f"{found}: {type(problem).__name__}") from problem

    def client_settings(self) -> dict[str, str | int | float | bool]:
        """What librdkafka takes; nothing for plain connections."""
        found: dict[str, str | int | float | bool] = {}
        if self.protocol != "PLAINTEXT":
            found["security.protocol"] = self.protocol
        if self.mechanism:
            found |= {"sasl.mechanism": self.mechanism, "sasl.username": self.user, "sasl.password": self.password}
        if self.ca_file is not None:
            found["ssl.ca.location"] = str(self.ca_file)
        return found


class KafkaAddress(str):
    """Bootstrap addresses of brokers, and how a client logs in there. As text it is the addresses alone."""

    security: KafkaSecurity

    def __new__(cls, address: str, security: KafkaSecurity | None = None) -> "KafkaAddress":
        """The address `address`; plain connections where `security` is not given."""
        made = super().__new__(cls, address)
        made.security = security or KafkaSecurity()
        return made

    def client_settings(self) -> dict[str, str | int | float | bool]:
        """What every client of librdkafka adds to its settings."""
        return self.security.client_settings()


def security_of(kafka: str) -> KafkaSecurity:
    """How clients log in at `kafka`; plain connections at an address that does not say."""
    return kafka.security if isinstance(kafka, KafkaAddress) else KafkaSecurity()


def environment_of(kafka: str) -> dict[str, str]:
    """Variables for a process that shall reach the brokers at `kafka` and log in there as the caller does."""
    security = security_of(kafka)
    named = {
        "PROTOCOL": "" if security.protocol == "PLAINTEXT" else security.protocol,
        "MECHANISM": security.mechanism,
        "USER": security.user,
        "PASSWORD_FILE": str(security.password_file or ""),
        "CA_FILE": str(security.ca_file or ""),
    }
    return {"CULM_KAFKA": str(kafka)} | {PREFIX + name: value for name, value in named.items() if value}


def _one_of(settings: Settings, name: str, allowed: tuple[str, ...], default: str | None) -> str:
    expected = f"one of {', '.join(allowed)}"
    found = settings.text(PREFIX + name, default, expected=expected)
    if found not in allowed:
        raise SettingRefused(f"{PREFIX}{name} is {found[:40]!r}, expected {expected}")
    return found


def _file(settings: Settings, name: str, *, is_secret: bool = False) -> Path:
    path = settings.path(PREFIX + name)
    if not path.is_file():
        raise SettingRefused(f"{PREFIX}{name} is {str(path)!r}, expected a file")
    if is_secret and path.stat().st_mode & OTHERS:
        raise SettingRefused(f"{PREFIX}{name} {str(path)!r} has mode {path.stat().st_mode & 0o777:o}, expected 600")
    return path
