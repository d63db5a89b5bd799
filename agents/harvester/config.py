"""What the harvester must know, read once from the environment."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from process.settings import Settings


@dataclass(frozen=True, slots=True)
class HarvesterConfig:
    """One harvester of one queue.

    patience_seconds: how long there must be too many pilots before some are asked to take no more jobs.
    end_seconds: from the request to end to SIGKILL. stands_by: it is one of several (CULM_INSTANCE) and waits while another one
    of the queue is at work; one that was started by hand ends then.
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
    stands_by: bool = False

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


def read_config(environ: Mapping[str, str]) -> HarvesterConfig:
    """The configuration that `environ` asks for; raises SettingRefused."""
    settings = Settings(environ)
    home = settings.path("CULM_HOME")
    return HarvesterConfig(
        api=settings.address("CULM_API"),
        home=home,
        token_file=settings.path("CULM_TOKEN_FILE", home / "tokens" / "pilot"),
        queue=settings.text("CULM_QUEUE", expected="the name of a computing queue"),
        vo=settings.text("CULM_VO", "wlcg"),
        pilots_max=settings.whole("CULM_MAX_PILOTS", 2 * (os.cpu_count() or 1)),
        node=settings.text("PANDA_HOSTNAME", socket.gethostname()),
        patience_seconds=settings.number("CULM_PILOT_IDLE_SECONDS", 10.0),
        stands_by=bool(settings.text("CULM_INSTANCE", "")),
    )
