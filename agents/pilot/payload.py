"""The pilot's side of its supervisor: orders to it, and what it says of the payload.

Orders: `start`, `renew`, `stop`. Answers: `started`, `refused`, `paused`, `resumed`, `ended`. Orders may come from any
thread, answers are read by one.
"""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from agents.pilot import process_tree
from agents.pilot.errors import NOT_STARTED, JobTrouble, PayloadSupervisorGone
from agents.pilot.payload_supervisor import KILL_SECONDS, PACKET_BYTES, Message

CLOSE_SECONDS = 5.0
STDOUT, STDERR = "payload.stdout", "payload.stderr"


class PayloadSupervisorClient:
    """A supervisor of this pilot's own; start it before there are threads, close it at the end."""

    def __init__(self) -> None:
        process_tree.adopt_orphans()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "agents.pilot.payload_supervisor"]
        # A session of its own: what is sent to the pilot's process group must not hit the supervisor.
        with theirs:
            self._process = subprocess.Popen(command, stdin=theirs.fileno(), start_new_session=True)

    @property
    def is_gone(self) -> bool:
        """True when it died; this pilot can run no more payloads."""
        return self._process.poll() is not None

    @property
    def pid(self) -> int:
        """Process id of the supervisor; payloads are its descendants."""
        return self._process.pid

    def fileno(self) -> int:
        """Readable when there is something to `read`."""
        return self._socket.fileno()

    def start(self, command: Sequence[str], directory: Path, environment: Mapping[str, str], until: float) -> int:
        """Start `command` under a lease that runs `until`; returns its process id. Raises JobTrouble, PayloadSupervisorGone."""
        order: Message = {"command": list(command), "directory": str(directory), "environment": dict(environment)}
        try:
            self._order("start", **order, until=until, stdout=STDOUT, stderr=STDERR)
        except OSError as problem:  # most likely a command beyond what a packet holds
            raise JobTrouble(NOT_STARTED, f"the payload cannot be started: {problem.strerror}") from problem
        answer = self.read()
        if answer["said"] != "started":
            raise JobTrouble(NOT_STARTED, f"the payload cannot be started: {answer['problem']}")
        return int(answer["pid"])

    def renew(self, until: float) -> None:
        """Let the payload run `until`, a time of `supervisor.now()`."""
        with suppress(OSError):  # the next read finds out that the supervisor is gone
            self._order("renew", until=until)

    def stop(self, grace_seconds: float) -> None:
        """End the payload: SIGTERM, then SIGKILL; without grace when its lease has run out."""
        with suppress(OSError):
            self._order("stop", grace_seconds=grace_seconds)

    def read(self) -> Message:
        """The supervisor's next word; raises PayloadSupervisorGone, with all payloads dead."""
        try:
            packet = self._socket.recv(PACKET_BYTES)
        except ConnectionResetError:
            packet = b""
        if not packet:
            self._process.wait()
            process_tree.end_descendants(KILL_SECONDS)
            raise PayloadSupervisorGone(f"the supervisor ended with {self._process.returncode}")
        answer: Message = json.loads(packet)
        return answer

    def close(self) -> None:
        """End the supervisor and every process of the payload."""
        self._socket.close()
        try:
            self._process.wait(CLOSE_SECONDS + KILL_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def _order(self, do: str, **order: object) -> None:
        self._socket.send(json.dumps({"do": do, **order}).encode())
