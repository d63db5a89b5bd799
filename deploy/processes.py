"""What runs: every process of a stack with its command, environment and user. Data only; `supervision` runs it.

In: a `StackConfig`. Out: the servers that are ours, and Culm's own processes in the order of docs/architecture.md.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.config import CHECKOUT, MARK, StackConfig
from deploy.fetch import KAFKA, REGISTRY
from deploy.kafka.node import nodes
from deploy.postgres.server import PostgresServer
from process.addresses import VARIABLES
from process.instances import ADDRESSES, API, INSTANCE_VARIABLE, LOG, Process, processes_of_a_stack
from process.kafka_security import PREFIX, environment_of
from process.logs import LOG_FILE
from process.mirrored import VARIABLE
from process.servers import EDGE_SOCKET, SOCKET_LENGTH_MAX

KAFKA_JAVA = ("-Xms256m", "-Xmx512m", "-XX:+ExitOnOutOfMemoryError")
#: The quick compiler and the serial collector: it must start soon and is never busy afterwards.
REGISTRY_JAVA = ("-Xms64m", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
LOCAL_QUEUE = "LOCAL"
#: Variables of the caller that every process may see; everything else is given by name.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "JAVA_HOME", "JDK_JAVA_OPTIONS", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True)
class Program:
    """What the supervisor keeps alive. `user` is None for the caller's own."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 15


def servers(config: StackConfig, java: str, postgres: PostgresServer) -> tuple[Program, ...]:
    """Kafka, registry and Postgres, as far as they are ours to start."""
    jars = config.lib_of(KAFKA)
    log = [
        Program(
            node.name,
            (
                java,
                *KAFKA_JAVA,
                f"-Dlog4j2.configurationFile={CHECKOUT / 'deploy' / 'kafka' / 'log4j2.properties'}",
                "-cp",
                f"{jars}/*",
                "kafka.Kafka",
                str(node.properties),
            ),
            stop_seconds=30,
        )
        for node in nodes(config)
    ]
    registry = Program(
        "registry",
        (java, *REGISTRY_JAVA, "-jar", str(next(config.lib_of(REGISTRY).glob("apicurio-registry-app-*-runner.jar"), ""))),
        {
            "QUARKUS_HTTP_HOST": "127.0.0.1",
            "QUARKUS_HTTP_PORT": str(config.ports.registry),
            "QUARKUS_HTTP_ACCESS_LOG_ENABLED": "false",
            "APICURIO_STORAGE_KIND": "kafkasql",
            "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": config.kafka,
            # Its login, with a password, stands in a file that its owner alone can read.
            "QUARKUS_CONFIG_LOCATIONS": str(registry_properties(config)),
        },
    )
    # INT is Postgres' fast shutdown; at TERM it would wait for every client to leave.
    database = Program("postgres", postgres.command, user=postgres.user, stop_signal="INT", stop_seconds=20)
    return tuple(one for one in (*log, registry, database) if one.name not in config.external)


def culm_processes(config: StackConfig, environ: Mapping[str, str]) -> tuple[Program, ...]:
    """Culm's own processes, kind by kind (process/instances.py), each with the addresses that it needs and no others."""
    return tuple(
        Program(
            process.program,
            (sys.executable, "-m", process.kind.module),
            _agent_environment(config, environ, process) if process.kind.is_agent else _environment(config, environ, process),
            stop_seconds=20,
        )
        for process in processes_of_a_stack(config.counts)
    )


def _environment(config: StackConfig, environ: Mapping[str, str], process: Process) -> dict[str, str]:
    addresses = dict(zip(ADDRESSES, (config.kafka, config.registry, config.postgres, config.api), strict=True))
    own = {
        **{name: addresses[name] for name in process.kind.needs},
        **(environment_of(config.kafka) if LOG in process.kind.needs else {}),
        **(_api_addresses(config, process) if API in process.kind.needs else {}),
        **({VARIABLE: ",".join(config.mirrored)} if process.kind.name == "mirror" else {}),
        **(_edge_environment(config, environ) if process.kind.name in ("api", "edge") else {}),
        "CULM_HOME": str(config.home),
        "CULM_METRICS": f"127.0.0.1:{config.ports.metrics}",
        INSTANCE_VARIABLE: str(process.instance),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
    }
    kept = {*own, *ADDRESSES, *VARIABLES, LOG_FILE}
    others = {name: value for name, value in environ.items() if name.startswith("CULM_") and name not in kept}
    if config.kafka_asks:  # what the caller's variables say of an account is of another Kafka
        others = {name: value for name, value in others.items() if not name.startswith(PREFIX)}
    return own | others


def _api_addresses(config: StackConfig, process: Process) -> Mapping[str, str]:
    """Where the API is; for the second API and those after it, where it is itself."""
    is_further_api = process.kind.name == "api" and process.instance > 1
    return config.addresses_of(process).environment() if is_further_api else config.api_environment


def _edge_environment(config: StackConfig, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Where the first API and the edge meet. The API opens that door also before there is an edge, which can come later.

    Under a home whose path is too long for a socket there is no door, unless CULM_EDGE_SOCKET names one.
    """
    path = environ.get(EDGE_SOCKET) or str(config.edge_socket)
    fits = EDGE_SOCKET in environ or config.edge or len(path.encode()) <= SOCKET_LENGTH_MAX
    return {"CULM_PORT_X509": str(config.ports.x509)} | ({EDGE_SOCKET: path} if fits else {})


def _agent_environment(config: StackConfig, environ: Mapping[str, str], process: Process) -> dict[str, str]:
    """An agent gets what an agent at a site would be given, and nothing of the servers behind the API."""
    own = {
        "CULM_API": config.api,
        "CULM_HOME": str(config.home),
        "CULM_ENROLMENT_FILE": str(enrolment_file(config.home)),
        "CULM_QUEUE": queue_of_agents(environ),
        INSTANCE_VARIABLE: str(process.instance),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
    }
    return own | {name: environ[name] for name in environ if name.startswith(("CULM_PILOT_", "CULM_MAX_", "CULM_HEARTBEAT_"))}


def queue_of_agents(environ: Mapping[str, str]) -> str:
    """The queue that the local harvester serves."""
    return environ.get("CULM_QUEUE", LOCAL_QUEUE)


def registry_properties(config: StackConfig) -> Path:
    """Where the registry finds how it logs in at Kafka."""
    return config.home / "registry" / "application.properties"


def enrolment_file(home: Path) -> Path:
    """Where the local harvester finds its enrolment code."""
    return home / "tokens" / "enrolment"


def basic_environment(config: StackConfig, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What every process inherits from the caller, and the mark by which it is known to be ours."""
    return {name: environ[name] for name in PASSED_ON if name in environ} | {MARK: str(config.home)}


def log_file(config: StackConfig, name: str) -> Path:
    """Where a process writes what it says."""
    return config.logs / f"{name}.log"
