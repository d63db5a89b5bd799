"""Where the servers of a stack are: named by a variable, else on this machine at a port that has a variable of its own."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from process.kafka_security import PREFIX, KafkaAddress, KafkaSecurity
from process.settings import SettingRefused, Settings

#: Port by server: the variable that sets it and the default. The order is the one in which taken ports are reported.
PORT_VARIABLES: Mapping[str, tuple[str, int]] = {
    "api": ("CULM_PORT_API", 25080),
    "kafka": ("CULM_PORT_KAFKA", 25092),
    "kafka_controller": ("CULM_PORT_KAFKA_CONTROLLER", 25093),
    "registry": ("CULM_PORT_REGISTRY", 25081),
    "postgres": ("CULM_PORT_POSTGRES", 25432),
    "metrics": ("CULM_PORT_METRICS", 25120),
    "x509": ("CULM_PORT_X509", 25443),
}


#: How clients log in at the local Kafka, which listens on the loopback alone, and as whom Culm does.
KAFKA_PROTOCOL, KAFKA_MECHANISM, KAFKA_ACCOUNT = "SASL_PLAINTEXT", "PLAIN", "culm"
#: Who reads what is for consumers.
KAFKA_READER = "culm_reader"
EDGE_SOCKET = "CULM_EDGE_SOCKET"
#: Linux holds 107 in the address of a socket.
SOCKET_LENGTH_MAX = 100
CHECKOUT = Path(__file__).resolve().parent.parent


def home_of(settings: Settings) -> Path:
    """The folder with every byte of a stack's state (CULM_HOME), `.culm` in the checkout where it is not set."""
    return settings.path("CULM_HOME", CHECKOUT / ".culm")


def edge_socket_of(settings: Settings) -> Path | None:
    """Where the edge for X.509 and the API meet (CULM_EDGE_SOCKET), None where it is not said; raises SettingRefused."""
    if not settings.text(EDGE_SOCKET, ""):
        return None
    path = settings.path(EDGE_SOCKET)
    if len(str(path).encode()) > SOCKET_LENGTH_MAX:
        raise SettingRefused(f"{EDGE_SOCKET} is {str(path)[:80]!r}, expected a path of at most {SOCKET_LENGTH_MAX} bytes")
    return path


def port_of(settings: Settings, server: str) -> int:
    """The port of a server on this machine; raises SettingRefused."""
    variable, default = PORT_VARIABLES[server]
    return settings.port(variable, default)


def kafka_of(settings: Settings) -> str:
    """Bootstrap address of the brokers, with how clients log in there: as the variables say, else as the local Kafka asks."""
    address = settings.text("CULM_KAFKA", "")
    local = local_kafka(port_of(settings, "kafka"))
    home = home_of(settings)
    is_open = settings.text(f"{PREFIX}PROTOCOL", "") or not kafka_password_file(home).exists()
    return secured(settings, address or local) if address or is_open else own_kafka(local, home)


def secured(settings: Settings, address: str) -> KafkaAddress:
    """`address`, with how clients log in there as CULM_KAFKA_SECURITY_* say; raises SettingRefused."""
    return KafkaAddress(address, KafkaSecurity.from_settings(settings))


def own_kafka(address: str, home: Path, account: str = KAFKA_ACCOUNT) -> KafkaAddress:
    """The Kafka of the stack under `home`, where `account` logs in."""
    return KafkaAddress(address, KafkaSecurity(KAFKA_PROTOCOL, KAFKA_MECHANISM, account, kafka_password_file(home, account)))


def registry_of(settings: Settings) -> str:
    """Base address of the registry's Confluent-compatible API."""
    return settings.text("CULM_REGISTRY", local_registry(port_of(settings, "registry")))


def postgres_of(settings: Settings) -> str:
    """Connection string of the database of the read models."""
    return settings.text("CULM_POSTGRES", local_postgres(port_of(settings, "postgres"), home_of(settings)))


def local_kafka(port: int) -> str:
    """The broker on this machine."""
    return f"127.0.0.1:{port}"


def local_registry(port: int) -> str:
    """The registry on this machine."""
    return f"http://127.0.0.1:{port}/apis/ccompat/v7"


def local_postgres(port: int, home: Path) -> str:
    """The database on this machine; its password stands in a file, which libpq reads."""
    return f"postgresql://culm@127.0.0.1:{port}/culm?passfile={quote(str(password_file(home)))}"


def kafka_password_file(home: Path, account: str = KAFKA_ACCOUNT) -> Path:
    """The password of an account at the local Kafka, and nothing else; readable by its owner alone."""
    return home / "kafka" / "passwords" / account


def password_file(home: Path) -> Path:
    """The passwords of the local database, as libpq reads them; readable by their owner alone."""
    return home / "postgres" / "passwords"
