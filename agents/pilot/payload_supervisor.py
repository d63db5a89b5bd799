"""`python -m agents.pilot.payload_supervisor`: stands between a pilot and its payloads, so that none runs when it must not.

The pilot starts it with a socket as standard input and sends orders; it answers with what happened (JSON, one message
a packet, see `payload.py`). It is the payload's parent and keeps three promises, also when the pilot dies or is frozen:

* the pilot died (end of file on the socket): every process that descends from the payload is killed;
* the lease ran out, because the pilot is frozen or cut off: they are stopped (SIGSTOP) until the pilot renews it;
* the payload ended: what it left running is killed before its end is reported.

A payload whose supervisor is killed gets the kernel's parent-death signal, and the pilot kills what is left.
"""

import json
import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from agents.pilot import process_tree

PACKET_BYTES = 1 << 20
#: Timers of the kernel stand still while a machine is suspended; so they are looked at this often.
LOOK_SECONDS = 1.0
KILL_SECONDS = 30.0
Message = dict[str, Any]


def now() -> float:
    """Seconds since boot, those in suspension included: a lease goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class PayloadSupervisor:
    """Runs one payload at a time. `lease_until` and `kill_at` are times of `now()`."""

    def __init__(self, pilot: socket.socket) -> None:
        self._pilot = pilot
        self._payload: subprocess.Popen[bytes] | None = None
        self._payload_fd = -1
        self._lease_until = 0.0
        self._kill_at: float | None = None
        self._paused = False
        self._cpu_seconds_of_orphans = 0.0

    def run(self) -> None:
        """Serve until the pilot is gone."""
        while True:
            poll = select.poll()
            poll.register(self._pilot, select.POLLIN)
            if self._payload is not None:
                poll.register(self._payload_fd, select.POLLIN)
            ready = {fd for fd, _ in poll.poll(self._milliseconds())}
            if self._payload is not None:
                self._cpu_seconds_of_orphans += process_tree.bury_orphans(self._payload.pid)
                self._hold_deadlines()
            if self._payload_fd in ready:
                self._bury()
            if self._pilot.fileno() in ready and not self._obey():
                return

    def _milliseconds(self) -> float | None:
        """How long nothing is due; None for ever."""
        if self._payload is None:
            return None
        due = [LOOK_SECONDS]
        if self._kill_at is not None:
            due.append(self._kill_at - now())
        if not self._paused:
            due.append(self._lease_until - now())
        return max(0.0, min(due)) * 1000 + 1

    def _hold_deadlines(self) -> None:
        if self._kill_at is not None and now() >= self._kill_at:
            process_tree.signal_descendants(signal.SIGKILL)
            self._kill_at = now() + LOOK_SECONDS
        elif not self._paused and now() >= self._lease_until:
            process_tree.signal_descendants(signal.SIGSTOP)
            self._paused = True
            self._say(said="paused")

    def _obey(self) -> bool:
        """Do what the pilot says; false when it is gone."""
        try:
            packet = self._pilot.recv(PACKET_BYTES)
        except ConnectionResetError:
            packet = b""
        if not packet:
            return False
        order = json.loads(packet)
        match order["do"]:
            case "start":
                self._start(order)
            case "renew":
                self._renew(order["until"])
            case "stop":
                self._stop(order["grace_seconds"])
            case unknown:
                raise AssertionError(f"order {unknown!r}")
        return True

    def _start(self, order: Message) -> None:
        assert self._payload is None, "one payload at a time"
        me = os.getpid()
        folder = Path(order["directory"])
        try:
            with (folder / order["stdout"]).open("wb") as out, (folder / order["stderr"]).open("wb") as err:
                self._payload = subprocess.Popen(
                    order["command"],
                    cwd=folder,
                    env=order["environment"],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                    preexec_fn=lambda: process_tree.die_with_parent(me),  # safe: this process has one thread
                )
        except OSError as problem:
            self._say(said="refused", problem=f"{type(problem).__name__}: {problem.strerror}")
            return
        self._payload_fd = os.pidfd_open(self._payload.pid)
        self._lease_until, self._kill_at, self._paused = order["until"], None, False
        self._cpu_seconds_of_orphans = 0.0
        self._say(said="started", pid=self._payload.pid)

    def _renew(self, until: float) -> None:
        if self._payload is None or until <= now():
            return
        self._lease_until = until
        if self._paused and self._kill_at is None:
            process_tree.signal_descendants(signal.SIGCONT)
            self._paused = False
            self._say(said="resumed")

    def _stop(self, grace_seconds: float) -> None:
        """Ask the payload to end, and insist later; one that is paused is not woken to say good-bye."""
        if self._payload is None or self._kill_at is not None:
            return
        self._kill_at = now() + (0.0 if self._paused else grace_seconds)
        if not self._paused:
            process_tree.signal_descendants(signal.SIGTERM)

    def _bury(self) -> None:
        """Tell the payload's end, once nothing of it is left."""
        assert self._payload is not None
        _, status, usage = os.wait4(self._payload.pid, 0)
        self._payload.returncode = os.waitstatus_to_exitcode(status)
        cpu = usage.ru_utime + usage.ru_stime + self._cpu_seconds_of_orphans + process_tree.end_descendants(KILL_SECONDS)
        os.close(self._payload_fd)
        exit_code, self._payload, self._payload_fd = self._payload.returncode, None, -1
        self._say(said="ended", exit_code=exit_code, cpu_seconds=cpu, rss_kb_max=usage.ru_maxrss)

    def _say(self, **message: object) -> None:
        try:
            self._pilot.send(json.dumps(message).encode())
        except (BrokenPipeError, ConnectionResetError):
            return  # the end of file comes next


def main() -> None:
    """Serve the pilot whose socket is standard input, then leave no process behind."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # Only the pilot ends it. Not SIG_IGN, which payloads would inherit.
        signal.signal(number, lambda *_: None)
    process_tree.adopt_orphans()
    with socket.socket(fileno=0) as pilot:
        try:
            PayloadSupervisor(pilot).run()
        finally:
            process_tree.end_descendants(KILL_SECONDS)


if __name__ == "__main__":
    main()
