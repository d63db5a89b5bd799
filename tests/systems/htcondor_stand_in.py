"""HTCondor for the conformance kit, emulated behind its commands: the plugin runs `condor_submit` and the others as always."""

import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from agents.harvester.systems.htcondor import HTCondor
from tests.systems import htcondor_emulator
from tests.systems.command_adapter import CommandAdapter
from tests.systems.emulated_state import changed
from tests.systems.kit import Ability, Asked, MakeAdapter, Outcome

STARTS_PROCESSES = False
RUNS_PROGRAMS = True
_BY_POLICY = "The job attribute PeriodicRemove expression '...' evaluated to TRUE"
#: Attributes after each end; those of vacated, removed, held and completed jobs were seen on HTCondor 23.9.6.
_ENDS: dict[Outcome, dict[str, Any]] = {
    Outcome.FINISHED: {"JobStatus": 4, "ExitCode": 0},
    Outcome.FAILED: {"JobStatus": 4, "ExitCode": 7},
    Outcome.SIGNALLED: {"JobStatus": 4, "ExitBySignal": True, "ExitSignal": 11},
    Outcome.TIMEOUT: {"JobStatus": 3, "LastJobStatus": 2, "RemoveReason": _BY_POLICY},
    Outcome.OUT_OF_MEMORY: {
        "JobStatus": 5,
        "HoldReasonCode": 34,
        "HoldReason": "Error from slot1_1@site: Job has gone over cgroup memory limit of 384 megabytes.",
    },
    Outcome.NODE_FAILED: {"JobStatus": 1, "LastJobStatus": 2},
    Outcome.PREEMPTED: {"JobStatus": 1, "LastJobStatus": 2, "LastVacateTime": 1796001745},
    Outcome.CANCELLED: {"JobStatus": 3, "LastJobStatus": 2, "RemoveReason": "via condor_rm (by user root)"},
}


class HTCondorStandIn(CommandAdapter):
    """An access point of one file."""

    def __init__(self, folder: Path, stack: str) -> None:
        super().__init__(folder, stack, HTCondor, "htcondor_emulator", htcondor_emulator.ROLES)
        self.lacks = {
            Ability.REQUEUE: "a job that was interrupted matches no other slot",
            Ability.CLOCK: "the plugin reads no time that HTCondor prints",
        }

    def start(self, tag: str, node: str = "node1") -> None:
        """The job runs."""
        self._update(tag, JobStatus=2, NumShadowStarts=1, RemoteHost=f"slot1_1@{node}", LastRemoteHost=f"slot1_1@{node}")

    def end(self, tag: str, outcome: Outcome) -> None:
        """The job ends."""
        self._update(tag, **_ENDS[outcome])

    def hold(self, tag: str, reason: str = "via condor_hold (by user root)") -> None:
        """As `condor_hold` does."""
        self._update(tag, JobStatus=5, HoldReasonCode=1, HoldReason=reason)

    def requeue(self, tag: str) -> None:
        """Not with this plugin."""
        raise NotImplementedError

    def forget(self, tag: str) -> None:
        """The job is in the history alone; one that was held or waited was removed before, by its own periodic_remove."""
        with changed(self.folder) as state:
            for job in _with(state, tag):
                ad = job["ad"]
                if ad["JobStatus"] not in htcondor_emulator.OVER:
                    ad.update(LastHoldReasonCode=ad.pop("HoldReasonCode", None), LastJobStatus=ad["JobStatus"])
                    ad.update(JobStatus=3, RemoveReason=_BY_POLICY)
                job["queued"] = False

    def erase(self, tag: str) -> None:
        """No trace."""
        with changed(self.folder) as state:
            state["jobs"] = {key: job for key, job in state["jobs"].items() if job["ad"]["CulmWorker"] != tag}

    def fill(self, count: int) -> None:
        """Idle jobs."""
        with changed(self.folder) as state:
            for number in range(count):
                htcondor_emulator.new_job(state, f"{self.stack}-fill-{number}")

    def restart(self, *, cold: bool) -> None:
        """The schedd, with its job queue log or with an empty spool."""
        with changed(self.folder) as state:
            if cold:
                state.update(jobs={}, next_id=1)

    def foreign(self, name: str) -> str:
        """A job of another user."""
        with changed(self.folder) as state:
            return f"{htcondor_emulator.new_job(state, name, Owner='eve')['ad']['ClusterId']}.0"

    def foreign_lives(self, key: str) -> bool:
        """Whether it still waits."""
        with changed(self.folder) as state:
            return bool(state["jobs"][key]["ad"]["JobStatus"] == 1)

    def set_clock_off(self) -> None:
        """Not here."""
        raise NotImplementedError

    def copies(self, tag: str) -> int:
        """Jobs with this tag that have not ended."""
        with changed(self.folder) as state:
            return len([job for job in _with(state, tag) if job["ad"]["JobStatus"] not in htcondor_emulator.OVER])

    def asked(self, tag: str) -> Asked:
        """By the submit file."""
        with changed(self.folder) as state:
            (job,) = _with(state, tag)
            return Asked(job["ad"]["RequestMemory"], job["ad"]["RequestCpus"], job["seconds"])

    def visible(self, tag: str) -> str:
        """Arguments, environment, submit file and script."""
        with changed(self.folder) as state:
            (job,) = _with(state, tag)
            return str(job["visible"])

    def _update(self, tag: str, **ad: Any) -> None:
        with changed(self.folder) as state:
            (job,) = _with(state, tag)
            job["ad"].update(ad)


def _with(state: dict[str, Any], tag: str) -> list[htcondor_emulator.Job]:
    return [job for job in state["jobs"].values() if job["ad"]["CulmWorker"] == tag and job["ad"]["Owner"] != "eve"]


@contextmanager
def serve(_: Path) -> Iterator[MakeAdapter]:
    """Nothing to bring up; each case has a system of its own."""
    numbers = itertools.count(1)

    def make(folder: Path) -> AbstractContextManager[HTCondorStandIn]:
        @contextmanager
        def one() -> Iterator[HTCondorStandIn]:
            yield HTCondorStandIn(folder, f"kit{next(numbers)}")

        return one()

    yield make
