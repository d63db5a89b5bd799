"""A real HTCondor in a root file system of its own (Debian trixie has the package), for the conformance kit.

CULM_HTCONDOR_ROOT names that root: `debootstrap --variant=minbase trixie ROOT`, /proc and /dev bound into it, `condor` installed,
a user `fixuser`. The commands of the kit's front go into it; the folder of the run is bound to the same path inside.
"""

import itertools
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

from agents.harvester.systems.contract import NativeState
from agents.harvester.systems.htcondor import HTCondor
from tests.lane import LANE
from tests.systems import htcondor_emulator
from tests.systems.command_adapter import CommandAdapter
from tests.systems.kit import Ability, Asked, MakeAdapter, Outcome
from tests.systems.real_slurm import until

STARTS_PROCESSES = True
ROOT = "CULM_HTCONDOR_ROOT"
PORT = 28_618
USER = "fixuser"
#: Why no jobs of Culm's can be run there.
RUNS_NO_PROGRAM = "its root file system has neither this checkout nor the Python that runs it"
_PROGRAM = """#!/bin/sh
tag=$(sed -n 's/^CulmWorker = "\\(.*\\)"$/\\1/p' "$_CONDOR_JOB_AD")
while ! [ -e ORDERS/$tag ]; do sleep 0.1; done
. ORDERS/$tag
"""
_ORDERS = {Outcome.FINISHED: "exit 0", Outcome.FAILED: "exit 7", Outcome.SIGNALLED: "kill -SEGV $$; sleep 60"}
_BOOKS = (("condor_q", "-allusers"), ("condor_history",))
_CONFIGURATION = """RELEASE_DIR = /usr
LOCAL_DIR = {folder}
LIBEXEC = /usr/libexec/condor
LOG = {folder}/log
SPOOL = {folder}/spool
EXECUTE = {folder}/execute
RUN = {folder}/run
LOCK = {folder}/lock
LOCAL_CONFIG_FILE =
LOCAL_CONFIG_DIR =
CONDOR_HOST = 127.0.0.1
COLLECTOR_HOST = 127.0.0.1:{port}
NETWORK_INTERFACE = 127.0.0.1
BIND_ALL_INTERFACES = False
NO_DNS = True
DEFAULT_DOMAIN_NAME = local
UID_DOMAIN = local
FILESYSTEM_DOMAIN = local
TRUST_UID_DOMAIN = True
SOFT_UID_DOMAIN = True
DAEMON_LIST = MASTER COLLECTOR NEGOTIATOR SCHEDD STARTD
USE_SHARED_PORT = True
SHARED_PORT_PORT = {port}
SEC_DEFAULT_AUTHENTICATION_METHODS = FS, CLAIMTOBE
SEC_DEFAULT_AUTHENTICATION = OPTIONAL
SEC_DEFAULT_ENCRYPTION = OPTIONAL
SEC_DEFAULT_INTEGRITY = OPTIONAL
ALLOW_READ = *
ALLOW_WRITE = *
ALLOW_DAEMON = *
ALLOW_NEGOTIATOR = *
ALLOW_ADMINISTRATOR = *
START = True
SUSPEND = False
PREEMPT = False
KILL = False
WANT_SUSPEND = False
WANT_VACATE = False
RANK = 0
ENABLE_KERNEL_TUNING = False
PER_JOB_NAMESPACES = False
MOUNT_UNDER_SCRATCH =
RUNBENCHMARKS = False
NUM_CPUS = 64
MEMORY = 200000
NEGOTIATOR_INTERVAL = 2
NEGOTIATOR_CYCLE_DELAY = 1
NEGOTIATOR_MIN_INTERVAL = 1
SCHEDD_INTERVAL = 2
SCHEDD_MIN_INTERVAL = 1
PERIODIC_EXPR_INTERVAL = 2
JOB_START_COUNT = 200
JOB_START_DELAY = 1
"""


def missing() -> str:
    """Why it cannot run here; empty if it can."""
    root = Path(os.environ.get(ROOT) or "/no/such/root")
    if os.getuid() != 0:
        return "the root file system is entered as root"
    return "" if (root / "usr/sbin/condor_master").exists() else f"{ROOT} names no root file system with HTCondor"


