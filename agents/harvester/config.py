"""What the harvester must know, read once from the environment."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class HarvesterConfig:
    """One harvester of one queue.

    patience_seconds: how long there must be too many pilots before some are asked to take no more jobs.
    end_seconds: from the request to end to SIGKILL.
    """

    api: str
    home: Path
    token_file: Path
    queue: str
    vo: str
    pilots_max: int
    node: str
    patience_seconds: float = 10.0
    end_seconds: float = 15.0

    @property
    def harvester_id(self) -> str:
        """Its name."""
        return f"local-{self.node}"

    @property
    def ledger(self) -> Path:
        """Where it remembers its pilots."""
        return self.home / "run" / f"harvester-{self.queue}.json"

    def folder_of(self, worker_id: str) -> Path:
        """The folder of a pilot, as the pilot itself names it."""
        return self.home / "work" / worker_id


def read_config(environment: Mapping[str, str]) -> HarvesterConfig:
    """The configuration; raises KeyError naming a variable that is missing."""
    home = Path(environment["CULM_HOME"]).expanduser().absolute()
    return HarvesterConfig(
        api=environment["CULM_API"].rstrip("/"),
        home=home,
        token_file=Path(environment.get("CULM_TOKEN_FILE") or home / "tokens" / "pilot"),
        queue=environment["CULM_QUEUE"],
        vo=environment.get("CULM_VO", "wlcg"),
        pilots_max=int(environment.get("CULM_MAX_PILOTS", str(2 * (os.cpu_count() or 1)))),
        node=environment.get("PANDA_HOSTNAME") or socket.gethostname(),
        patience_seconds=float(environment.get("CULM_PILOT_IDLE_SECONDS", "10")),
    )
