"""What a host must remember of the workers that run on it as processes: a small file for each, in a folder of the plugin's own.

A file with the name of a tag is made before the process is, so that a tag is started once; then it gets the process's number and
the time at which it was born, and in the end how it ended. Guards: a number that another process has by now is not the worker.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from agents.harvester.systems.contract import NativeState
from process.private_files import write_private

RECORD_BYTES_MAX = 4096
#: Codes of a process that was asked to retire before it listened: its own, and that of the process that isolates it.
ENDED_BY_RETIRING = (-signal.SIGUSR1, 128 + signal.SIGUSR1)


@dataclass(frozen=True, slots=True)
class LocalRecord:
    """A worker. pid: 0 until it is known. born: clock ticks of the host. code: as of `Popen`, None where it was not seen.

    cancelled_at: seconds since 1970, 0 where no one cancelled it. retired: it was asked to take no more jobs.
    memory_mb, cores: as they were asked for; 0 where that is not known.
    """

    pid: int = 0
    born: int = 0
    ended: bool = False
    code: int | None = None
    cancelled_at: float = 0.0
    retired: bool = False
    memory_mb: int = 0
    cores: int = 0


def state_of(record: LocalRecord) -> NativeState:
    """How a worker that is over ended."""
    if record.cancelled_at:
        return NativeState.CANCELLED
    if record.retired and record.code in ENDED_BY_RETIRING:
        return NativeState.FINISHED
    return NativeState.FINISHED if record.code == 0 else NativeState.FAILED


class LocalRecords:
    """The records of one stack's workers, below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, tag: str) -> bool:
        """Make the record of a worker; false when there is one. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            os.close(os.open(self._folder / tag, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            return False
        return True

    def write(self, tag: str, record: LocalRecord) -> None:
        """Put `record` in place of the one that is there; raises OSError."""
        write_private(self._folder / tag, json.dumps(asdict(record)).encode())

    def change(self, tag: str, **changes: object) -> LocalRecord:
        """The record after `changes`; raises OSError."""
        record = replace(self.read(tag) or LocalRecord(), **changes)  # type: ignore[arg-type]
        self.write(tag, record)
        return record

    def read(self, tag: str) -> LocalRecord | None:
        """The record of a worker; None where there is none. One that is empty or cut off says nothing but that it began."""
        try:
            with (self._folder / tag).open("rb") as file:
                text = file.read(RECORD_BYTES_MAX)
        except FileNotFoundError:
            return None
        try:
            return LocalRecord(**json.loads(text)) if text else LocalRecord()
        except (ValueError, TypeError):
            return LocalRecord()

    def forget(self, tag: str) -> None:
        """Remove the record."""
        (self._folder / tag).unlink(missing_ok=True)

    def tags(self) -> list[str]:
        """Of all workers that there is a record of; raises OSError."""
        try:
            return sorted(path.name for path in self._folder.iterdir() if "." not in path.name)
        except FileNotFoundError:
            return []

    def age_seconds(self, tag: str) -> float:
        """Since its last change; 0 where there is none."""
        with suppress(OSError):
            return max(0.0, time.time() - (self._folder / tag).stat().st_mtime)
        return 0.0


@dataclass(frozen=True, slots=True)
class SeenProcess:
    """A process that leads a session and has a tag in its environment. born: clock ticks of the host. state: one letter."""

    pid: int
    born: int
    state: str
    user: int
    tag: str


def batch_id(pid: int, born: int) -> str:
    """What names a process for good: its number and its birth."""
    return f"{pid}.{born}"


def place_of(batch_id: str) -> dict[str, int]:
    """Number and birth of the process; empty for a batch id that is none of this host's."""
    pid, _, born = batch_id.partition(".")
    return {"pid": int(pid), "born": int(born)} if pid.isdecimal() and born.isdecimal() else {}


def is_alive(pid: int, born: int) -> bool:
    """Whether the process is there and not waiting to be buried."""
    found = _status_of(pid)
    return found is not None and found[0] == born and found[1] not in "ZX"


def process_of(pid: int, born: int, tag: str) -> SeenProcess | None:
    """The process of the worker `tag`, if it is there."""
    found = _status_of(pid)
    return None if found is None or found[0] != born or found[1] in "ZX" else SeenProcess(pid, born, found[1], -1, tag)


def born_at(pid: int) -> int:
    """When a process was born, in clock ticks of the host; 0 where it is not there."""
    found = _status_of(pid)
    return found[0] if found else 0


def leaders(variable: str) -> Iterator[SeenProcess]:
    """Processes of this host's process namespace that lead their session and name `variable`; raises OSError."""
    own, marker = Path("/proc/self/ns/pid").readlink(), variable.encode() + b"="
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        pid = int(folder.name)
        status = _status_of(pid)
        if status is None or status[2] != pid or status[1] in "ZX":
            continue
        with suppress(OSError):
            if (folder / "ns" / "pid").readlink() != own:  # a payload that calls itself a worker
                continue
            environment = (folder / "environ").read_bytes().split(b"\0")
            user = _user_of(pid)
            for entry in environment:
                if entry.startswith(marker):
                    yield SeenProcess(pid, status[0], status[1], user, entry[len(marker) :].decode("ascii", "replace"))
                    break


def _status_of(pid: int) -> tuple[int, str, int] | None:
    """Birth, state and session of a process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(b")") + 2 :].split()
    return int(fields[19]), fields[0].decode("ascii"), int(fields[3])


def _user_of(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
        if line.startswith("Uid:"):
            return int(line.split()[2])
    return -1
