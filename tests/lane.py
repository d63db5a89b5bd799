"""The lane of a test run: ports and folders that no other run uses at the same time, and the end of all that runs in it.

Each worker of pytest-xdist is a lane of its own. A lane is taken by a lock on a file in its folder, which the kernel gives back
when its holders are dead: this process, and the reaper that ends all that a killed run left (tests/reaper.py).
"""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from deploy.config import CHECKOUT, MARK
from deploy.leftovers import end_leftovers
from deploy.stack import home_for_tests

#: Ports of the tests' stacks lie this far above the usual ones; two test runs side by side need two offsets.
OFFSET = "CULM_TEST_PORTS_OFFSET"
OFFSET_DEFAULT = "1000"
#: The stacks of a lane lie within this many ports.
PORTS_OF_A_LANE = 1000
#: A killed run needs so long at most to end what it had started.
FREE_SECONDS_MAX = 60.0
#: Set by pytest-xdist in each of its workers: `gw0`, `gw1`, ...
WORKER = "PYTEST_XDIST_WORKER"


class LaneTaken(Exception):
    """Another test run uses the same ports and folders."""


@dataclass(slots=True)
class Lane:
    """The lane whose stacks listen `offset` above the usual ports."""

    offset: int
    _lock: IO[str] | None = field(default=None, repr=False)
    _reaper: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Lane":
        """The lane that CULM_TEST_PORTS_OFFSET names, and for worker N of pytest-xdist the Nth after it."""
        number = int(environ.get(WORKER, "gw0").removeprefix("gw"))
        return cls(int(environ.get(OFFSET) or OFFSET_DEFAULT) + number * PORTS_OF_A_LANE)

    @property
    def folder(self) -> Path:
        """The homes of its stacks are in here."""
        return home_for_tests(f"lane-{self.offset}")

    @property
    def mark(self) -> dict[str, str]:
        """The variable by which processes of the lane are found that belong to none of its stacks."""
        return {MARK: str(self.folder)}

    @property
    def taken(self) -> bool:
        """True once it is ours."""
        return self._lock is not None

    def take(self) -> None:
        """Have the lane for this process, with nothing running in it; raises LaneTaken when another run has it."""
        if self._lock is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = (self.folder / "taken-by").open("a+")
        self._wait_for(lock)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        end_leftovers(self.folder, below=True)  # of a run that was killed together with its reaper
        os.environ.update(self.mark)
        self._lock = lock
        self._reaper = _reaper(self.folder, lock)

    def leave(self) -> None:
        """Give the lane back, with nothing running in it; does nothing when it was not taken."""
        if self._lock is None or self._reaper is None:
            return
        end_leftovers(self.folder, below=True)  # the reaper, which bears the mark too, among them
        self._reaper.wait()
        self._lock.close()
        self._lock = self._reaper = None

    def _wait_for(self, lock: IO[str]) -> None:
        """Return with the lock on the open file; a run that is dead gets time to end what it started."""
        end = time.monotonic() + FREE_SECONDS_MAX
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read()
                if time.monotonic() > end or _is_alive(holder):
                    lock.close()
                    raise LaneTaken(
                        f"process {holder} runs tests on the same ports, {self.offset:+} from the usual ones; "
                        f"set {OFFSET} to another number, in steps of {PORTS_OF_A_LANE}"
                    ) from None
                time.sleep(0.05)


def _is_alive(pid: str) -> bool:
    """True for the id of a process that has not ended."""
    try:
        return pid.isdigit() and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _reaper(folder: Path, lock: IO[str]) -> subprocess.Popen[bytes]:
    """Out of our group and off our streams: what ends us must not end it, and no pipe of ours waits for it."""
    watched = [str(os.getpid()), *([str(os.getppid())] if WORKER in os.environ else [])]
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.reaper", str(folder), *watched],
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(lock.fileno(),),
        start_new_session=True,
    )


#: The lane of this process.
LANE = Lane.from_environ(os.environ)
