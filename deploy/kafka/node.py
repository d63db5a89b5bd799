"""One Kafka node in combined mode: its settings, and the formatting of its storage."""

import base64
import subprocess
import uuid
from pathlib import Path

from deploy.config import StackConfig
from deploy.errors import StepFailed
from deploy.fetch import KAFKA


def settings(config: StackConfig) -> str:
    """`server.properties` of the one node (DESIGN.md 4.1): loopback only, one copy of everything, nothing made by itself."""
    broker = f"PLAINTEXT://127.0.0.1:{config.ports.kafka}"
    controller = f"127.0.0.1:{config.ports.kafka_controller}"
    lines = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.bootstrap.servers": controller,
        "listeners": f"{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"{broker},CONTROLLER://{controller}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(config.home / "kafka" / "data"),
        "auto.create.topics.enable": "false",
        # after kill -9 the next broker waits for the end of this session
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        # transactions of a killed decider are looked for every 10 s by default
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "2000",
        "group.initial.rebalance.delay.ms": "0",
        "log.retention.ms": "-1",
        "num.partitions": "4",
        "offsets.topic.num.partitions": "8",
        "offsets.topic.replication.factor": "1",
        "offsets.retention.minutes": "525600",
        "transaction.state.log.num.partitions": "8",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "8",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "log.cleaner.dedupe.buffer.size": "16777216",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "unclean.leader.election.enable": "false",
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items())


def prepare(config: StackConfig, java: str) -> None:
    """Write the settings and format the storage once; raises StepFailed with the tool's words."""
    folder = config.home / "kafka"
    folder.mkdir(parents=True, exist_ok=True)
    properties = folder / "server.properties"
    properties.write_text(settings(config), encoding="utf-8")
    if (folder / "data" / "meta.properties").exists():
        return
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    _format(java, config.lib_of(KAFKA), properties, cluster)


def _format(java: str, jars: Path, properties: Path, cluster: str) -> None:
    command = [java, "-Xmx128m", "-cp", f"{jars}/*", "kafka.tools.StorageTool", "format", "--standalone"]
    command += [f"--cluster-id={cluster}", "-c", str(properties)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise StepFailed(f"Kafka's storage could not be formatted:\n{(done.stdout + done.stderr)[-2000:]}")
