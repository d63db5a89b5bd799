"""Slurm for the conformance kit, emulated behind its commands: the plugin runs `sbatch`, `squeue`, `scancel` as always."""

import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from agents.harvester.systems.slurm import Slurm
from tests.systems import slurm_emulator
from tests.systems.command_adapter import CommandAdapter
from tests.systems.emulated_state import changed
from tests.systems.kit import Asked, MakeAdapter, Outcome

STARTS_PROCESSES = False
RUNS_PROGRAMS = True
_ENDS = {
    Outcome.FINISHED: ("COMPLETED", "None", 0),
    Outcome.FAILED: ("FAILED", "NonZeroExitCode", 7 << 8),
    Outcome.SIGNALLED: ("FAILED", "RaisedSignal:11", 11),
    Outcome.TIMEOUT: ("TIMEOUT", "TimeLimit", 15),
    Outcome.OUT_OF_MEMORY: ("OUT_OF_MEMORY", "OutOfMemory", 125),
    Outcome.NODE_FAILED: ("NODE_FAIL", "None", 1),
    Outcome.PREEMPTED: ("PREEMPTED", "None", 15),
    Outcome.CANCELLED: ("CANCELLED", "None", 15),
}


class SlurmStandIn(CommandAdapter):
    """A Slurm of one file."""

    def __init__(self, folder: Path, stack: str) -> None:
        super().__init__(folder, stack, Slurm, "slurm_emulator", ("sbatch", "squeue", "scancel", "sacct"))
        (folder / "jobcomp.log").touch()
        self.settings["jobcomp_file"] = str(folder / "jobcomp.log")
        self.queue_settings = {"partition": "main"}

    def start(self, tag: str, node: str = "node1") -> None:
        """The job runs."""
        with changed(self.folder) as state:
            _living(state, tag).update(state="RUNNING", node=node, reason="None")

    def end(self, tag: str, outcome: Outcome) -> None:
        """The job ends."""
        with changed(self.folder) as state:
            slurm_emulator.finish(self.folder, _living(state, tag), *_ENDS[outcome])

    def hold(self, tag: str, reason: str = "JobHeldAdmin") -> None:
        """As `scontrol hold` does; a free text as the reason of a requeued job in hold."""
        with changed(self.folder) as state:
            known = reason == "JobHeldAdmin" or " " not in reason
            _living(state, tag).update(state="PENDING" if known else "REQUEUE_HOLD", reason=reason)

    def requeue(self, tag: str) -> None:
        """As an operator with the right options may do."""
        with changed(self.folder) as state:
            _living(state, tag).update(state="PENDING", node="", reason="BeginTime")

    def forget(self, tag: str) -> None:
        """MinJobAge is over."""
        with changed(self.folder) as state:
            for job in state["jobs"].values():
                if job["comment"] == tag:
                    job["forgotten"] = True

    def erase(self, tag: str) -> None:
        """No line of it is left anywhere."""
        with changed(self.folder) as state:
            state["jobs"] = {key: job for key, job in state["jobs"].items() if job["comment"] != tag}

    def fill(self, count: int) -> None:
        """Pending jobs."""
        with changed(self.folder) as state:
            for number in range(count):
                tag = f"{self.stack}-fill-{number}"
                slurm_emulator.new_job(state, comment=tag, name=tag, memory="300M", reason="Resources")

    def restart(self, *, cold: bool) -> None:
        """`slurmctld`, or `slurmctld -c`."""
        with changed(self.folder) as state:
            if cold:
                state.update(jobs={}, next_id=1)

    def foreign(self, name: str) -> str:
        """A job of another user; with the name where a tag would stand."""
        with changed(self.folder) as state:
            return str(slurm_emulator.new_job(state, comment=name, name=name, user=4711)["id"])

    def foreign_lives(self, key: str) -> bool:
        """Whether it is still pending."""
        with changed(self.folder) as state:
            return bool(state["jobs"][key]["state"] == "PENDING")

    def set_clock_off(self) -> None:
        """Only times that Slurm prints change; the plugin reads none."""
        with changed(self.folder) as state:
            state["ahead_seconds"] = 3600

    def copies(self, tag: str) -> int:
        """Jobs with this tag that have not ended."""
        with changed(self.folder) as state:
            return len(_all_living(state, tag))

    def asked(self, tag: str) -> Asked:
        """By the options of sbatch."""
        with changed(self.folder) as state:
            job = _living(state, tag)
            return Asked(int(job["memory"].removesuffix("M")), job["cores"], 60 * job["minutes"])

    def visible(self, tag: str) -> str:
        """Arguments, environment and script."""
        with changed(self.folder) as state:
            return str(_living(state, tag)["visible"])


def _living(state: dict[str, Any], tag: str) -> slurm_emulator.Job:
    return _all_living(state, tag)[0]


def _all_living(state: dict[str, Any], tag: str) -> list[slurm_emulator.Job]:
    return [job for job in state["jobs"].values() if job["comment"] == tag and job["state"] not in slurm_emulator.ENDED]


@contextmanager
def serve(_: Path) -> Iterator[MakeAdapter]:
    """Nothing to bring up; each case has a system of its own."""
    numbers = itertools.count(1)

    def make(folder: Path) -> AbstractContextManager[SlurmStandIn]:
        @contextmanager
        def one() -> Iterator[SlurmStandIn]:
            yield SlurmStandIn(folder, f"kit{next(numbers)}")

        return one()

    yield make

