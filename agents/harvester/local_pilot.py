"""A pilot as a process on this host: started, or found again after the harvester was killed.

Pilots run in sessions of their own and write to files of their own, so that they outlive a harvester that was killed:
hours of work must not hang on it. The next harvester adopts them until their jobs are done. Asking the harvester
to end, ends them too.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import psutil

from agents.harvester.ledger import PilotEntry
from agents.plain_files import beginning_of, remove_folder

#: Start times are read from the wall clock, which may be set in between.
CLOCK_SECONDS = 2.0
EXIT_CODE_BYTES_MAX = 16
KEPT_SECONDS = 86_400.0
LOG, EXIT_CODE, JOBS = "pilot.log", "exit_code", "PanDA_Pilot-*"


class Leaving(Enum):
    """What a pilot was asked."""

    NOT = "no"
    RETIRING = "take no more jobs"
    ENDING = "end"


@dataclass(slots=True)
class LocalPilot:
    """One pilot. `fd` is a descriptor of its process, readable once it ended; `child` is None for an adopted one."""

    worker_id: str
    entry: PilotEntry
    folder: Path
    fd: int
    child: subprocess.Popen[bytes] | None
    leaving: Leaving = Leaving.NOT
    since: float = field(default_factory=time.monotonic)

    @property
    def is_frozen(self) -> bool:
        """True for a pilot that was stopped (SIGSTOP)."""
        try:
            return psutil.Process(self.entry.pid).status() == psutil.STATUS_STOPPED
        except psutil.NoSuchProcess:
            return False

    def retire(self) -> None:
        """Have it finish its job and take no more."""
        self.leaving = Leaving.RETIRING
        self._signal(signal.SIGUSR1)

    def end(self) -> None:
        """Have it stop its job and end."""
        self.leaving = Leaving.ENDING
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once; its supervisor ends the payload."""
        self.leaving = Leaving.ENDING
        self._signal(signal.SIGKILL)

    def bury(self) -> int | None:
        """The exit code, negative for a signal, of a process that ended; None when it is not known."""
        os.close(self.fd)
        if self.child is not None:
            return self.child.wait()
        return exit_code_left_in(self.folder)

    def clean_up(self) -> None:
        """Remove its directory unless it left a job's directory there, which an operator may want to look at."""
        if not any(self.folder.glob(JOBS)):
            remove_folder(self.folder)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.fd, number)


def start_pilot(worker_id: str, harvester_id: str, folder: Path, outer: Mapping[str, str]) -> LocalPilot:
    """A new pilot with the environment `outer`; raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**outer, "HARVESTER_ID": harvester_id, "HARVESTER_WORKER_ID": worker_id}
    with (folder / LOG).open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "agents.pilot"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    entry = PilotEntry(child.pid, psutil.Process(child.pid).create_time())
    return LocalPilot(worker_id, entry, folder, os.pidfd_open(child.pid), child)


def adopt_pilot(worker_id: str, entry: PilotEntry, folder: Path) -> LocalPilot | None:
    """The pilot that an earlier harvester started; None when it lives no more."""
    try:
        fd = os.pidfd_open(entry.pid)
    except ProcessLookupError:
        return None
    try:  # from here on the number cannot come to mean another process unnoticed
        process = psutil.Process(entry.pid)
        alive = abs(process.create_time() - entry.born) < CLOCK_SECONDS and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        alive = False
    if not alive:
        os.close(fd)
        return None
    return LocalPilot(worker_id, entry, folder, fd, None)


def sweep(work: Path, prefix: str, living: Collection[str]) -> None:
    """Remove directories of pilots that ended long ago; failed ones are kept for a day."""
    if not work.is_dir():
        return
    for folder in work.iterdir():
        if folder.name.startswith(prefix) and folder.name not in living:
            with suppress(OSError):
                if time.time() - folder.stat().st_mtime > KEPT_SECONDS:
                    remove_folder(folder)


def exit_code_left_in(folder: Path) -> int | None:
    """The exit code that a pilot wrote down at an orderly end."""
    try:
        code = int(beginning_of(folder / EXIT_CODE, EXIT_CODE_BYTES_MAX))
    except (OSError, ValueError):
        return None
    return code if 0 <= code <= 255 else None
