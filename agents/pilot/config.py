"""What a pilot must know, read once from the environment."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from process.settings import Settings

HEARTBEAT_SECONDS_MIN = 0.01
#: As the API grants leases.
LEASE_HEARTBEATS, LEASE_SECONDS_MIN, LEASE_SECONDS_MAX = 6, 3, 86_400


@dataclass(frozen=True, slots=True)
class PilotConfig:
    """One pilot. The lease it gets is LEASE_HEARTBEATS heartbeats long (docs/architecture.md).

    api: base address of the API. home: folder of its state. token_file: with the token of the pilot role. queue: of which it
    takes jobs. vo: its organisation. label: of the jobs it takes, `unified` for all. heartbeat_seconds: from one report to the
    next. idle_seconds: how long it waits for a job before it ends. update_seconds_max: how long a report is tried again while
    the server is away.
    stdout_mb_max: what a payload may write to its output. keep: leave folders of jobs where they are. node: name of the host.
    harvester_id, worker_id: who started it, and as what. folder: of its jobs; one below `home` without it.
    memory_grace: a payload may use so many times its `minRamCount`. memory_mb_max: if not 0, it holds instead, and is what the
    pilot offers. cores: what it offers; 0 when the site does not say. lifetime_seconds: jobs that may run longer do not go to it;
    those of BPS may run 25 h unless told otherwise.
    grace_seconds: from SIGTERM to SIGKILL of a payload; wrappers need 5 s of it.
    passed_on: further variables of the pilot's environment that payloads may see.
    token_key_file: with what the token is renewed; None for one that someone else renews. is_private: payloads, which run as the
    same user, must find neither in a file nor in the memory of the pilot. job_file: with the one job that it runs, where it does
    not ask for jobs. instance: tells it from another process that reads the same file. container_runtime: the program that runs
    containers, with podman's command line.
    """

    api: str
    home: Path
    token_file: Path
    queue: str
    vo: str = "wlcg"
    label: str = "unified"
    heartbeat_seconds: float = 5.0
    idle_seconds: float = 10.0
    lifetime_seconds: float = 172_800.0
    update_seconds_max: float = 600.0
    memory_grace: float = 2.0
    memory_mb_max: int = 0
    cores: int = 0
    stdout_mb_max: int = 2_048
    grace_seconds: float = 8.0
    keep: bool = False
    passed_on: tuple[str, ...] = ()
    node: str = ""
    harvester_id: str = ""
    worker_id: str = ""
    token_key_file: Path | None = None
    is_private: bool = False
    folder: Path | None = None
    job_file: Path | None = None
    instance: str = ""
    container_runtime: str = "podman"

    @property
    def lease_seconds(self) -> float:
        """How long the server waits for a sign of life."""
        return max(LEASE_SECONDS_MIN, min(LEASE_HEARTBEATS * self.heartbeat_seconds, LEASE_SECONDS_MAX))

    @property
    def pilot_id(self) -> str:
        """What it calls itself in reports; the part before the first stroke is its name."""
        name = self.worker_id or "unknown"
        mode = "PULL" if self.job_file is None else "PUSH"
        return f"{name}{f'-{self.instance}' if self.instance else ''}|{mode}|culm-light"

    @property
    def work(self) -> Path:
        """Folder of this pilot's jobs."""
        return self.folder or self.home / "work" / (self.worker_id or f"pilot-{os.getpid()}")


def read_config(environ: Mapping[str, str]) -> PilotConfig:
    """The configuration that `environ` asks for; raises SettingRefused."""
    settings = Settings(environ)
    home = settings.path("CULM_HOME")
    return PilotConfig(
        api=settings.address("CULM_API"),
        home=home,
        token_file=settings.path("CULM_TOKEN_FILE", home / "tokens" / "pilot"),
        queue=settings.text("CULM_QUEUE", expected="the name of a computing queue"),
        vo=settings.text("CULM_VO", "wlcg"),
        label=settings.text("CULM_PILOT_LABEL", "unified"),
        heartbeat_seconds=settings.number("CULM_HEARTBEAT_SECONDS", 5.0, lowest=HEARTBEAT_SECONDS_MIN),
        idle_seconds=settings.number("CULM_PILOT_IDLE_SECONDS", 10.0),
        lifetime_seconds=settings.number("CULM_PILOT_LIFETIME_SECONDS", 172_800.0),
        update_seconds_max=settings.number("CULM_PILOT_UPDATE_SECONDS", 600.0),
        memory_grace=settings.number("CULM_PILOT_MEMORY_GRACE", 2.0),
        memory_mb_max=settings.whole("CULM_PILOT_MEMORY_MB", 0),
        cores=settings.whole("CULM_PILOT_CORES", 0),
        stdout_mb_max=settings.whole("CULM_PILOT_STDOUT_MB", 2_048),
        grace_seconds=settings.number("CULM_PILOT_GRACE_SECONDS", 8.0),
        keep=settings.is_set("CULM_PILOT_KEEP"),
        container_runtime=settings.text("CULM_PILOT_CONTAINERS", "podman"),
        passed_on=settings.words("CULM_PILOT_PASS_ON"),
        node=settings.text("PANDA_HOSTNAME", socket.gethostname()),
        harvester_id=settings.text("HARVESTER_ID", ""),
        worker_id=settings.text("HARVESTER_WORKER_ID", ""),
        is_private=settings.is_set("CULM_PILOT_PRIVATE"),
        folder=settings.path("CULM_WORK") if settings.text("CULM_WORK", "") else None,
        token_key_file=settings.path("CULM_TOKEN_KEY_FILE") if settings.text("CULM_TOKEN_KEY_FILE", "") else None,
    )