class RealHTCondor:
    """The servers; all in `folder`, which has the same path inside and outside of the root."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, Path(os.environ[ROOT])
        self.config = folder / "condor_config"
        self.commands = folder / "commands"
        folder.chmod(0o755)

    def up(self) -> None:
        """Return once there is a slot."""
        inside = Path(f"{self.root}{self.folder}")
        inside.mkdir(parents=True)
        subprocess.run(["mount", "--bind", self.folder, inside], check=True)
        for path in (self.folder, *self.folder.parents[:-2]):
            path.chmod(path.stat().st_mode | 0o055)
        for name in ("log", "spool", "execute", "run", "lock", "cases", "commands"):
            (self.folder / name).mkdir()
        (self.folder / "execute").chmod(0o1777)
        self.config.write_text(_CONFIGURATION.format(folder=self.folder, port=PORT + LANE.offset % 30_000))
        self.run("chown", "condor:condor", *(str(self.folder / name) for name in ("log", "spool", "execute", "run", "lock")))
        uid = self.run("id", "-u", USER).strip()
        for name in htcondor_emulator.ROLES:
            program = self.commands / name
            give = f'chown -R {uid} "$(dirname "$2")/.." && ' if name == "condor_submit" else ""
            program.write_text(
                f"#!/bin/sh\n{give}exec /usr/sbin/chroot {self.root} /usr/sbin/runuser -u {USER} -- "
                f'/usr/bin/env CONDOR_CONFIG={self.config} /usr/bin/{name} "$@"\n'
            )
            program.chmod(0o755)
        self.run("condor_master", "-pidfile", str(self.folder / "run" / "master.pid"))
        until(lambda: "slot" in self.run("condor_status", "-af", "Name", check=False), "no slot")

    def down(self) -> None:
        """End all jobs and servers, and take the folder out of the root."""
        self.run("condor_off", "-master", "-fast", check=False)
        with suppress(FileNotFoundError, ValueError, ProcessLookupError):
            master = int((self.folder / "run" / "master.pid").read_text())
            try:
                until(lambda: not Path(f"/proc/{master}").exists(), "condor_master does not end")
            except TimeoutError:
                os.kill(master, signal.SIGKILL)
        subprocess.run(["umount", "-l", f"{self.root}{self.folder}"], check=False)

    def run(self, *arguments: str, check: bool = True) -> str:
        """What a command inside the root prints, as root."""
        entered = ["chroot", str(self.root), "/usr/bin/env", f"CONDOR_CONFIG={self.config}", *arguments]
        done = subprocess.run(entered, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0 or not check, done
        return done.stdout

    def jobs(self, tag: str) -> list[dict[str, Any]]:
        """All jobs of the queue with this tag."""
        text = self.run("condor_q", "-allusers", "-json", "-constraint", f'CulmWorker =?= "{tag}"')
        return list(json.loads(text)) if text.strip() else []


class RealHTCondorAdapter(CommandAdapter):
    """One case on it."""

    def __init__(self, condor: RealHTCondor, folder: Path, stack: str) -> None:
        super().__init__(folder, stack, HTCondor, "htcondor_emulator", htcondor_emulator.ROLES, condor.commands)
        self.condor = condor
        self.settings["owner"] = USER
        self.orders = folder / "orders"
        self.orders.mkdir()
        folder.chmod(0o755)
        self.program.write_text(_PROGRAM.replace("ORDERS", str(self.orders)))
        no_hand = "no hand of the kit reaches so far inside a running pool"
        lacks: dict[StrEnum, str] = {
            Ability.REQUEUE: "a job that was interrupted matches no other slot",
            Ability.CLOCK: "the clock of the host is everyone's",
            Ability.FILL: "ten thousand submissions take minutes",
            Ability.FORGET: "ends stay in the queue for ten minutes",
            Ability.LEAVE_NO_TRACE: "the history keeps what was removed",
            Ability.VISIBLE: "seen by the stand-in, which records arguments and environment",
            Ability.FOREIGN: "one user submits",
            Ability.RESTART: no_hand,
            Ability.COLD_RESTART: no_hand,
            Ability.ID_REUSE: no_hand,
            Outcome.OUT_OF_MEMORY: "the root file system has no cgroups",
            Outcome.NODE_FAILED: no_hand,
            Outcome.TIMEOUT: "a job keeps the limit that it started with",
        }
        self.lacks = lacks

    def _one(self, tag: str) -> dict[str, Any]:
        (job,) = self.condor.jobs(tag)
        return job

    def _name(self, tag: str) -> str:
        job = self._one(tag)
        return f"{job['ClusterId']}.{job['ProcId']}"

    def start(self, tag: str, node: str = "node1") -> None:
        """HTCondor does it."""
        until(lambda: [job["JobStatus"] for job in self.condor.jobs(tag)] == [2], f"{tag} does not run")

    def end(self, tag: str, outcome: Outcome) -> None:
        """By what the program reads, or by hand."""
        if outcome in _ORDERS:
            (self.orders / tag).write_text(_ORDERS[outcome])
        elif outcome is Outcome.CANCELLED:
            self.condor.run("condor_rm", self._name(tag))
        elif outcome is Outcome.PREEMPTED:
            self.condor.run("condor_vacate_job", "-fast", self._name(tag))
        until(lambda: self._one(tag)["JobStatus"] in htcondor_emulator.OVER, f"{tag} does not end")

    def hold(self, tag: str, reason: str = "") -> None:
        """As an administrator does."""
        self.condor.run("condor_hold", *(["-reason", reason] if reason else []), self._name(tag))
        until(lambda: self._one(tag)["JobStatus"] == 5, f"{tag} is not held")

    def requeue(self, tag: str) -> None:
        """Not here."""
        raise NotImplementedError

    forget = erase = requeue

    def fill(self, count: int) -> None:
        """Not here."""
        raise NotImplementedError

    def restart(self, *, cold: bool) -> None:
        """Not here."""
        raise NotImplementedError

    def set_clock_off(self) -> None:
        """Not here."""
        raise NotImplementedError

    def foreign(self, name: str) -> str:
        """Not here."""
        raise NotImplementedError

    def foreign_lives(self, key: str) -> bool:
        """Not here."""
        raise NotImplementedError

    def visible(self, tag: str) -> str:
        """Not here."""
        raise NotImplementedError

    def copies(self, tag: str) -> int:
        """Jobs with this tag that have not ended."""
        return len([job for job in self.condor.jobs(tag) if job["JobStatus"] not in htcondor_emulator.OVER])

    def asked(self, tag: str) -> Asked:
        """By the job's attributes."""
        job = self._one(tag)
        seconds = int(str(job["PeriodicRemove"]).partition("JobCurrentStartDate > ")[2].partition(")")[0])
        return Asked(job["RequestMemory"], job["RequestCpus"], seconds)

    def books(self) -> list[tuple[str, int, NativeState]]:
        """(tag, memory, state) of each job of this stack, in queue and history: no code of the plugin has a part in it."""
        mine = f'regexp("^{self.stack}-", CulmWorker)'
        text = [self.condor.run(command, *more, "-json", "-constraint", mine) for command, *more in _BOOKS]
        ads = [ad for one in text if one.strip() for ad in json.loads(one)]
        states = {1: NativeState.PENDING, 2: NativeState.RUNNING, 4: NativeState.FINISHED, 5: NativeState.HELD}
        return [(ad["CulmWorker"], ad["RequestMemory"], states.get(ad["JobStatus"], NativeState.FAILED)) for ad in ads]

    def close(self) -> None:
        """Order the end of what the case left."""
        self.heal()
        self.condor.run("condor_rm", "-constraint", f'regexp("^{self.stack}-", CulmWorker)', check=False)


@contextmanager
def serve(folder: Path) -> Iterator[MakeAdapter]:
    """One pool for all cases; their folders lie in its own, which is bound into the root."""
    condor, numbers = RealHTCondor(folder), itertools.count(1)

    def make(_: Path) -> AbstractContextManager[RealHTCondorAdapter]:
        @contextmanager
        def one() -> Iterator[RealHTCondorAdapter]:
            stack = f"kit{next(numbers)}"
            case = condor.folder / "cases" / stack
            case.mkdir()
            adapter = RealHTCondorAdapter(condor, case, stack)
            try:
                yield adapter
            finally:
                adapter.close()

        return one()

    try:
        condor.up()
        yield make
    finally:
        condor.down()
