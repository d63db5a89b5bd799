"""Processes of this host for the conformance kit: the real kernel, which keeps no queue, no limits and no accounting.

Faults of a boundary do not exist here: the plugin asks the kernel itself. What lives is read from /proc by this file alone; of
what ended a host keeps no books, so that the plugin's own records are what there is.
"""

import itertools
import json
import os
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from agents.harvester.systems.contract import NativeState
from agents.harvester.systems.local import LocalProcesses
from agents.harvester.systems.local_records import ENDED_BY_RETIRING
from tests.systems.kit import Ability, Asked, Fault, MakeAdapter, Outcome

STARTS_PROCESSES = True
SECONDS_MAX = 60.0
VARIABLE = b"CULM_WORKER_TAG="
_PROGRAM = """#!/bin/sh
here=$(dirname "$0")
while ! [ -e {orders}/"$CULM_WORKER_TAG" ]; do sleep 0.05; done
. {orders}/"$CULM_WORKER_TAG"
"""
_ORDERS = {Outcome.FINISHED: "exit 0", Outcome.FAILED: "exit 7", Outcome.SIGNALLED: "kill -SEGV $$; sleep 60"}
_OURS = {"program", "pilot.log"}
_LACKS: Mapping[StrEnum, str] = {
    **dict.fromkeys(Fault, "there is no command and no connection that could fail between the plugin and the kernel"),
    **dict.fromkeys((Outcome.TIMEOUT, Outcome.OUT_OF_MEMORY), "a host limits neither time nor memory of a process by itself"),
    Outcome.NODE_FAILED: "the node is this host",
    Outcome.PREEMPTED: "a host prefers no process to another",
    Outcome.CANCELLED: "a process that is ended by hand is ended by a signal",
    Ability.REQUEUE: "a process does not start again",
    Ability.FORGET: "a host has no accounting",
    Ability.FILL: "ten thousand processes are not made here",
    Ability.RESTART: "the controller is the kernel of this host",
    Ability.COLD_RESTART: "the controller is the kernel of this host",
    Ability.ID_REUSE: "a process is named by its number and the time of its birth",
    Ability.ASKED: "a host is asked for nothing",
    Ability.REASON: "a process that is stopped has no reason",
    Ability.LEAVE_NO_TRACE: "the plugin's own record is a trace",
    Ability.CLOCK: "the clock of the host is that of the test",
}


