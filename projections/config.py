"""What a projector needs to know, read once from the environment."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import structlog

#: Variable that names the file for the log lines of processes that `culm` starts.
LOG_FILE = "CULM_LOG_FILE"


@dataclass(frozen=True, slots=True)
class ProjectorConfig:
    """Addresses and limits of one projector.

    batch_records_max: most records in one transaction. rebuild_records_max: the same while tables are made anew;
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
        port = environ.get
        processes = environ.get("CULM_REBUILD_PROCESSES") or str(min(4, os.cpu_count() or 1))
        return cls(
            kafka=environ.get("CULM_KAFKA") or f"127.0.0.1:{port('CULM_PORT_KAFKA') or 25092}",
            registry=environ.get("CULM_REGISTRY")
            or f"http://127.0.0.1:{port('CULM_PORT_REGISTRY') or 25081}/apis/ccompat/v7",
            postgres=environ.get("CULM_POSTGRES")
            or f"postgresql://culm@127.0.0.1:{port('CULM_PORT_POSTGRES') or 25432}/culm",
            rebuild_processes=int(processes),
        )

    def masked(self) -> dict[str, str]:
        """The configuration as it may be printed."""
        return {name: mask(getattr(self, name)) for name in ("kafka", "registry", "postgres")}


def log_to_standard_error() -> None:
    """One JSON line an event; the same in every process of the read models. Below `culm` they go to the file that it names."""
    file = os.environ.get(LOG_FILE)
    target = Path(file).open("a", encoding="utf-8", buffering=1) if file else sys.stderr  # noqa: SIM115 open for the process's life
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(target),
    )


def mask(address: str) -> str:
    """`address` with its password replaced by stars."""
    password = urlsplit(address).password if "://" in address else None
    return address.replace(f":{password}@", ":***@", 1) if password else address
