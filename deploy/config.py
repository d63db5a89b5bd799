"""Where everything of one stack lives: its folder, its ports, its addresses.

Read once from the environment, kept in `run/stack.json` while the stack is up, so that a later `culm status` in another
shell finds the addresses that are really in use.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.fetch import Part
from process.addresses import EVERY_INTERFACE, VARIABLES, ApiAddresses
from process.instances import BY_NAME, KINDS, Process, processes_of_a_stack
from process.kafka_security import security_of
from process.mirrored import mirrored_vos
from process.servers import CHECKOUT as CHECKOUT
from process.servers import PORT_VARIABLES as PORT_VARIABLES
from process.servers import home_of, local_kafka, local_postgres, local_registry, own_kafka, port_of, secured
from process.settings import Settings
from process.settings import mask as mask

#: Variable that every process of a stack carries; its value is the stack's CULM_HOME.
MARK = "CULM_STACK"
NODE_STEP = 10
#: A server named by one of these is used as it is; ours is not started then.
EXTERNAL_VARIABLES: Mapping[str, str] = {
    "kafka": "CULM_KAFKA",
    "registry": "CULM_REGISTRY",
    "postgres": "CULM_POSTGRES",
}


@dataclass(frozen=True, slots=True)
class Ports:
    """The loopback ports of one stack.

    api: of the first API. kafka: of the first Kafka node, for clients. kafka_controller: of the same node, for its controller.
    registry: of the schema registry. postgres: of the database.
    """

    api: int
    kafka: int
    kafka_controller: int
    registry: int
    postgres: int
    #: the first of a row, one for each process (process/instances.py); above those of a third Kafka node
    metrics: int = 25120
    #: of the edge for certificates, where there is one
    x509: int = 25443

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Ports":
        """Read every port from its variable; raises ValueError naming the variable for anything but 1..65535."""
        settings = Settings(environ)
        return cls(**{name: port_of(settings, name) for name in PORT_VARIABLES})

    def shifted(self, offset: int) -> "Ports":
        """The same ports `offset` higher: a second stack beside the first."""
        return Ports(**{name: port + offset for name, port in dataclasses.asdict(self).items()})

    def of_node(self, number: int) -> "Ports":
        """The ports with those of Kafka node `number` (from 1): each next node listens NODE_STEP above the one before."""
        step = NODE_STEP * (number - 1)
        return dataclasses.replace(self, kafka=self.kafka + step, kafka_controller=self.kafka_controller + step)


@dataclass(frozen=True, slots=True)
class StackConfig:
    """All that distinguishes one stack from another.

    home: the folder with every byte of its state. lib: where parts in Java and the pilot are kept. ports: on this machine.
    """

    home: Path
    lib: Path
    ports: Ports
    #: addresses that every process is given
    kafka: str
    registry: str
    postgres: str
    #: servers that are not ours and are only used
    external: frozenset[str] = frozenset()
    #: Kafka nodes of ours: 1, or 3 that outlive the loss of one
    brokers: int = 1
    #: variables that say where the API listens and is reached, as far as they are not what follows from the ports
    api_variables: tuple[tuple[str, str], ...] = ()
    #: kinds of processes that have another number of instances than the fewest, with that number
    several: tuple[tuple[str, int], ...] = ()
    #: organisations of which events are copied for consumers of theirs
    mirrored: tuple[str, ...] = ()

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], *, home: Path | None = None, ports: Ports | None = None) -> "StackConfig":
        """Build the configuration that `environ` asks for; `home` and `ports` win over it."""
        settings = Settings(environ)
        home = home.expanduser().absolute() if home else home_of(settings)
        ports = ports or Ports.from_environ(environ)
        named = {server: environ[variable] for server, variable in EXTERNAL_VARIABLES.items() if environ.get(variable)}
        brokers = settings.text("CULM_BROKERS", "1")
        if brokers not in ("1", "3"):
            raise ValueError(f"CULM_BROKERS (culm up --brokers) is {brokers!r}, expected 1 or 3")
        mirrored = mirrored_vos(settings)
        nodes = ",".join(local_kafka(ports.of_node(number).kafka) for number in range(1, int(brokers) + 1))
        config = cls(
            home=home,
            lib=settings.path("CULM_LIB", CHECKOUT / ".culm" / "lib"),
            ports=ports,
            kafka=secured(settings, named["kafka"]) if "kafka" in named else own_kafka(nodes, home),
            registry=named.get("registry", local_registry(ports.registry)),
            postgres=named.get("postgres", local_postgres(ports.postgres, home)),
            external=frozenset(named),
            brokers=int(brokers),
            api_variables=tuple((variable, environ[variable]) for variable in VARIABLES if environ.get(variable)),
            several=_several(counts_in(environ) | {"mirror": int(bool(mirrored))}),
            mirrored=mirrored,
        )
        config.addresses.environment()  # an address that does not fit is named now, not when a process starts
        return config

    @property
    def kafka_asks(self) -> bool:
        """Whether Kafka is ours and asks for passwords: one that was started by an earlier release does not, until it stops."""
        return "kafka" not in self.external and bool(security_of(self.kafka).user)

    @property
    def addresses(self) -> ApiAddresses:
        """Where the API listens and is reached; raises ValueError for a variable that does not fit."""
        return ApiAddresses.from_environ({"CULM_PORT_API": str(self.ports.api), **dict(self.api_variables)})

    @property
    def counts(self) -> Mapping[str, int]:
        """How many instances a kind of process has (process/instances.py); the fewest where it is not named."""
        return dict(self.several)

    def with_counts(self, counts: Mapping[str, int]) -> "StackConfig":
        """The same with other numbers of instances of the kinds that are named."""
        return dataclasses.replace(self, several=_several({**self.counts, **counts}))

    def addresses_of(self, process: Process) -> ApiAddresses:
        """Those of one of several APIs: the public address is the same, each listens and tells its health at its own port."""
        first = self.addresses
        if process.instance == 1:
            return first
        port = process.api_port(first.port)
        host = EVERY_INTERFACE.get(first.host, first.host)
        scheme = first.health.partition(":")[0]
        health = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
        return dataclasses.replace(first, port=port, health=health)

    @property
    def api_health(self) -> Mapping[str, str]:
        """Where each API is asked whether it is well, by its program."""
        apis = [one for one in processes_of_a_stack(self.counts) if one.kind.name == "api"]
        return {one.program: self.addresses_of(one).health for one in apis}

    @property
    def api(self) -> str:
        """Base address of the API for clients."""
        return self.addresses.public

    @property
    def edge_socket(self) -> Path:
        """Where the first API takes what an edge hands on, unless CULM_EDGE_SOCKET names another place."""
        return self.home / "edge" / "api.sock"

    @property
    def edge(self) -> str:
        """Address of the edge for certificates on this machine; empty where the stack has none."""
        return f"https://127.0.0.1:{self.ports.x509}" if self.counts.get("edge") else ""

    @property
    def edge_metrics(self) -> str:
        """Where the edge serves its metrics, as soon as it takes connections."""
        return f"http://127.0.0.1:{Process(BY_NAME['edge']).metrics_port(self.ports.metrics)}/metrics"

    @property
    def api_environment(self) -> dict[str, str]:
        """Variables that tell a process the addresses of the API: one for all, or each where they were named apart."""
        return self.addresses.environment() if self.api_variables else {"CULM_API": self.api}

    def lib_of(self, part: Part) -> Path:
        """Folder of a fetched part."""
        return part.folder(self.lib)

    @property
    def run(self) -> Path:
        """Folder of the supervisor's socket and the process ids."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        """Folder with one log file a process."""
        return self.home / "logs"

    def masked(self) -> dict[str, Any]:
        """The configuration as it may be printed: no password in any address."""
        return {
            "home": str(self.home),
            "lib": str(self.lib),
            "ports": dataclasses.asdict(self.ports),
            "api": self.api,
            "api_variables": dict(self.api_variables),
            "kafka": mask(self.kafka),
            "registry": mask(self.registry),
            "postgres": mask(self.postgres),
            "external": sorted(self.external),
            "brokers": self.brokers,
            "several": dict(self.several),
            "mirrored": list(self.mirrored),
        }

    def save(self) -> None:
        """Remember this configuration as the one that runs; readable by its owner only, addresses may hold passwords."""
        path = self.run / "stack.json"
        path.touch(mode=0o600)
        document = self.masked() | {"kafka": self.kafka, "registry": self.registry, "postgres": self.postgres}
        document |= {"kafka_asks": self.kafka_asks}
        path.write_text(json.dumps(document, indent=2))
        (self.run / "targets.json").write_text(json.dumps(self._scraped(), indent=2))

    def _scraped(self) -> list[dict[str, Any]]:
        """Where processes that not every stack has serve metrics, in Prometheus' form; the others stand in its configuration."""
        measured = [one for one in processes_of_a_stack(self.counts) if one.kind.has_metrics]
        further = [one for one in measured if one.instance > 1 or not one.kind.is_always_there]
        return [
            {"targets": [f"127.0.0.1:{one.metrics_port(self.ports.metrics)}"], "labels": {"process": one.kind.name}}
            for one in further
        ]


