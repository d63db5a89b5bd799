"""The processors' and the timers' configuration, read once from the environment."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit, urlunsplit


@dataclass(frozen=True, slots=True)
class StreamsConfig:
    """Addresses, and the name that this worker keeps over restarts so that it takes its partitions back at once.

    api: base URL under which jobs fetch payload wrappers. session_seconds: after so long another worker gets the partitions of
    one that is gone. instance: no two workers that run at the same time have the same.
    """

    kafka: str
    registry: str
    api: str
    instance: str = "1"
    group: str = "culm-streams"
    session_seconds: float = 10.0
    commit_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class TimersConfig:
    """Addresses, how often due rows are looked for, and how long a stall counts as a gap in the watch.

    api: the door that pilots come through; None when it is not to be looked at.
    """

    kafka: str
    registry: str
    postgres: str
    api: str | None = None
    period_seconds: float = 1.0
    batch_max: int = 500
    gap_seconds: float = 5.0


def read_streams_config(environment: Mapping[str, str]) -> StreamsConfig:
    """The processors' configuration; raises KeyError naming a variable that is missing."""
    return StreamsConfig(
        kafka=environment["CULM_KAFKA"],
        registry=environment["CULM_REGISTRY"],
        api=environment.get("CULM_API", "http://127.0.0.1:25080"),
        instance=environment.get("CULM_STREAMS_INSTANCE", "1"),
    )


def read_timers_config(environment: Mapping[str, str]) -> TimersConfig:
    """The timers' configuration; raises KeyError naming a variable that is missing."""
    return TimersConfig(
        kafka=environment["CULM_KAFKA"],
        registry=environment["CULM_REGISTRY"],
        postgres=environment["CULM_POSTGRES"],
        api=environment.get("CULM_API"),
    )


def shown(config: StreamsConfig | TimersConfig) -> dict[str, str]:
    """The configuration as it may be logged: passwords in addresses are masked."""
    return {key: _masked(str(value)) for key, value in asdict(config).items()}


def _masked(value: str) -> str:
    parts = urlsplit(value)
    if not parts.password:
        return value
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")))
