"""What a pilot must know, read once from the environment."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LEASE_HEARTBEATS = 6


@dataclass(frozen=True, slots=True)
class PilotConfig:
    """One pilot. The lease it gets is LEASE_HEARTBEATS heartbeats long (docs/architecture.md)."""

    api: str
    home: Path
    token_file: Path
    queue: str
    vo: str = "wlcg"
    label: str = "unified"
    heartbeat_seconds: float = 5.0
    idle_seconds: float = 10.0
    lifetime_seconds: float = 86_400.0
    update_seconds_max: float = 600.0
    memory_grace: float = 2.0
    keep: bool = False
    node: str = ""
    harvester_id: str = ""
    worker_id: str = ""

    @property
    def lease_seconds(self) -> float:
        """How long the server waits for a sign of life."""
        return LEASE_HEARTBEATS * self.heartbeat_seconds

    @property
    def work(self) -> Path:
        """Folder of this pilot's jobs."""
        return self.home / "work" / (self.worker_id or f"pilot-{os.getpid()}")


def read_config(environment: Mapping[str, str]) -> PilotConfig:
    """The configuration; raises KeyError naming a variable that is missing."""
    home = Path(environment["CULM_HOME"])
    return PilotConfig(
        api=environment["CULM_API"].rstrip("/"),
        home=home,
        token_file=Path(environment.get("CULM_TOKEN_FILE") or home / "tokens" / "pilot"),
        queue=environment["CULM_QUEUE"],
        vo=environment.get("CULM_VO", "wlcg"),
        label=environment.get("CULM_PILOT_LABEL", "unified"),
        heartbeat_seconds=float(environment.get("CULM_HEARTBEAT_SECONDS", "5")),
        idle_seconds=float(environment.get("CULM_PILOT_IDLE_SECONDS", "10")),
        lifetime_seconds=float(environment.get("CULM_PILOT_LIFETIME_SECONDS", "86400")),
        update_seconds_max=float(environment.get("CULM_PILOT_UPDATE_SECONDS", "600")),
        memory_grace=float(environment.get("CULM_PILOT_MEMORY_GRACE", "2")),
        keep=environment.get("CULM_PILOT_KEEP") == "1",
        node=environment.get("PANDA_HOSTNAME") or socket.gethostname(),
        harvester_id=environment.get("HARVESTER_ID", ""),
        worker_id=environment.get("HARVESTER_WORKER_ID", ""),
    )
