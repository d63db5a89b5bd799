"""`python -m agents.harvester`: keeps as many pilots alive as Culm wants for one queue, and reports each one's life.

Pilots end with their harvester: they get the kernel's parent-death signal, and a ledger on disk lets the next harvester
report the ones that died unseen.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil
import structlog

from agents.harvester.config import HarvesterConfig, read_config
from agents.logs import configure_logs

PR_SET_PDEATHSIG = 1
WAIT_SECONDS = 25
AWAY_SECONDS = 1.0
CHECK_SECONDS = 0.2
END_SECONDS = 15.0
_libc = ctypes.CDLL(None, use_errno=True)
log = structlog.get_logger()


@dataclass(slots=True)
class Demand:
    """How many pilots are wanted, as last heard."""

    wanted: int = 0
    sequence: int = -1


@dataclass(slots=True)
class Harvester:
    """Pilots of one queue by worker id."""

    config: HarvesterConfig
    http: httpx.Client
    stop: threading.Event
    demand: Demand = field(default_factory=Demand)
    pilots: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    unsaid: list[dict[str, Any]] = field(default_factory=list)

    def run(self) -> None:
        """Keep the number of pilots until told to stop, then end them all."""
        self._bury_the_dead()
        threading.Thread(target=self._listen, daemon=True, name="demand").start()
        while not self.stop.is_set():
            self._reap()
            self._start()
            self._say()
            self.stop.wait(CHECK_SECONDS)
        self._end_all()

    def _listen(self) -> None:
        """Hear how many pilots are wanted, by long polls."""
        while not self.stop.is_set():
            path = f"/v1/queues/{self.config.queue}/wanted"
            parameters = {"after": self.demand.sequence, "wait": WAIT_SECONDS}
            try:
                answer = self.http.get(path, params=parameters, headers=self._headers(), timeout=WAIT_SECONDS + 15)
                answer.raise_for_status()
                found = answer.json()
                self.demand = Demand(int(found["wanted"]), int(found["sequence"]))
            except (httpx.HTTPError, ValueError, KeyError) as problem:
                log.warning("demand_unknown", problem=str(problem)[:200])
                self.stop.wait(AWAY_SECONDS)

    def _start(self) -> None:
        """Start what is missing; pilots end by themselves when there is no work."""
        awake = sum(not _is_frozen(pilot.pid) for pilot in self.pilots.values())
        for _ in range(min(self.demand.wanted, self.config.pilots_max) - awake):
            worker = f"{self.config.queue}-{uuid.uuid4().hex[:12]}"
            environment = os.environ | {"HARVESTER_ID": self.config.harvester_id, "HARVESTER_WORKER_ID": worker}
            command = [sys.executable, "-m", "agents.pilot"]
            pilot = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent)
            self.pilots[worker] = pilot
            log.info("pilot_started", worker_id=worker, pid=pilot.pid)
            self._report(worker, "submitted")
            self._report(worker, "running")
            self._write_ledger()

    def _reap(self) -> None:
        for worker, pilot in list(self.pilots.items()):
            code = pilot.poll()
            if code is not None:
                del self.pilots[worker]
                self._report(worker, "finished" if code == 0 else "failed", code)
                self._write_ledger()

    def _bury_the_dead(self) -> None:
        """Report the workers of a harvester that died before it could."""
        try:
            dead = json.loads(self.config.ledger.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return
        for worker in dead:
            self._report(str(worker), "failed", None, "its harvester died")
        self._write_ledger()

    def _write_ledger(self) -> None:
        self.config.ledger.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.config.ledger.with_suffix(".part")
        unfinished.write_text(json.dumps(sorted(self.pilots)), encoding="utf-8")
        unfinished.rename(self.config.ledger)

    def _report(self, worker: str, state: str, code: int | None = None, diagnostic: str | None = None) -> None:
        self.unsaid.append(
            {
                "worker_id": worker,
                "harvester_id": self.config.harvester_id,
                "state": state,
                "node": self.config.node,
                "exit_code": code,
                "diagnostic": diagnostic,
            }
        )

    def _say(self) -> None:
        """Send reports in order; what the server does not take now is sent again."""
        while self.unsaid:
            path = f"/v1/queues/{self.config.queue}/workers"
            try:
                answer = self.http.post(path, json=self.unsaid[0], headers=self._headers(), timeout=15)
                if answer.status_code >= 500 or answer.status_code in (401, 403, 429):
                    answer.raise_for_status()
            except (httpx.HTTPError, OSError) as problem:
                log.warning("report_not_taken", problem=str(problem)[:200])
                return
            if answer.status_code >= 400:
                log.warning("report_refused", status=answer.status_code, said=answer.text[:200])
            del self.unsaid[0]

    def _end_all(self) -> None:
        for pilot in self.pilots.values():
            pilot.terminate()
        end = time.monotonic() + END_SECONDS
        while self.pilots and time.monotonic() < end:
            self._reap()
            time.sleep(0.05)
        for pilot in self.pilots.values():
            pilot.kill()
            pilot.wait()
        self._reap()
        self._say()

    def _headers(self) -> dict[str, str]:
        token = self.config.token_file.read_text(encoding="utf-8").strip()
        return {"Authorization": f"Bearer {token}", "Origin": self.config.vo}


def _is_frozen(pid: int) -> bool:
    """True for a pilot that somebody stopped (SIGSTOP): it holds no place, its jobs go to others when their leases end."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return False


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main(config: HarvesterConfig) -> int:
    """Exit code 0 after an orderly end."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log.info("harvester_starts", queue=config.queue, pilots_max=config.pilots_max, api=config.api)
    with httpx.Client(base_url=config.api) as http:
        Harvester(config, http, stop).run()
    return 0


if __name__ == "__main__":
    configure_logs()
    sys.exit(main(read_config(os.environ)))
