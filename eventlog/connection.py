"""How every client of Culm reaches the broker: the one place for addresses and, where brokers ask for it, for security.

In: the bootstrap address, which knows how to log in there (`process/kafka_security.py`), and the name that the broker's logs
shall show. Out: settings that each consumer, producer and admin client starts from. Configuration is handed in; nothing here
reads the environment.
"""

from confluent_kafka.admin import AdminClient

from process.kafka_security import security_of

#: An admin client whose caller has promised an answer within seconds gives up so soon.
HURRIED_MS = 2_000


def connection(kafka: str, client_id: str) -> dict[str, str | int | float | bool]:
    """Settings that every client has in common; raises SettingRefused when a password cannot be read."""
    return {
        "bootstrap.servers": kafka,
        "client.id": client_id,
        # A broker that was restarted is found again within a second, not within the ten that are the default.
        "reconnect.backoff.max.ms": 1_000,
        **security_of(kafka).client_settings(),
    }


def open_admin(kafka: str, client_id: str = "culm-admin", *, hurried: bool = False) -> AdminClient:
    """An admin client. hurried: it gives up after two seconds and writes no log lines: its failure is the caller's answer."""
    settings: dict[str, str | int | float | bool] = {**connection(kafka, client_id)}
    if hurried:
        settings |= {"log_level": 0, "socket.timeout.ms": HURRIED_MS}
    return AdminClient(settings)
