"""supervisord around the processes of a stack: its configuration file, its start, and the calls to it.

A process that dies is started again, after a pause that grows with every failure in a row. The supervisor listens on a socket
under CULM_HOME/run that its owner alone may use.
"""

import hashlib
import http.client
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from deploy.config import StackConfig
from deploy.errors import DidNotStart, NotUp
from deploy.processes import MODULES, SERVERS, Process, log_file

SOCKET_PATH_MAX = 100
START_SECONDS_MAX = 20.0
CALL_SECONDS_MAX = 60.0
OPEN_FILES = 65_536
SPAWNED = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ \S+ spawned: '([^']+)' with pid", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ProcessState:
    """A process as the supervisor sees it. `restarts` counts starts after the first."""

    name: str
    pid: int | None
    state: str
    restarts: int
    since_seconds: float


def configuration(config: StackConfig, processes: tuple[Process, ...], inherited: Mapping[str, str]) -> str:
    """supervisord's configuration file."""
    lines = [
        "[supervisord]",
        f"logfile={config.logs / 'supervisord.log'}",
        "logfile_maxbytes=20MB",
        f"pidfile={config.run / 'supervisord.pid'}",
        f"childlogdir={config.logs}",
        "identifier=culm",
        f"minfds={_open_files()}",
        *(["user=root"] if os.geteuid() == 0 else []),
        "",
        "[unix_http_server]",
        f"file={socket_path(config)}",
        "chmod=0600",
        "",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        "",
    ]
    for process in processes:
        lines += _program(config, process, inherited)
    return "\n".join(lines) + "\n"


def _program(config: StackConfig, process: Process, inherited: Mapping[str, str]) -> list[str]:
    variables = {**inherited, **process.environment}
    listed = ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(variables.items()))
    return [
        f"[program:{process.name}]",
        "command=" + " ".join(_quoted(part) for part in process.command),
        f"environment={listed}",
        "autostart=false",
        "autorestart=true",
        "startsecs=1",
        "startretries=1000000",
        f"stopsignal={process.stop_signal}",
        f"stopwaitsecs={process.stop_seconds}",
        "stopasgroup=false",
        "killasgroup=true",
        *([f"user={process.user}"] if process.user else []),
        f"directory={'/' if process.user else config.home}",
        f"stdout_logfile={log_file(config, process.name)}",
        "stdout_logfile_maxbytes=50MB",
        "stdout_logfile_backups=1",
        "redirect_stderr=true",
        "",
    ]