class RealLocalAdapter:
    """One case."""

    def __init__(self, folder: Path, stack: str) -> None:
        self.stack, self.folder, self.spool = stack, folder, folder / "work"
        self.settings = {"node": "node1"}
        not_root: Mapping[StrEnum, str] = {Ability.FOREIGN: "only root starts processes of another user"} if os.getuid() else {}
        self.lacks: Mapping[StrEnum, str] = {**_LACKS, **not_root}
        self.queue_settings: Mapping[str, str] = {}
        self.orders = folder / "orders"
        self.orders.mkdir()
        self.program = folder / "program"
        self.program.write_text(_PROGRAM.format(orders=self.orders))
        self._others: list[subprocess.Popen[bytes]] = []
        #: tag -> (pid, birth) of the processes that were seen with it.
        self._seen: dict[str, set[tuple[int, bytes]]] = {}

    def plugin(self, *, impatient: bool = False, **settings: str) -> LocalProcesses:
        """A new plugin; none of its calls waits for an answer."""
        del impatient
        return LocalProcesses(self.stack, {**self.settings, **settings}, self.spool)

    def inject(self, fault: Fault) -> None:
        """Lacking."""
        raise NotImplementedError(fault)

    def heal(self) -> None:
        """There are no faults."""

    def start(self, tag: str, node: str = "node1") -> None:
        """A process runs from its beginning."""
        until(lambda: self.copies(tag) > 0, f"{tag} does not run")

    def end(self, tag: str, outcome: Outcome) -> None:
        """By what its program reads."""
        (self.orders / f"{tag}.part").write_text(_ORDERS[outcome])
        (self.orders / f"{tag}.part").rename(self.orders / tag)
        until(lambda: self.copies(tag) == 0, f"{tag} does not end")

    def hold(self, tag: str, reason: str = "") -> None:
        """As an administrator stops a process."""
        for pid in self._pids(tag):
            os.kill(pid, signal.SIGSTOP)
        until(lambda: all(_state(pid) in "Tt" for pid in self._pids(tag)), f"{tag} is not stopped")

    def requeue(self, tag: str) -> None:
        """Lacking."""
        raise NotImplementedError

    forget = erase = requeue

    def release_listing(self) -> None:
        """Lacking."""
        raise NotImplementedError

    def late_listing_is_made(self) -> bool:
        """Lacking."""
        raise NotImplementedError

    set_clock_off = release_listing

    def fill(self, count: int) -> None:
        """Lacking."""
        raise NotImplementedError(count)

    def restart(self, *, cold: bool) -> None:
        """Lacking."""
        raise NotImplementedError(cold)

    def asked(self, tag: str) -> Asked:
        """Lacking."""
        raise NotImplementedError(tag)

    def foreign(self, name: str) -> str:
        """A process of another user with `name` where a tag would stand; named as the plugin names its own."""
        environment = {"PATH": "/usr/bin:/bin", "CULM_WORKER_TAG": name}
        other = subprocess.Popen(["sleep", "600"], env=environment, user="daemon", cwd="/", start_new_session=True)
        self._others.append(other)
        return f"{other.pid}.{_fields(other.pid)[19].decode()}"

    def foreign_lives(self, key: str) -> bool:
        """Whether it runs."""
        return _state(int(key.partition(".")[0])) not in "ZX"

    def settle(self) -> None:
        """What was ordered to end has ended."""
        for tag, record in self._records():
            if record.get("cancelled_at"):
                until(lambda tag=tag: self.copies(tag) == 0, f"{tag} does not end")  # type: ignore[misc]

    def copies(self, tag: str) -> int:
        """Processes that lead a session and have this tag in their environment."""
        return len(self._pids(tag))

    def files(self, tag: str) -> Mapping[str, tuple[int, bytes]]:
        """As they lie in its folder."""
        found = (self.spool / tag).iterdir()
        return {path.name: (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) for path in found if path.name not in _OURS}

    def left_behind(self, tag: str) -> list[str]:
        """What is in its folder."""
        folder = self.spool / tag
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def visible(self, tag: str) -> str:
        """Its arguments; the environment of a process is for its user alone."""
        return " ".join(Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in self._pids(tag))

    def books(self) -> list[tuple[str, int, NativeState]]:
        """(tag, memory, state): processes that live by /proc, ended ones by what was recorded of them."""
        found = []
        for tag, record in self._records():
            lives = self._pids(tag)
            ended = NativeState.FINISHED if _ended_well(record) else NativeState.FAILED
            found += [(tag, int(record.get("memory_mb", 0)), NativeState.RUNNING if lives else ended)] * max(1, len(lives))
        return found

    def close(self) -> None:
        """End what the case left."""
        for other in self._others:
            other.kill()
            other.wait()
        tags = {tag for _, _, tag in _tagged() if tag.startswith(f"{self.stack}-")} | self._seen.keys()
        for pid in (pid for tag in tags for pid in self._pids(tag)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.plugin().listing()

    def _pids(self, tag: str) -> list[int]:
        """Those that live. A process that is about to end gave its environment back and lives on for a moment."""
        seen = self._seen.setdefault(tag, set())
        seen.update((pid, birth) for pid, birth, found in _tagged() if found == tag)
        return [pid for pid, birth in seen if _lives(pid, birth)]

    def _records(self) -> list[tuple[str, dict[str, float]]]:
        found = []
        for path in sorted((self.spool / ".workers").glob(f"{self.stack}-*")):
            with suppress(ValueError, OSError):
                found.append((path.name, json.loads(path.read_text())))
        return found


def _ended_well(record: Mapping[str, float]) -> bool:
    """Its code is 0, or it was asked to retire before it listened and the signal ended it: a pilot of a moment, without a job."""
    return record.get("code") == 0 or (bool(record.get("retired")) and record.get("code") in ENDED_BY_RETIRING)


def _tagged() -> Iterator[tuple[int, bytes, str]]:
    """Living processes that lead a session and have a tag in their environment: number, birth, tag."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError, IndexError):
                pid, fields = int(folder.name), _fields(int(folder.name))
                if int(fields[3]) == pid and fields[0] not in (b"Z", b"X"):
                    words = (folder / "environ").read_bytes().split(b"\0")
                    tags = [word.removeprefix(VARIABLE) for word in words if word.startswith(VARIABLE)]
                    yield from ((pid, fields[19], tag.decode(errors="replace")) for tag in tags)


def _fields(pid: int) -> list[bytes]:
    text = Path(f"/proc/{pid}/stat").read_bytes()
    return text[text.rindex(b")") + 2 :].split()


def _lives(pid: int, birth: bytes) -> bool:
    try:
        fields = _fields(pid)
    except OSError:
        return False
    return fields[19] == birth and fields[0] not in (b"Z", b"X")


def _state(pid: int) -> str:
    try:
        return _fields(pid)[0].decode()
    except OSError:
        return "X"


def until(true: Callable[[], bool], problem: str) -> None:
    """Return once it is true."""
    end = time.monotonic() + SECONDS_MAX
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(problem)
        time.sleep(0.02)


@contextmanager
def serve(_: Path) -> Iterator[MakeAdapter]:
    """Nothing to bring up; the stacks of this run have names of their own, for the host is that of all runs."""
    numbers, run = itertools.count(1), os.getpid()

    def make(folder: Path) -> AbstractContextManager[RealLocalAdapter]:
        return closing(RealLocalAdapter(folder, f"kit{run}x{next(numbers)}"))

    yield make
