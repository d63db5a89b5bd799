"""Accounts of the local Kafka: one for Culm, one for its nodes among themselves, one for consumers that only read, and one for
consumers of each organisation that has a mirror.

In: CULM_HOME. Out: a password of chance for each account, in a file of its own; the rows of Kafka's settings that ask for them.
Guards: a file is readable by its owner alone from its first byte. Kafka reads the passwords at each start, so that a log of an
earlier release, which was open to all, comes up with passwords, and a file that was lost is made again.
"""

import secrets
from collections.abc import Collection, Mapping
from pathlib import Path

from process.kafka_security import KafkaSecurity
from process.mirrored import account_of
from process.private_files import write_private
from process.servers import KAFKA_ACCOUNT, KAFKA_MECHANISM, KAFKA_PROTOCOL, KAFKA_READER, kafka_password_file

OWNER, NODES, READER = KAFKA_ACCOUNT, "culm_nodes", KAFKA_READER
ACCOUNTS = (OWNER, NODES, READER)
CONTROLLER = "CONTROLLER"
_PLAIN, _SCRAM = (f"org.apache.kafka.common.security.{kind}LoginModule" for kind in ("plain.Plain", "scram.Scram"))


def made(home: Path, mirrored: Collection[str] = ()) -> Mapping[str, str]:
    """Passwords by account; those that are there stay. mirrored: organisations with an account of their own."""
    accounts = (*ACCOUNTS, *(account_of(vo) for vo in mirrored))
    return {account: _password(kafka_password_file(home, account)) for account in accounts}


def _password(path: Path) -> str:
    """That in the file; a new one where there is none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    new = secrets.token_urlsafe(24)
    write_private(path, new.encode("ascii"))
    return new


def settings(passwords: Mapping[str, str]) -> dict[str, str]:
    """Rows of `server.properties`: each connection logs in, and what is not allowed by name is denied.

    Between nodes and at the controllers the account of the nodes alone is known.
    """
    among_nodes = {NODES: passwords[NODES]}
    clients = KAFKA_PROTOCOL.lower()
    controllers = CONTROLLER.lower()
    return {
        "sasl.enabled.mechanisms": KAFKA_MECHANISM,
        "sasl.mechanism.inter.broker.protocol": KAFKA_MECHANISM,
        "sasl.mechanism.controller.protocol": KAFKA_MECHANISM,
        f"listener.name.{clients}.plain.sasl.jaas.config": _login(passwords[NODES], passwords),
        f"listener.name.{controllers}.plain.sasl.jaas.config": _login(passwords[NODES], among_nodes),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:{OWNER};User:{NODES}",
    }


def client_properties(security: KafkaSecurity) -> dict[str, str]:
    """How a client in Java logs in as `security` says; nothing for plain connections. Raises SettingRefused."""
    found = {} if security.protocol == "PLAINTEXT" else {"security.protocol": security.protocol}
    if security.mechanism:
        module = _PLAIN if security.mechanism == "PLAIN" else _SCRAM
        login = f'{module} required username="{_quoted(security.user)}" password="{_quoted(security.password)}";'
        found |= {"sasl.mechanism": security.mechanism, "sasl.jaas.config": login}
    if security.ca_file is not None:
        found |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(security.ca_file)}
    return found


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _login(password: str, known: Mapping[str, str]) -> str:
    """What a node says to others, and whom it knows."""
    users = "".join(f' user_{account}="{one}"' for account, one in known.items())
    return f'{_PLAIN} required username="{NODES}" password="{password}"{users};'
