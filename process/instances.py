"""Every kind of process and its instances, as data: what the supervisor starts, Prometheus scrapes and `culm status` shows.

One table for all who need it: commands and environments (`deploy/processes.py`), ports for metrics, lag, health. Only the
standard library is needed, so that ports can be looked at before anything is installed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ADDRESSES = ("CULM_KAFKA", "CULM_REGISTRY", "CULM_POSTGRES", "CULM_API")
LOG, REGISTRY, ROWS, API = ADDRESSES
#: Which instance of its kind a process is, from 1 on.
INSTANCE_VARIABLE = "CULM_INSTANCE"
#: Instances of a kind on one machine: so many have ports of their own.
INSTANCES_MAX = 9


@dataclass(frozen=True, slots=True)
class Follows:
    """How far a kind is in the log.

    groups: of which consumer groups Kafka keeps the positions; none: they stand in Postgres beside the rows. role: of topics that
    it reads all of; empty: those of which a group has a position.
    """

    groups: tuple[str, ...] = ()
    role: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of process.

    several: what more than one of it are called, as in `culm up --projectors 2`. needs: the addresses it is given and no others.
    is_agent: runs at a site and knows only HTTP. fewest, most: how many a stack can have; where no number
    is named it has the fewest.
    """

    name: str
    several: str
    module: str
    needs: tuple[str, ...]
    follows: Follows | None = None
    is_agent: bool = False
    fewest: int = 1
    most: int = INSTANCES_MAX

    @property
    def count_variable(self) -> str:
        """The variable that says how many instances a stack has."""
        return f"CULM_{self.several.upper()}"

    @property
    def has_metrics(self) -> bool:
        """Whether it serves Prometheus; agents run on machines that no one scrapes."""
        return not self.is_agent

    @property
    def is_always_there(self) -> bool:
        """Whether every stack has one."""
        return self.fewest > 0


#: Of the Faust agents, of each plain loop, and of the keepers of facts.
GROUPS_OF_PROCESSORS = ("culm-streams", "culm-streams-job", "culm-streams-pilot", "culm-facts")
#: In the order of the data flow, which is also the order of the ports for metrics.
KINDS = (
    Kind("decider", "deciders", "commands", (LOG, REGISTRY), Follows(("culm-deciders",), "commands")),
    Kind("processors", "processors", "streams", (LOG, REGISTRY, API), Follows(GROUPS_OF_PROCESSORS)),
    Kind("timers", "timers", "streams.timers", (LOG, REGISTRY, ROWS, API)),
    Kind("projector", "projectors", "projections", (LOG, REGISTRY, ROWS), Follows()),
    Kind("notary", "notaries", "audit.notary", (LOG,)),
    Kind("api", "apis", "api", (LOG, REGISTRY, ROWS, API)),
    Kind("edge", "edges", "api.edge", (LOG, REGISTRY), fewest=0, most=1),
    Kind("mirror", "mirrors", "eventlog.mirror", (LOG, REGISTRY), fewest=0, most=1),
    Kind("harvester", "harvesters", "agents.harvester", (API,), is_agent=True),
)
#: Servers that a stack starts for itself, in the order in which they are shown.
SERVERS = ("kafka", "kafka-2", "kafka-3", "registry", "postgres")
BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}
FOLLOWERS: Mapping[str, Follows] = {kind.name: kind.follows for kind in KINDS if kind.follows is not None}
#: Kinds that serve metrics, in the order of their ports, and those of them that every stack has.
PORTS_OF_METRICS = tuple(kind.name for kind in KINDS if kind.has_metrics)
MEASURED = tuple(kind.name for kind in KINDS if kind.has_metrics and kind.is_always_there)


@dataclass(frozen=True, slots=True)
class Process:
    """One instance of a kind, numbered from 1."""

    kind: Kind
    instance: int = 1

    def __post_init__(self) -> None:
        if self.instance < 1:
            raise ValueError(f"instance of {self.kind.name} is {self.instance}, expected a whole number from 1")

    @property
    def name(self) -> str:
        """As `decider-1`."""
        return f"{self.kind.name}-{self.instance}"

    @property
    def program(self) -> str:
        """Its name for the supervisor, which is also that of its log file: `decider`, then `decider-2`."""
        return self.kind.name if self.instance == 1 else self.name

    def metrics_port(self, first: int) -> int:
        """Its port for metrics; `first`: the port of the first kind's first instance. Second instances stand in the next row."""
        return first + PORTS_OF_METRICS.index(self.kind.name) + (self.instance - 1) * len(PORTS_OF_METRICS)

    def api_port(self, first: int) -> int:
        """Where an API listens. `first`: the first one's port; the next is the registry's, so the second API is 2 above."""
        return first if self.instance == 1 else first + self.instance


def processes_of_a_stack(counts: Mapping[str, int] | None = None) -> tuple[Process, ...]:
    """Every process of a stack, kind by kind; `counts`: how many of a kind, else the fewest. Raises ValueError."""
    given = counts or {}
    unknown = given.keys() - BY_NAME.keys()
    if unknown:
        raise ValueError(f"no kind of process is named {min(unknown)!r}, expected one of {', '.join(BY_NAME)}")
    for name, count in given.items():
        kind = BY_NAME[name]
        if not kind.fewest <= count <= kind.most:
            raise ValueError(f"{kind.several} is {count}, expected a whole number from {kind.fewest} to {kind.most}")
    return tuple(Process(kind, number) for kind in KINDS for number in range(1, given.get(kind.name, kind.fewest) + 1))


def process_named(program: str) -> Process | None:
    """The process that the supervisor runs as `program`; None for a server or a name of no kind."""
    if program in BY_NAME:
        return Process(BY_NAME[program])
    kind, _, number = program.rpartition("-")
    if kind in BY_NAME and number.isascii() and number.isdecimal() and int(number) > 0:
        return Process(BY_NAME[kind], int(number))
    return None


def shown_names(programs: Iterable[str]) -> dict[str, str]:
    """How each program is shown: `decider` while it is the only one of its kind, else `decider-1`, `decider-2`."""
    named = {program: process_named(program) for program in programs}
    counts = Counter(process.kind.name for process in named.values() if process is not None)
    return {
        program: process.name if process is not None and counts[process.kind.name] > 1 else program
        for program, process in named.items()
    }
