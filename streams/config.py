"""The processors' and the timers' configuration, read once from the environment."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit, urlunsplit

from process.addresses import ApiAddresses


@dataclass(frozen=True, slots=True)
class StreamsConfig:
    """Addresses, and the name that this worker keeps over restarts so that it takes its partitions back at once.

    api: base URL under which jobs fetch payload wrappers (CULM_API_PAYLOAD). facts_tail: records read back at start, per
    partition, to learn loads and parked tasks. session_seconds: after so long another worker gets the partitions of one that
    is gone.
    """

    kafka: str
    registry: str
    api: str
    instance: str = "1"
    group: str = "culm-streams"
    facts_tail: int = 50_000
    session_seconds: float = 10.0
    commit_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class TimersConfig:
    """Addresses, how often due rows are looked for, and how long a stall counts as a gap in the watch.

    api: where the API that pilots come to is asked whether it is well (CULM_API_HEALTH, else CULM_API); None when it is not to
    be looked at.
    """

    kafka: str
    registry: str
    postgres: str
    api: str | None = None
    period_seconds: float = 1.0
    batch_max: int = 500
    gap_seconds: float = 5.0


def read_streams_config(environment: Mapping[str, str]) -> StreamsConfig:
    """The processors' configuration; raises KeyError naming a variable that is missing, ValueError for a bad address."""
    return StreamsConfig(
        kafka=environment["CULM_KAFKA"],
        registry=environment["CULM_REGISTRY"],
        api=ApiAddresses.from_environ(environment).payload,
        instance=environment.get("CULM_STREAMS_INSTANCE", "1"),
    )


def read_timers_config(environment: Mapping[str, str]) -> TimersConfig:
    """The timers' configuration; raises KeyError naming a variable that is missing."""
    return TimersConfig(
        kafka=environment["CULM_KAFKA"],
        registry=environment["CULM_REGISTRY"],
        postgres=environment["CULM_POSTGRES"],
        api=environment.get("CULM_API_HEALTH") or environment.get("CULM_API"),
    )


def shown(config: StreamsConfig | TimersConfig) -> dict[str, str]:
    """The configuration as it may be logged: passwords in addresses are masked."""
    return {key: _masked(str(value)) for key, value in asdict(config).items()}


def _masked(value: str) -> str:
    parts = urlsplit(value)
    if not parts.password:
        return value
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")))
