"""A real HTCondor for the conformance kit and `make sites`: the pool of `htcondor_pool.py`, behind the front of its emulator.

The commands of the kit's front go into the pool's root file system; the folder of the run has the same path there.
"""

import itertools
import json
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from agents.harvester.systems.contract import NativeState
from agents.harvester.systems.htcondor import HTCondor
from tests.systems import htcondor_emulator, htcondor_pool, worker_software
from tests.systems.command_adapter import CommandAdapter
from tests.systems.htcondor_pool import RealHTCondor
from tests.systems.htcondor_root import USER
from tests.systems.kit import Ability, Asked, MakeAdapter, Outcome
from tests.systems.real_slurm import until

STARTS_PROCESSES = True
missing = htcondor_pool.missing
#: Why no jobs of Culm's can be run there; empty where they can.
RUNS_NO_PROGRAM = (
    "the Python of this checkout is the host's own, in /usr, where the pool's root file system has another one"
    if worker_software.python_folder() == worker_software.OF_SYSTEM
    else ""
)
_PROGRAM = """#!/bin/sh
tag=$(sed -n 's/^CulmWorker = "\\(.*\\)"$/\\1/p' "$_CONDOR_JOB_AD")
while ! [ -e ORDERS/$tag ]; do sleep 0.1; done
. ORDERS/$tag
"""
_ORDERS = {Outcome.FINISHED: "exit 0", Outcome.FAILED: "exit 7", Outcome.SIGNALLED: "kill -SEGV $$; sleep 60"}
#: JobStatus, but for 4, an end of its own: idle, running, removed, held, its output on the way, suspended.
_STATES = {
    1: NativeState.PENDING, 2: NativeState.RUNNING, 3: NativeState.CANCELLED, 5: NativeState.HELD, 6: NativeState.RUNNING,
    7: NativeState.RUNNING,
}  # fmt: skip
_BOOKS = (("condor_q", "-allusers"), ("condor_history",))


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

    def lend(self, home: Path) -> None:
        """Let jobs see this checkout, its Python and, of the stack in `home`, the storage."""
        storage = worker_software.storage_of(home)
        self.condor.lend(readable=worker_software.software(), hidden=home, writable=storage)

    def _jobs(self, tag: str) -> list[dict[str, Any]]:
        """All jobs of the queue with this tag."""
        text = self.condor.run("condor_q", "-allusers", "-json", "-constraint", f'CulmWorker =?= "{tag}"')
        return list(json.loads(text)) if text.strip() else []

    def _one(self, tag: str) -> dict[str, Any]:
        (job,) = self._jobs(tag)
        return job

    def _name(self, tag: str) -> str:
        job = self._one(tag)
        return f"{job['ClusterId']}.{job['ProcId']}"

    def start(self, tag: str, node: str = "node1") -> None:
        """HTCondor does it."""
        until(lambda: [job["JobStatus"] for job in self._jobs(tag)] == [2], f"{tag} does not run")

    def end(self, tag: str, outcome: Outcome) -> None:
        """By what the program reads, or by hand."""
        if outcome in _ORDERS:
            (self.orders / f"{tag}.part").write_text(_ORDERS[outcome])
            (self.orders / f"{tag}.part").rename(self.orders / tag)
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
        return len([job for job in self._jobs(tag) if job["JobStatus"] not in htcondor_emulator.OVER])

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
        # A job that moves from the queue to the history in between is in both answers.
        return [(ad["CulmWorker"], ad["RequestMemory"], state_of(ad)) for ad in once_each(ads)]

    def close(self) -> None:
        """Order the end of what the case left."""
        self.heal()
        self.condor.run("condor_rm", "-constraint", f'regexp("^{self.stack}-", CulmWorker)', check=False)


def state_of(ad: dict[str, Any]) -> NativeState:
    """What the attributes of a job in queue or history say."""
    if ad["JobStatus"] == 4:
        return NativeState.FINISHED if ad.get("ExitCode") == 0 and not ad.get("ExitBySignal") else NativeState.FAILED
    return _STATES[ad["JobStatus"]]


def once_each(ads: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each job once: as the last answer has it that names it."""
    return list({(ad["ClusterId"], ad["ProcId"]): ad for ad in ads}.values())


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
