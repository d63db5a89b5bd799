"""What a projector needs to know, read once from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from process.servers import kafka_of, postgres_of, registry_of
from process.settings import Settings


@dataclass(frozen=True, slots=True)
class ProjectorConfig:
    """Addresses and limits of one projector.

    batch_records_max: most records in one transaction. rebuild_records_max: the same while tables are rebuilt;
    rebuild_processes: how many read the old part of the log then, each its own partitions (CULM_REBUILD_PROCESSES).
    """

    kafka: str
    registry: str
    postgres: str
    batch_records_max: int = 2000
    rebuild_records_max: int = 20_000
    rebuild_processes: int = 2

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ProjectorConfig":
        """The configuration that `environ` asks for: CULM_KAFKA, CULM_REGISTRY, CULM_POSTGRES or their ports."""
        settings = Settings(environ)
        return cls(
            kafka=kafka_of(settings),
            registry=registry_of(settings),
            postgres=postgres_of(settings),
            rebuild_processes=settings.whole("CULM_REBUILD_PROCESSES", min(4, os.cpu_count() or 1), lowest=1, highest=256),
        )