def saved(home: Path) -> StackConfig | None:
    """The configuration that was last brought up under `home`, None when there was none."""
    try:
        document = json.loads((home / "run" / "stack.json").read_text())
    except FileNotFoundError:
        return None
    kafka = document["kafka"]
    return StackConfig(
        home=Path(document["home"]),
        lib=Path(document["lib"]),
        ports=Ports(**document["ports"]),
        kafka=own_kafka(kafka, Path(document["home"])) if document.get("kafka_asks") else kafka,
        registry=document["registry"],
        postgres=document["postgres"],
        external=frozenset(document["external"]),
        brokers=document.get("brokers", 1),
        api_variables=tuple(document.get("api_variables", {}).items()),
        several=_several(document.get("several", {})),
        mirrored=tuple(document.get("mirrored", ())),
    )


def counts_in(environ: Mapping[str, str]) -> dict[str, int]:
    """How many instances `environ` asks for (CULM_DECIDERS, CULM_PROJECTORS, ...), by kind; raises SettingRefused.

    Of mirrors there is one where an organisation has one, which is no number to ask for.
    """
    settings = Settings(environ)
    return {
        kind.name: settings.whole(kind.count_variable, lowest=kind.fewest, highest=kind.most)
        for kind in KINDS
        if kind.name != "mirror" and environ.get(kind.count_variable)
    }


def _several(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """In the order of the kinds; those with the fewest instances are left out."""
    return tuple((kind.name, counts[kind.name]) for kind in KINDS if counts.get(kind.name, kind.fewest) != kind.fewest)