def _open_files() -> int:
    """As many open files as this account may have, up to what a broker with many partitions needs."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)


def _escaped(value: str) -> str:
    return value.replace("%", "%%").replace('"', '\\"').replace("\n", " ")


def _quoted(part: str) -> str:
    return '"' + part.replace("%", "%%").replace('"', '\\"') + '"'


def socket_path(config: StackConfig) -> Path:
    """Where the supervisor listens: under `run/`, or in the temporary folder where that path is too long for a socket."""
    path = config.run / "supervisor.sock"
    if len(str(path)) <= SOCKET_PATH_MAX:
        return path
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"culm-{digest}.sock"


class Supervisor:
    """The running supervisor of one stack."""

    def __init__(self, config: StackConfig) -> None:
        self._config = config
        self._socket = str(socket_path(config))

    def launch(self, processes: tuple[Process, ...], inherited: Mapping[str, str]) -> None:
        """Start supervisord in the background with `processes`, none of them started yet; raises DidNotStart."""
        self._config.run.mkdir(parents=True, exist_ok=True)
        self._config.logs.mkdir(parents=True, exist_ok=True)
        path = self._config.run / "supervisord.conf"
        path.touch(mode=0o600)
        path.write_text(configuration(self._config, processes, inherited), encoding="utf-8")
        command = [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-c", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise DidNotStart(f"supervisord did not start:\n{(done.stdout + done.stderr)[-2000:]}")
        end = time.monotonic() + START_SECONDS_MAX
        while not self.is_up():
            if time.monotonic() > end:
                raise DidNotStart(f"supervisord does not answer on {socket_path(self._config)}")
            time.sleep(0.05)

    def is_up(self) -> bool:
        """True when it answers."""
        try:
            return bool(self._call("getState"))
        except NotUp:
            return False

    def start(self, name: str) -> None:
        """Start a process without waiting; one that runs is left alone."""
        try:
            self._call("startProcess", name, False)
        except xmlrpc.client.Fault as problem:
            if "ALREADY_STARTED" not in problem.faultString:
                raise DidNotStart(f"{name}: {problem.faultString}") from problem

    def stop(self, name: str) -> None:
        """Stop a process and wait for its end."""
        try:
            self._call("stopProcess", name, True)
        except xmlrpc.client.Fault as problem:
            if "NOT_RUNNING" not in problem.faultString:
                raise

    def shut_down(self, *, wait_seconds: float = 60.0) -> None:
        """End the supervisor and everything below it."""
        pid = int(cast(int, self._call("getPID")))
        self._call("shutdown")
        end = time.monotonic() + wait_seconds
        while time.monotonic() < end and Path(f"/proc/{pid}").exists():
            time.sleep(0.05)

    def states(self) -> list[ProcessState]:
        """Every process, servers first, then in the order of the data flow."""
        rows = cast(list[dict[str, Any]], self._call("getAllProcessInfo"))
        starts = self._starts()
        return [
            ProcessState(
                name=row["name"],
                pid=row["pid"] or None,
                state=row["statename"].lower(),
                restarts=max(0, starts.get(row["name"], 0) - 1),
                since_seconds=max(0.0, float(row["now"] - row["start"])) if row["pid"] else 0.0,
            )
            for row in sorted(rows, key=lambda row: _place(row["name"]))
        ]

    def restarts(self, name: str) -> int:
        """How often a process was started again after its first start."""
        return max(0, self._starts().get(name, 0) - 1)

    def restarts_within(self, seconds: float) -> dict[str, int]:
        """How often each process was started again in the last `seconds`, by the supervisor's log; the first start is none."""
        return restarts_since(self._log_text(), datetime.now() - timedelta(seconds=seconds))  # noqa: DTZ005  # its log is local

    def _starts(self) -> dict[str, int]:
        """How often each process was started since the supervisor was, from its log."""
        counts: dict[str, int] = {}
        for name in re.findall(r"spawned: '([^']+)' with pid", self._log_text()):
            counts[name] = counts.get(name, 0) + 1
        return counts

    def _log_text(self) -> str:
        """The supervisor's log since its start."""
        try:
            text = (self._config.logs / "supervisord.log").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return text.rpartition("supervisord started with pid")[2]

    def _call(self, method: str, *arguments: object) -> object:
        try:
            with xmlrpc.client.ServerProxy("http://culm", transport=_SocketTransport(self._socket)) as server:
                return getattr(server.supervisor, method)(*arguments)
        except (OSError, http.client.HTTPException) as problem:
            raise NotUp(f"no stack runs under {self._config.home}; start one with `culm up`") from problem


def restarts_since(log_text: str, moment: datetime) -> dict[str, int]:
    """Starts of each process at or after `moment` (local time, as in the log) that were not its first."""
    counts: dict[str, int] = {}
    started: set[str] = set()
    for stamp, name in SPAWNED.findall(log_text):
        if name in started and datetime.fromisoformat(stamp) >= moment:
            counts[name] = counts.get(name, 0) + 1
        started.add(name)
    return counts


def _place(name: str) -> int:
    names = (*SERVERS, *MODULES)
    return names.index(name) if name in names else len(names)


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("culm", timeout=CALL_SECONDS_MAX)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(CALL_SECONDS_MAX)
        try:
            self.sock.connect(self._path)
        except OSError:
            self.close()
            raise


class _SocketTransport(xmlrpc.client.Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._socket_connection = _SocketConnection(path)

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        return self._socket_connection

    def close(self) -> None:
        self._socket_connection.close()
