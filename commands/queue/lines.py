"""Which waiting job a pilot gets, found by a look at a few heads, for any number of jobs. Pure.

Jobs with nearly equal needs stand in one line (`Needs.rounded`), in dispatch order: priority, then age. So there are as many
lines as sizes, however many different numbers the jobs ask for. A line is a heap. A job that leaves from its middle stays there
as a stale entry until it reaches the head; a head is never stale, so looking costs nothing more. A second heap has the same jobs
by age alone. The lines of a global share are found by its name, so that shares that come later cost nothing.
Guards: no step costs more than what it touches: adding, leasing and withdrawing are O(log n), hold and release of a task are
O(its own jobs). An offer that names a task or an owner looks at the lines of that task or owner only. What is put back
(`commands/undo.py`) is put back in meaning: the same jobs are found, stale entries may differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from commands.queue.waiting import Needs, Rank, WaitingJob
from commands.undo import note

#: Stale entries that a line may hold beside as many as it has live ones, before they are swept out.
STALE_MAX = 64


@dataclass(slots=True)
class Line:
    """Jobs of nearly equal needs. `heap` holds their ranks, stale ones below its head; `live` counts those that may be leased.

    ages: the job ids, the oldest job at the head, stale ones below it.
    """

    heap: list[Rank] = field(default_factory=list)
    ages: list[int] = field(default_factory=list)
    live: int = 0


@dataclass(slots=True)
class Lines:
    """All lines of a queue by rounded needs, the same lines by share, and the same jobs by owner and by task."""

    of_all: dict[Needs, Line] = field(default_factory=dict)
    of_share: dict[str, dict[Needs, Line]] = field(default_factory=dict)
    of_owner: dict[str, dict[Needs, Line]] = field(default_factory=dict)
    of_task: dict[int, dict[Needs, Line]] = field(default_factory=dict)

    def add(self, jobs: Sequence[WaitingJob], alive: Mapping[int, WaitingJob], held_tasks: AbstractSet[int]) -> None:
        """Let these jobs be found. alive, held_tasks: the waiting jobs and the tasks on hold, looked at when this is put back.

        So call it before the jobs are noted there: what is put back comes in the opposite order.
        """
        self._add(jobs)
        note(self._remove, jobs, alive, held_tasks)

    def remove(self, jobs: Sequence[WaitingJob], alive: Mapping[int, WaitingJob], held_tasks: AbstractSet[int]) -> None:
        """Let these jobs be found no more. alive, held_tasks: the waiting jobs and the tasks on hold as they are from now on."""
        self._remove(jobs, alive, held_tasks)
        note(self._add, jobs)

    def heads(self, owner: str | None) -> Iterator[tuple[Needs, Rank]]:
        """The first job of each line, of `owner` alone when one is named."""
        return ((needs, line.heap[0]) for needs, line in self.named(owner))

    def named(self, owner: str | None, task_id: int | None = None) -> Iterator[tuple[Needs, Line]]:
        """Each line by its rounded needs, of the task alone when one is named, else of `owner` alone when one is named.

        All jobs of a task have one owner, at which is not looked here.
        """
        return iter(self._lines_of(owner, task_id).items())

    def by_share(self, owner: str | None, task_id: int | None = None) -> Mapping[str, Mapping[Needs, Line]]:
        """The lines of each share, of the task or of `owner` alone as `named` has them."""
        if owner is None and task_id is None:
            return self.of_share
        found: dict[str, dict[Needs, Line]] = {}
        for needs, line in self._lines_of(owner, task_id).items():
            found.setdefault(needs.share, {})[needs] = line
        return found

    def _lines_of(self, owner: str | None, task_id: int | None) -> dict[Needs, Line]:
        if task_id is not None:
            return self.of_task.get(task_id, {})
        return self.of_all if owner is None else self.of_owner.get(owner, {})

    def _add(self, jobs: Sequence[WaitingJob]) -> None:
        for job in jobs:
            needs = job.needs.rounded
            of_group = (self.of_owner.setdefault(job.owner, {}), self.of_task.setdefault(job.task_id, {}))
            for lines in (self.of_all, *of_group):
                line = lines.get(needs)
                if line is None:
                    line = lines[needs] = Line()
                    if lines is self.of_all:
                        self.of_share.setdefault(needs.share, {})[needs] = line
                heappush(line.heap, job.rank)
                heappush(line.ages, job.job_id)
                line.live += 1

    def _remove(self, jobs: Sequence[WaitingJob], alive: Mapping[int, WaitingJob], held_tasks: AbstractSet[int]) -> None:
        owners: dict[tuple[str, Needs], None] = {}
        tasks: dict[tuple[int, Needs], None] = {}
        gone = {job.job_id for job in jobs}
        for job in jobs:
            needs = job.needs.rounded
            owners[job.owner, needs] = None
            tasks[job.task_id, needs] = None
            for lines in (self.of_all, self.of_owner[job.owner], self.of_task[job.task_id]):
                lines[needs].live -= 1
        for owner, needs in owners:
            self._tidy(self.of_owner[owner], needs, alive, held_tasks, gone)
            if not self.of_owner[owner]:
                del self.of_owner[owner]
        for task_id, needs in tasks:
            self._tidy(self.of_task[task_id], needs, alive, held_tasks, gone)
            if not self.of_task[task_id]:
                del self.of_task[task_id]
        for needs in dict.fromkeys(needs for _, needs in owners):
            self._tidy(self.of_all, needs, alive, held_tasks, gone)
            if needs not in self.of_all:
                siblings = self.of_share[needs.share]
                del siblings[needs]
                if not siblings:
                    del self.of_share[needs.share]

    def _tidy(
        self,
        lines: dict[Needs, Line],
        needs: Needs,
        alive: Mapping[int, WaitingJob],
        held_tasks: AbstractSet[int],
        gone: AbstractSet[int],
    ) -> None:
        """Bring a live entry to the head of a line; an empty line goes, one that is mostly stale is made new.

        gone: what left just now: a head that is not among it is live, as it was before.
        """
        line = lines[needs]
        if line.live == 0:
            del lines[needs]
            return
        heap = line.heap
        if heap[0][1] in gone:
            while not is_live(heap[0], needs, alive, held_tasks):
                heappop(heap)
        if len(heap) > 2 * line.live + STALE_MAX:
            heap[:] = {rank for rank in heap if is_live(rank, needs, alive, held_tasks)}
            heapify(heap)
        ages = line.ages
        if ages[0] in gone:
            while not waits_here(ages[0], needs, alive, held_tasks):
                heappop(ages)
        if len(ages) > 2 * line.live + STALE_MAX:
            ages[:] = {job_id for job_id in ages if waits_here(job_id, needs, alive, held_tasks)}
            heapify(ages)


def is_live(rank: Rank, needs: Needs, alive: Mapping[int, WaitingJob], held_tasks: AbstractSet[int]) -> bool:
    """False for a job that left, for one of a task on hold, and for an entry of an earlier stay with other needs or priority.

    needs: the rounded ones of the line.
    """
    job = alive.get(rank[1])
    return job is not None and job.task_id not in held_tasks and job.rank == rank and job.needs.rounded == needs


def waits_here(job_id: int, needs: Needs, alive: Mapping[int, WaitingJob], held_tasks: AbstractSet[int]) -> bool:
    """True for a job that may be leased and stands in the line of these rounded needs."""
    job = alive.get(job_id)
    return job is not None and job.task_id not in held_tasks and job.needs.rounded == needs
