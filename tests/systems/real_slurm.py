"""A real Slurm on this host, on ports of its own, for the conformance kit: the same front before it injects the same faults.

Debian's packages `slurm-wlm` and `munge`, as root; one node of 64 declared cores, memory limits by cgroup where the host
has version 1 of it, jobcomp/filetxt as accounting. Up in about two seconds; all of it lies in one folder and ends with the run.
"""

import itertools
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from agents.harvester.systems.contract import NativeState
from agents.harvester.systems.slurm import Slurm
from tests.lane import LANE
from tests.systems import slurm_books
from tests.systems.command_adapter import CommandAdapter
from tests.systems.kit import Ability, Asked, MakeAdapter, Outcome

STARTS_PROCESSES = True
SECONDS_MAX = 60.0
#: `slurmctld` and `slurmd` listen here, shifted with the ports of the run.
PORT = 27_817
_NO_CGROUP = "this host has no cgroup version 1 to limit memory with"
_PROGRAM = """#!/bin/sh
while ! [ -e {orders}/$SLURM_JOB_NAME ]; do sleep 0.1; done
. {orders}/$SLURM_JOB_NAME
"""
_ORDERS = {
    Outcome.FINISHED: "exit 0",
    Outcome.FAILED: "exit 7",
    Outcome.SIGNALLED: "kill -SEGV $$; sleep 60",
    Outcome.OUT_OF_MEMORY: "exec python3 -c 'a = [bytearray(b\"x\" * 20_000_000) for _ in range(40)]'",
}


def missing() -> str:
    """Why it cannot run here; empty if it can."""
    absent = [name for name in ("munged", "slurmctld", "slurmd", "sbatch") if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} not found; install slurm-wlm and munge"
    return "" if os.getuid() == 0 else "slurmctld and slurmd are started as root"


