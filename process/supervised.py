"""What the supervisor of a stack knows of its processes: reads only; `deploy/supervision.py` starts and stops.

In: the stack's CULM_HOME. Out: state, restarts and time of each process. Guards: the supervisor's socket is its owner's alone;
where none answers, `NotSupervised` is raised, which for an API that runs by itself is nothing special.
"""

import hashlib
import http.client
import re
import socket
import tempfile
import xmlrpc.client
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from process.instances import KINDS, SERVERS, process_named

SOCKET_PATH_MAX = 100
CALL_SECONDS_MAX = 60.0
SPAWNED = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ \S+ spawned: '([^']+)' with pid", re.MULTILINE)


class NotSupervised(RuntimeError):
    """No supervisor answers for this CULM_HOME."""


@dataclass(frozen=True, slots=True)
class ProcessState:
    """A process as the supervisor sees it. `restarts` counts starts after the first."""

    name: str
    pid: int | None
    state: str
    restarts: int
    since_seconds: float


def socket_path(home: Path) -> Path:
    """Where the supervisor listens: under `run/`, or in the temporary folder where that path is too long for a socket."""
    path = home / "run" / "supervisor.sock"
    if len(str(path)) <= SOCKET_PATH_MAX:
        return path
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"culm-{digest}.sock"


class SupervisorClient:
    """Asks the supervisor of the stack under `home`; every question raises NotSupervised."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._socket = str(socket_path(home))

    def is_up(self) -> bool:
        """True when it answers."""
        try:
            return bool(self.call("getState"))
        except NotSupervised:
            return False

    def states(self) -> list[ProcessState]:
        """Every process, servers first, then in the order of the data flow."""
        rows = cast(list[dict[str, Any]], self.call("getAllProcessInfo"))
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

    def call(self, method: str, *arguments: object) -> object:
        """What the supervisor answers to one of its methods; raises NotSupervised, xmlrpc.client.Fault."""
        try:
            with xmlrpc.client.ServerProxy("http://culm", transport=_SocketTransport(self._socket)) as server:
                return getattr(server.supervisor, method)(*arguments)
        except (OSError, http.client.HTTPException) as problem:
            raise NotSupervised(f"no supervisor answers under {self._home}") from problem

    def _starts(self) -> dict[str, int]:
        """How often each process was started since the supervisor was, from its log."""
        counts: dict[str, int] = {}
        for _, name in SPAWNED.findall(self._log_text()):
            counts[name] = counts.get(name, 0) + 1
        return counts

    def _log_text(self) -> str:
        """The supervisor's log since its start."""
        try:
            text = (self._home / "logs" / "supervisord.log").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return text.rpartition("supervisord started with pid")[2]


def restarts_since(log_text: str, moment: datetime) -> dict[str, int]:
    """Starts of each process at or after `moment` (local time, as in the log) that were not its first."""
    counts: dict[str, int] = {}
    started: set[str] = set()
    for stamp, name in SPAWNED.findall(log_text):
        if name in started and datetime.fromisoformat(stamp) >= moment:
            counts[name] = counts.get(name, 0) + 1
        started.add(name)
    return counts


def _place(name: str) -> tuple[int, int]:
    """Servers in their order, then kinds in theirs and the instances of each by number, then what has no place."""
    if name in SERVERS:
        return SERVERS.index(name), 0
    process = process_named(name)
    if process is None:
        return len(SERVERS) + len(KINDS), 0
    return len(SERVERS) + KINDS.index(process.kind), process.instance


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
