"""Kafka nodes in combined mode, one or three: their settings, and the formatting of their storage.

Each connection logs in (`accounts.py`), also between nodes and at the controllers. Three nodes keep every record three times and
acknowledge what two have, so that the loss of any one stops no client.
"""

import base64
import json
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.config import StackConfig
from deploy.errors import StepFailed
from deploy.fetch import KAFKA
from deploy.kafka import accounts
from process.kafka_security import KafkaAddress, security_of
from process.private_files import write_private
from process.servers import KAFKA_PROTOCOL


@dataclass(frozen=True, slots=True)
class Node:
    """One node. The first is called `kafka`, the others `kafka-2` and `kafka-3`."""

    number: int
    config: StackConfig

    @property
    def name(self) -> str:
        """Name of the process."""
        return "kafka" if self.number == 1 else f"kafka-{self.number}"

    @property
    def folder(self) -> Path:
        """Its settings and data."""
        return self.config.home / self.name

    @property
    def properties(self) -> Path:
        """Its settings."""
        return self.folder / "server.properties"

    @property
    def address(self) -> str:
        """Where clients reach it."""
        return f"127.0.0.1:{self.config.ports.of_node(self.number).kafka}"

    @property
    def asked(self) -> KafkaAddress:
        """Where Culm asks whether it is well."""
        return KafkaAddress(self.address, security_of(self.config.kafka))

    @property
    def controller(self) -> str:
        """Where the other controllers reach it."""
        return f"127.0.0.1:{self.config.ports.of_node(self.number).kafka_controller}"


def nodes(config: StackConfig) -> tuple[Node, ...]:
    """The nodes that are ours."""
    return () if "kafka" in config.external else tuple(Node(number, config) for number in range(1, config.brokers + 1))


def settings(node: Node, passwords: Mapping[str, str]) -> str:
    """`server.properties` of a node: loopback only, nothing made by itself. passwords: by account."""
    broker = f"{KAFKA_PROTOCOL}://{node.address}"
    copies = node.config.brokers
    copies_in_sync = "2" if copies > 1 else "1"
    lines = {
        "process.roles": "broker,controller",
        "node.id": str(node.number),
        "controller.quorum.bootstrap.servers": ",".join(one.controller for one in nodes(node.config)),
        "listeners": f"{broker},CONTROLLER://{node.controller}",
        "advertised.listeners": f"{broker},CONTROLLER://{node.controller}",
        "listener.security.protocol.map": f"CONTROLLER:{KAFKA_PROTOCOL},{KAFKA_PROTOCOL}:{KAFKA_PROTOCOL}",
        "security.inter.broker.protocol": KAFKA_PROTOCOL,
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(node.folder / "data"),
        "auto.create.topics.enable": "false",
        "default.replication.factor": str(copies),
        "min.insync.replicas": copies_in_sync,
        # after kill -9 the next broker waits for the end of this session
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        # transactions of a killed decider are looked for every 10 s by default
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "2000",
        "group.initial.rebalance.delay.ms": "0",
        "log.retention.ms": "-1",
        "num.partitions": "4",
        "offsets.topic.num.partitions": "8",
        "offsets.topic.replication.factor": str(copies),
        "offsets.retention.minutes": "525600",
        "transaction.state.log.num.partitions": "8",
        "transaction.state.log.replication.factor": str(copies),
        "transaction.state.log.min.isr": copies_in_sync,
        "share.coordinator.state.topic.num.partitions": "8",
        "share.coordinator.state.topic.replication.factor": str(copies),
        "share.coordinator.state.topic.min.isr": copies_in_sync,
        "log.cleaner.dedupe.buffer.size": "16777216",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "unclean.leader.election.enable": "false",
        **accounts.settings(passwords),
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items())


def prepare(config: StackConfig, java: str) -> None:
    """Write the settings and format the storage once; raises StepFailed with the tool's words."""
    ours = nodes(config)
    passwords = accounts.made(config.home, config.mirrored)
    for node in ours:
        node.folder.mkdir(parents=True, exist_ok=True)
        write_private(node.properties, settings(node, passwords).encode("utf-8"))
    if (ours[0].folder / "data" / "meta.properties").exists():
        _check_as_before(config)
        return
    cluster = _random_id()
    how = ["--standalone"]
    if len(ours) > 1:
        how = ["--initial-controllers", ",".join(f"{one.number}@{one.controller}:{_random_id()}" for one in ours)]
    for node in ours:
        _format(java, config.lib_of(KAFKA), node.properties, [*how, f"--cluster-id={cluster}"])
    _count_file(config).write_text(json.dumps(len(ours)))


def _check_as_before(config: StackConfig) -> None:
    """The copies of what is there were made by so many nodes; another number needs an empty log."""
    made = json.loads(_count_file(config).read_text()) if _count_file(config).exists() else 1
    if made != config.brokers:
        raise StepFailed(
            f"the log under {config.home} was made by {made} Kafka nodes, asked for are {config.brokers}: "
            f"`culm up --brokers {made}`, or `culm reset` to start from nothing"
        )


def _count_file(config: StackConfig) -> Path:
    return config.home / "kafka" / "brokers.json"


def _random_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def _format(java: str, jars: Path, properties: Path, how: list[str]) -> None:
    quick = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # it runs for a second
    command = [java, "-Xmx128m", *quick, "-cp", f"{jars}/*", "kafka.tools.StorageTool", "format", *how, "-c", str(properties)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise StepFailed(f"Kafka's storage could not be formatted:\n{(done.stdout + done.stderr)[-2000:]}")
