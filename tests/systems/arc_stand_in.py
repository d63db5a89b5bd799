"""An ARC CE for the conformance kit, emulated behind its REST interface: the plugin speaks HTTP as always."""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from enum import StrEnum
from pathlib import Path

from agents.harvester.systems.arc import ArcCE
from tests.systems.arc_emulator import THEM, TOKEN, ARex, Job
from tests.systems.arc_front import ArcFront
from tests.systems.http_adapter import HttpAdapter
from tests.systems.kit import Ability, Asked, MakeAdapter, Outcome

STARTS_PROCESSES = False
RUNS_PROGRAMS = False
LACKS: Mapping[StrEnum, str] = {
    Ability.ASKED: "a CE is asked for whole MB of one core, 5,001 MB for 5,000 on three: test_arc.py",
    Ability.SHOWS_MEMORY: "documents of jobs do not say what memory was asked for",
    Ability.FORGET: "a CE has no accounting that clients can read",
    Ability.ID_REUSE: "ids of jobs are random",
    Ability.CLOCK: "the plugin reads no time of the CE",
    Outcome.PREEMPTED: "A-REX has no word of its own for it; the text of a batch system below: test_arc.py",
}
#: State, exit code and error text, as A-REX's scan of Slurm and its grid manager write them.
_ENDS: Mapping[Outcome, tuple[str, str, str]] = {
    Outcome.FINISHED: ("FINISHED", "0", ""),
    Outcome.FAILED: ("FAILED", "7", "LRMS error: (7) Job failed"),
    Outcome.SIGNALLED: ("FAILED", "267", "LRMS error: (267) Job failed"),
    Outcome.TIMEOUT: ("FAILED", "271", "LRMS error: (271) Job timeout"),
    Outcome.OUT_OF_MEMORY: ("FAILED", "265", "LRMS error: (265) Job failed: out of memory"),
    Outcome.NODE_FAILED: ("FAILED", "15", "LRMS error: (15) Node fail"),
    Outcome.CANCELLED: ("KILLED", "", "Job is canceled by external request"),
}


class ArcStandIn(HttpAdapter[ArcCE]):
    """A CE in memory."""

    def __init__(self, folder: Path, stack: str) -> None:
        self.arex = ARex()
        front = ArcFront(self.arex)
        token = folder / "ce.token"
        token.write_text(f"{TOKEN}\n")
        settings = {"api": f"{front.address}/arex", "token_file": str(token), "sweep_seconds": "0"}
        super().__init__(folder, stack, ArcCE, front, settings)
        self.lacks = LACKS
        self.queue_settings: Mapping[str, str] = {"queue": "main"}

    def start(self, tag: str, node: str = "node1") -> None:
        """A node runs the job, which has all its files."""
        job = self._job(tag)
        assert set(job.inputs) <= set(job.files), "it waits for files"
        job.state, job.document, job.has_document = "RUNNING", {"ExecutionNode": node}, True

    def end(self, tag: str, outcome: Outcome) -> None:
        """The grid manager writes the end."""
        job = self._job(tag)
        job.state, code, error = _ENDS[outcome]
        job.has_document = True
        job.document |= {"ExitCode": code} if code else {}
        job.document |= {"Error": [error]} if error else {}

    def hold(self, tag: str, reason: str = "held by an administrator") -> None:
        """The batch system below holds it."""
        job = self._job(tag)
        job.state, job.document, job.has_document = "HELD", {"OtherMessages": reason}, True

    def requeue(self, tag: str) -> None:
        """The batch system below has it wait again."""
        job = self._job(tag)
        job.state, job.document = "QUEUING", {}

    def forget(self, tag: str) -> None:
        """Lacking."""

    def erase(self, tag: str) -> None:
        """As an administrator removes it from the control directory."""
        self.arex.jobs = {one: job for one, job in self.arex.jobs.items() if job.name != tag}

    def fill(self, count: int) -> None:
        """Jobs that wait, with documents as large as real ones."""
        more = {f"Filler{number}": "x" * 40 for number in range(30)}
        for number in range(count):
            name = f"{self.stack}-fill-{number}"
            self.arex.add(Job(name, "", 1, {}, state="QUEUING", document=more, has_document=True))

    def restart(self, *, cold: bool) -> None:
        """The service ends its connections. cold: with a new control directory."""
        self.front.close()
        if cold:
            self.arex.jobs = {}
        self.front.open()

    def set_clock_off(self) -> None:
        """Lacking."""

    def foreign(self, name: str) -> str:
        """A job of the same identity; of another one where the name is one of ours."""
        owner = THEM if name.startswith(f"{self.stack}-") else "us"
        return self.arex.add(Job(name, "", 1, {}, owner=owner, state="QUEUING", has_document=True))

    def foreign_lives(self, key: str) -> bool:
        """Whether it is there and not being killed."""
        return key in self.arex.jobs and self.arex.jobs[key].state == "QUEUING"

    def settle(self) -> None:
        """What is being killed is over."""
        for job in self.arex.jobs.values():
            if job.state == "KILLING":
                job.state, job.has_document = "KILLED", True
                job.document |= {"Error": "Job is canceled by external request"}

    def left_behind(self, tag: str) -> list[str]:
        """Its job and its folder."""
        folder = self.folder / "arc" / tag
        return [one for one, job in self.arex.jobs.items() if job.name == tag] + ([str(folder)] if folder.exists() else [])

    def copies(self, tag: str) -> int:
        """Jobs of this name that live."""
        return sum(job.lives for job in self.arex.jobs.values() if job.name == tag and job.owner != THEM)

    def asked(self, tag: str) -> Asked:
        """Lacking."""
        raise NotImplementedError

    def files(self, tag: str) -> Mapping[str, tuple[int, bytes]]:
        """As they lie in the session directory."""
        return self._job(tag).files

    def visible(self, tag: str) -> str:
        """The description, as it lies in the control directory."""
        return self._job(tag).description

    def _job(self, tag: str) -> Job:
        (found,) = (job for job in self.arex.jobs.values() if job.name == tag)
        return found


@contextmanager
def serve(_: Path) -> Iterator[MakeAdapter]:
    """Nothing to bring up; each case has a CE of its own."""
    numbers = itertools.count(1)

    def make(folder: Path) -> AbstractContextManager[ArcStandIn]:
        return closing(ArcStandIn(folder, f"kit{next(numbers)}"))

    yield make
