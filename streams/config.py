"""The processors' and the timers' configuration, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from process.addresses import ApiAddresses
from process.instances import INSTANCE_VARIABLE
from process.servers import kafka_of, postgres_of, registry_of
from process.settings import Settings


@dataclass(frozen=True, slots=True)
class StreamsConfig:
    """Addresses, and the name that this worker keeps over restarts so that it takes its partitions back at once.

    api: base URL under which jobs fetch payload wrappers (CULM_API_PAYLOAD). session_seconds: after so long another worker gets
    the partitions of one that is gone. instance: no two workers that run at the same time have the same. group: how the names of
    their consumer groups begin. commit_seconds: from one commit of positions to the next.
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

    api: where the API that pilots come to is asked whether it is well (CULM_API_HEALTH, else CULM_API); None when it is not to
    be looked at. period_seconds: from one look to the next. batch_max: rows that one look takes. gap_seconds: after a
    stall that is longer the watch over silent pilots begins again.
    """

    kafka: str
    registry: str
    postgres: str
    api: str | None = None
    period_seconds: float = 1.0
    batch_max: int = 500
    gap_seconds: float = 5.0


def read_streams_config(environ: Mapping[str, str]) -> StreamsConfig:
    """The processors' configuration; raises SettingRefused, ValueError for an address that does not fit."""
    settings = Settings(environ)
    return StreamsConfig(
        kafka=kafka_of(settings),
        registry=registry_of(settings),
        api=ApiAddresses.from_environ(environ).payload,
        instance=settings.text(INSTANCE_VARIABLE, "1"),
    )


def read_timers_config(environ: Mapping[str, str]) -> TimersConfig:
    """The timers' configuration; raises SettingRefused."""
    settings = Settings(environ)
    return TimersConfig(
        kafka=kafka_of(settings),
        registry=registry_of(settings),
        postgres=postgres_of(settings),
        api=settings.address("CULM_API_HEALTH", "") or settings.address("CULM_API", "") or None,
    )