class RealSlurm:
    """The servers. All in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.conf = folder, folder / "slurm.conf"
        self.cgroup = Path("/sys/fs/cgroup/memory").is_dir() and os.access("/sys/fs/cgroup/memory", os.W_OK)
        self.port = PORT + LANE.offset % 30_000
        for name in ("state", "spool", "log", "run", "munge"):
            (folder / name).mkdir(mode=0o700)
        (folder / "munge" / "key").write_bytes(os.urandom(1024))
        (folder / "munge" / "key").chmod(0o400)
        self.conf.write_text(self.configuration())
        (folder / "cgroup.conf").write_text(
            "CgroupPlugin=cgroup/v1\nCgroupMountpoint=/sys/fs/cgroup\nCgroupAutomount=yes\nConstrainRAMSpace=yes\n"
            "ConstrainSwapSpace=no\nConstrainCores=no\nConstrainDevices=no\n"
        )
        (folder / "jobcomp.log").touch()

    def configuration(self) -> str:
        limits = "ProctrackType=proctrack/cgroup\nTaskPlugin=task/cgroup"
        if not self.cgroup:
            limits = "ProctrackType=proctrack/linuxproc"
        return f"""ClusterName=kit
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={self.folder}/munge/socket
CredType=cred/munge
SlurmctldPort={self.port}
SlurmdPort={self.port + 1}
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool
SlurmctldPidFile={self.folder}/run/slurmctld.pid
SlurmdPidFile={self.folder}/run/slurmd.pid
SlurmctldLogFile={self.folder}/log/slurmctld.log
SlurmdLogFile={self.folder}/log/slurmd.log
{limits}
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=512
SlurmdParameters=config_overrides
NodeName=localhost NodeAddr=127.0.0.1 CPUs=64 RealMemory=200000 State=UNKNOWN
PartitionName=main Nodes=localhost Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=CANCEL
PartitionName=urgent Nodes=localhost MaxTime=INFINITE State=UP PriorityTier=9 PreemptMode=OFF
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,default_queue_depth=10000,bf_interval=1,sched_interval=1
SlurmctldDebug=error
SlurmdDebug=error
EpilogMsgTime=0
CompleteWait=0
KillWait=2
MinJobAge=300
MaxJobCount=50000
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc={self.folder}/jobcomp.log
"""

    def up(self) -> None:
        """Return once the node is idle."""
        munge = self.folder / "munge"
        self.run(
            "munged", "--force", f"--key-file={munge}/key", f"--socket={munge}/socket",
            f"--pid-file={self.folder}/run/munged.pid", f"--log-file={self.folder}/log/munged.log", f"--seed-file={munge}/seed",
        )  # fmt: skip
        self.before_controller()
        self.start_controller("-c")
        self.run("slurmd")
        until(lambda: "idle" in self.run("sinfo", "-h", "-o", "%T", check=False), "no idle node")

    def before_controller(self) -> None:
        """For servers that the controller needs."""

    def start_controller(self, *options: str) -> None:
        """`slurmctld`, once it answers."""
        self.run("slurmctld", *options)
        until(lambda: "UP" in self.run("scontrol", "ping", check=False), "slurmctld does not answer")

    def stop(self, name: str) -> None:
        """End one server and wait until it is gone."""
        pid_file = self.folder / "run" / f"{name}.pid"
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            pid = int(pid_file.read_text())
            os.kill(pid, signal.SIGTERM)
            until(lambda: not Path(f"/proc/{pid}").exists(), f"{name} does not end")

    def down(self) -> None:
        """End all jobs and servers."""
        self.run("scancel", "--user=root", check=False)
        with suppress(TimeoutError):
            until(lambda: self.run("squeue", "-h", check=False) == "", "jobs do not end")
        for name in ("slurmd", "slurmctld", "munged"):
            self.stop(name)
        for controller in Path("/sys/fs/cgroup").glob("*/slurm_*"):
            for folder, _, _ in os.walk(controller, topdown=False):
                with suppress(OSError):
                    Path(folder).rmdir()

    def run(self, *arguments: str, check: bool = True) -> str:
        """What a command of Slurm prints."""
        environment = {**os.environ, "SLURM_CONF": str(self.conf)}
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS_MAX)
        assert done.returncode == 0 or not check, done
        return done.stdout


class RealSlurmAdapter(CommandAdapter):
    """One case on it."""

    def __init__(self, slurm: RealSlurm, folder: Path, stack: str) -> None:
        super().__init__(folder, stack, Slurm, "slurm_emulator", ("sbatch", "squeue", "scancel"), Path("/usr/bin"))
        self.slurm = slurm
        self.settings |= {"slurm_conf": str(slurm.conf), "jobcomp_file": str(slurm.folder / "jobcomp.log")}
        self.queue_settings = {"partition": "main"}
        self.orders = folder / "orders"
        self.orders.mkdir()
        self.program.write_text(_PROGRAM.format(orders=self.orders))
        lacks: dict[StrEnum, str] = {
            Ability.REQUEUE: "Slurm refuses to requeue a job that was submitted with --no-requeue",
            Ability.REASON: "scontrol takes no free text as the reason of a job",
            Ability.FILL: "ten thousand submissions take a minute and more",
            Ability.CLOCK: "the clock of the host is everyone's",
            Ability.FORGET: "MinJobAge belongs to the whole controller",
            Ability.LEAVE_NO_TRACE: "jobcomp keeps what ended",
            Ability.VISIBLE: "seen by the stand-in, which records arguments and environment",
            Outcome.TIMEOUT: "the shortest limit is a minute",
        }
        if not slurm.cgroup:
            lacks[Outcome.OUT_OF_MEMORY] = _NO_CGROUP
        self.lacks = lacks

    def _ids(self, tag: str, states: str = "PD,R,CG,CF,S") -> list[str]:
        text = self.slurm.run("squeue", "-h", "-t", states, "-n", tag, "-o", "%i %u")
        return [line.split()[0] for line in text.splitlines()]

    def start(self, tag: str, node: str = "node1") -> None:
        """Slurm does it."""
        until(lambda: len(self._ids(tag, "R")) > 0, f"{tag} does not run")
        until((self.spool / tag / "started").exists, f"{tag} has no script that runs")

    def end(self, tag: str, outcome: Outcome) -> None:
        """By what the program reads, or by what an administrator does."""
        if outcome in _ORDERS:
            (self.orders / f"{tag}.part").write_text(_ORDERS[outcome])
            (self.orders / f"{tag}.part").rename(self.orders / tag)
        elif outcome is Outcome.CANCELLED:
            self.slurm.run("scancel", *self._ids(tag))
        elif outcome is Outcome.NODE_FAILED:
            self.slurm.run("scontrol", "update", "nodename=localhost", "state=down", "reason=kit")
        elif outcome is Outcome.PREEMPTED:
            self.slurm.run(
                "sbatch", "-p", "urgent", "--exclusive", "-J", "urgent", "-o", "/dev/null", "-D", "/", "--wrap", "sleep 0.2"
            )
        until(lambda: self._ids(tag) == [], f"{tag} does not end")
        if outcome is Outcome.NODE_FAILED:
            # It may have come back by itself (ReturnToService), which makes this an error.
            self.slurm.run("scontrol", "update", "nodename=localhost", "state=resume", check=False)
            until(lambda: "idle" in self.slurm.run("sinfo", "-h", "-o", "%T"), "the node does not come back")

    def hold(self, tag: str, reason: str = "") -> None:
        """A running job is ended by hand before; so the case holds a job that cannot start yet."""
        (job,) = self._ids(tag)
        self.slurm.run("scontrol", "hold", job)

    def requeue(self, tag: str) -> None:
        """Not with Slurm."""
        raise NotImplementedError

    forget = erase = requeue

    def fill(self, count: int) -> None:
        """Not here."""
        raise NotImplementedError

    def set_clock_off(self) -> None:
        """Not here."""
        raise NotImplementedError

    def visible(self, tag: str) -> str:
        """Not here."""
        raise NotImplementedError

    def restart(self, *, cold: bool) -> None:
        """`slurmctld` with its state or, as after the loss of a disk, without: ids begin at 1 again."""
        self.slurm.stop("slurmctld")
        if cold:
            shutil.rmtree(self.slurm.folder / "state")
            (self.slurm.folder / "state").mkdir(mode=0o700)
        self.slurm.start_controller(*(["-c"] if cold else []))
        if cold:
            until(lambda: "idle" in self.slurm.run("sinfo", "-h", "-o", "%T"), "the node does not come back")

    def foreign(self, name: str) -> str:
        """A job of another user (root submits it for him), which waits."""
        return self.slurm.run(
            "sbatch", "--parsable", "--hold", "--uid=daemon", "-J", name, "--comment", name, "-o", "/dev/null", "-D", "/",
            "--wrap", "true",
        ).strip()  # fmt: skip

    def foreign_lives(self, key: str) -> bool:
        """Whether it still waits."""
        return self.slurm.run("squeue", "-h", "-t", "PD", "-j", key, "-o", "%i", check=False).strip() == key

    def copies(self, tag: str) -> int:
        """Jobs with this name that have not ended."""
        return len(self._ids(tag))

    def settle(self) -> None:
        """No job is completing, and none waits for its end."""
        until(lambda: self.slurm.run("squeue", "-h", "-t", "CG", "-o", "%i") == "", "a job does not end")

    def asked(self, tag: str) -> Asked:
        """By `scontrol`."""
        (job,) = self._ids(tag)
        text = self.slurm.run("scontrol", "-o", "show", "job", job)
        words: Mapping[str, str] = dict(word.partition("=")[::2] for word in text.split())
        hours, minutes, seconds = words["TimeLimit"].split(":")
        memory = words["MinMemoryNode"]
        unit = {"M": 1.0, "G": 1024.0}[memory[-1]]
        return Asked(
            round(float(memory[:-1]) * unit), int(words["CPUs/Task"]), 3600 * int(hours) + 60 * int(minutes) + int(seconds)
        )

    def books(self) -> list[tuple[str, int, NativeState]]:
        """(tag, memory, state) of each job of this stack, as `scontrol` says, or jobcomp of what it forgot (MinJobAge).

        No code of the plugin has a part in it. A job that ends in between is in both.
        """
        living = slurm_books.controller(self.slurm.run("scontrol", "-o", "show", "jobs"), self.stack)
        over = slurm_books.completed((self.slurm.folder / "jobcomp.log").read_text("utf-8", "replace"), self.stack)
        return list({**over, **living}.values())

    def close(self) -> None:
        """Order the end of what the case left; the next case has a stack of its own."""
        self.heal()
        self.slurm.run("scancel", "--user=root", check=False)
        self.slurm.run("scancel", "--user=daemon", check=False)


def until(true: Callable[[], bool], problem: str, seconds_max: float = SECONDS_MAX) -> None:
    """Return once it is true."""
    end = time.monotonic() + seconds_max
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(problem)
        time.sleep(0.05)


@contextmanager
def serve(folder: Path) -> Iterator[MakeAdapter]:
    """One Slurm for all cases."""
    slurm, numbers = RealSlurm(folder), itertools.count(1)

    def make(case: Path) -> AbstractContextManager[RealSlurmAdapter]:
        return closing(RealSlurmAdapter(slurm, case, f"kit{next(numbers)}"))

    try:
        slurm.up()
        yield make
    finally:
        slurm.down()
