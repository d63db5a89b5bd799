"""What the harvester must know, read once from the environment."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class HarvesterConfig:
    """One harvester of one queue."""

    api: str
    home: Path
    token_file: Path
    queue: str
    vo: str
    pilots_max: int
    node: str

    @property
    def harvester_id(self) -> str:
        """Its name."""
        return f"local-{self.node}"

    @property
    def ledger(self) -> Path:
        """File with the workers that were alive last."""
        return self.home / "run" / f"workers-{self.queue}.json"


def read_config(environment: Mapping[str, str]) -> HarvesterConfig:
    """The configuration; raises KeyError naming a variable that is missing."""
    home = Path(environment["CULM_HOME"])
    return HarvesterConfig(
        api=environment["CULM_API"].rstrip("/"),
        home=home,
        token_file=Path(environment.get("CULM_TOKEN_FILE") or home / "tokens" / "pilot"),
        queue=environment["CULM_QUEUE"],
        vo=environment.get("CULM_VO", "wlcg"),
        pilots_max=int(environment.get("CULM_MAX_PILOTS", str(2 * (os.cpu_count() or 1)))),
        node=environment.get("PANDA_HOSTNAME") or socket.gethostname(),
    )
