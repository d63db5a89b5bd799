"""The jobs of one task that have not ended for it, in pages of columns: those at work, and those that wait for their merge. Pure.

A page holds the jobs of one order: their numbers go on from each other. It leaves when the last of them has, so a task of a
million jobs is the pages of those that live. A live job costs about 20 bytes. Every change notes its undo (`commands/undo.py`).
Guards: finding, adding and ending a job costs the same for any number.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from commands.undo import UndoArray, UndoBytes, UndoList
from schemas.ids import JOBS_PER_TASK, job_id_of
from schemas.types import GeneratedJob, JobKind


class JobState(IntEnum):
    """Where a job of a task stands; the values are those of the columns."""

    ENDED = 0
    LIVE = 1
    #: Its outputs wait for the merge step.
    UNMERGED = 2
    #: In a merge order or with a merge job.
    MERGING = 3
    #: Its merge failed so often that it is not tried again; the job is about to end.
    GIVEN_UP = 4
    #: Killed while it was being merged: the merge decides about its input.
    ENDED_UNMERGED = 5
    ENDED_MERGING = 6


#: Jobs that count as live in the accounts of their task.
COUNTED = (JobState.LIVE, JobState.UNMERGED, JobState.MERGING, JobState.GIVEN_UP)
AWAITING_MERGE = frozenset({JobState.UNMERGED, JobState.ENDED_UNMERGED})


@dataclass(frozen=True, slots=True)
class LiveJob:
    """A job that has not ended for its task. `units` are unit ids, or for a merge job serials of unmerged jobs."""

    job_id: int
    serial: int
    kind: JobKind
    queue: str
    units: tuple[int, ...]
    attempt: int


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs of one order, serial `first` and those after it. Units of job n are `units` from `ends[n - 1]` to `ends[n]`."""

    first: int
    kind: JobKind
    queues: tuple[str, ...]
    queue: "array[int]"
    attempts: "array[int]"
    units: "array[int]"
    ends: "array[int]"
    state: UndoBytes

    @classmethod
    def of(cls, kind: JobKind, jobs: Sequence[GeneratedJob]) -> "JobPage":
        """The page of live jobs with consecutive serials; at least one."""
        queues = tuple(dict.fromkeys(job.queue for job in jobs))
        number_of = {queue: number for number, queue in enumerate(queues)}
        ends, units = array("I"), array("I")
        for place, job in enumerate(jobs):
            assert job.serial == jobs[0].serial + place, f"job {job.serial} stands where {jobs[0].serial + place} is expected"
            units.extend(job.unit_ids)
            ends.append(len(units))
        return cls(
            first=jobs[0].serial,
            kind=kind,
            queues=queues,
            queue=array("H", [number_of[job.queue] for job in jobs]),
            attempts=array("I", [job.attempt for job in jobs]),
            units=units,
            ends=ends,
            state=UndoBytes([JobState.LIVE] * len(jobs)),
        )

    def job(self, task_id: int, serial: int) -> LiveJob:
        """The job with this serial."""
        at = serial - self.first
        units = self.units[self.ends[at - 1] if at else 0 : self.ends[at]]
        number = job_id_of(task_id, serial)
        return LiveJob(number, serial, self.kind, self.queues[self.queue[at]], tuple(units), self.attempts[at])


def _first_of(page: JobPage) -> int:
    return page.first


def _no_counts() -> UndoArray:
    return UndoArray("q", [0] * len(JobState))


@dataclass(frozen=True, slots=True)
class LiveJobs:
    """Pages in the order of their serials; `counts` has a number for each state of the jobs in them."""

    pages: UndoList[JobPage] = field(default_factory=UndoList)
    counts: UndoArray = field(default_factory=_no_counts)

    def __len__(self) -> int:
        """Jobs at work; those that wait for a merge are not."""
        return self.counts[JobState.LIVE]

    def counted(self) -> int:
        """Jobs that have not ended, those that wait for a merge included."""
        return sum(self.counts[state] for state in COUNTED)

    def get(self, job_id: int) -> LiveJob | None:
        """The job at work with this id."""
        task_id, serial = divmod(job_id, JOBS_PER_TASK)
        page = self._page_of(serial)
        if page is None or page.state[serial - page.first] != JobState.LIVE:
            return None
        return page.job(task_id, serial)

    def state_of(self, serial: int) -> JobState:
        """Where a job stands; ENDED for one that there never was, too."""
        page = self._page_of(serial)
        return JobState.ENDED if page is None else JobState(page.state[serial - page.first])

    def attempt_of(self, serial: int) -> int:
        """Attempt number of a job that has not ended for its task, or waits for its merge."""
        page = self._page_of(serial)
        assert page is not None, f"job {serial} stands in no page"
        return page.attempts[serial - page.first]

    def add(self, kind: JobKind, jobs: Sequence[GeneratedJob]) -> None:
        """Append live jobs with the serials that come next."""
        if not jobs:
            return
        self.pages.insert(len(self.pages), JobPage.of(kind, jobs))
        self.counts[JobState.LIVE] += len(jobs)

    def move(self, serial: int, state: JobState) -> None:
        """Note where a job stands from now on."""
        place = self._place_of(serial)
        page = self.pages[place]
        at = serial - page.first
        self.counts[page.state[at]] -= 1
        self.counts[state] += 1
        page.state[at] = state
        if state is JobState.ENDED and not any(page.state):
            self.counts[JobState.ENDED] -= len(page.state)
            del self.pages[place]

    def has(self, kind: JobKind) -> bool:
        """True when a job of this kind is at work."""
        return any(page.kind is kind and JobState.LIVE in page.state for page in self.pages)

    def awaiting_merge(self) -> Iterator[int]:
        """Serials of jobs whose outputs are in no merge yet, in order."""
        if self.counts[JobState.UNMERGED] + self.counts[JobState.ENDED_UNMERGED]:
            for page in self.pages:
                yield from (page.first + at for at, state in enumerate(page.state) if state in AWAITING_MERGE)

    def to_kill(self, after: int, last: int, *, merging: bool) -> Iterator[int]:
        """Serials after `after`, up to `last`, of the jobs that a kill is for, in order.

        merging: also merge jobs, and jobs that wait for a merge.
        """
        states = frozenset[int](COUNTED if merging else (JobState.LIVE,))
        for place in range(max(0, bisect_right(self.pages, after, key=_first_of) - 1), len(self.pages)):
            page = self.pages[place]
            if page.first > last:
                return
            if merging or page.kind is not JobKind.MERGE:
                serials = (page.first + at for at, state in enumerate(page.state) if state in states)
                yield from (serial for serial in serials if after < serial <= last)

    def page_of(self, serial: int) -> int | None:
        """Serial of the first job of the page that this one stands in, ended or not; None where there is no page."""
        page = self._page_of(serial)
        return None if page is None else page.first

    def page_at(self, first: int) -> JobPage | None:
        """The page that begins with this serial."""
        page = self._page_of(first)
        return page if page is not None and page.first == first else None

    def _place_of(self, serial: int) -> int:
        return bisect_right(self.pages, serial, key=_first_of) - 1

    def _page_of(self, serial: int) -> JobPage | None:
        place = self._place_of(serial)
        if place < 0 or serial - self.pages[place].first >= len(self.pages[place].state):
            return None
        return self.pages[place]
