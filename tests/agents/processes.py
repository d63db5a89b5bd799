"""Real agents as processes of a test, each ended at the test's end by the id that it was started with."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from agents.harvester.systems.local_records import LocalRecords, is_alive
from tests.agents.culm_stand_in import TOKEN, CulmStandIn

ROOT = Path(__file__).parent.parent.parent
QUICK = {
    "CULM_HEARTBEAT_SECONDS": "0.2",
    "CULM_PILOT_IDLE_SECONDS": "0.2",
    "CULM_PILOT_GRACE_SECONDS": "1",
}


class Agent:
    """A pilot or harvester that a test started. `log` is what it said."""

    def __init__(self, module: str, culm: CulmStandIn, home: Path, arguments: Sequence[str] = (), **variables: str) -> None:
        token_file = home / "token"
        if not token_file.exists():
            token_file.write_text(TOKEN)
        outer = {name: value for name, value in os.environ.items() if not name.startswith(("CULM_", "HARVESTER_"))}
        environment = {
            **outer,
            "PYTHONPATH": str(ROOT),
            "CULM_API": culm.address,
            "CULM_HOME": str(home),
            "CULM_TOKEN_FILE": str(token_file),
            "CULM_QUEUE": "Q",
            **QUICK,
            **variables,
        }
        self._log = home / f"{module}.log"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", module, *arguments], env=environment, cwd=ROOT, stderr=log)

    @property
    def log(self) -> str:
        """Its log lines."""
        return self._log.read_text()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def ended(self, seconds: float = 30.0) -> int:
        """Its exit code, once it ended; raises when it does not in time."""
        return self.process.wait(seconds)

    def close(self) -> None:
        """End it and every process it started and left alive."""
        with suppress(psutil.NoSuchProcess):
            below = psutil.Process(self.process.pid).children(recursive=True)
            self.process.kill()
            for process in below:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        self.process.wait()


def living_workers(home: Path) -> dict[str, int]:
    """Process ids of the workers on this host that the harvester at `home` started, by worker id."""
    records = LocalRecords(home / "work" / ".workers")
    found = {tag: record for tag in records.tags() if (record := records.read(tag)) is not None and record.pid}
    return {tag.partition("-")[2]: one.pid for tag, one in found.items() if is_alive(one.pid, one.born)}


def is_running(pid: int) -> bool:
    """True while a process runs or is stopped; false when it is gone or waits to be buried."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_stopped(pid: int) -> bool:
    """True while a process is held by SIGSTOP."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return False
