"""Which waiting job a pilot gets, found by a look at a few heads, for any number of jobs. Pure.

Jobs with equal needs stand in one line, in dispatch order: priority, then age. A line is a heap. A job that leaves from its
middle stays there as a stale entry until it reaches the head; a head is never stale, so looking costs nothing more.
Guards: no step costs more than what it touches: adding, leasing and withdrawing are O(log n), hold and release of a task are
O(its own jobs). An offer that names an owner looks at that owner's lines only. What is put back (`commands/undo.py`) is put
back in meaning: the same jobs are found, stale entries may differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from commands.undo import note
from schemas.types import JobSpec

Rank = tuple[int, int]
#: Stale entries that a line may hold beside as many as it has live ones, before they are swept out.
STALE_MAX = 64


class Needs(NamedTuple):
    """What a pilot must offer for a job; jobs with equal needs stand in one line. A tuple, because it is hashed all the time."""

    vo: str
    label: str
    ram_mb: int
    disk_mb: int
    walltime_seconds: int
    resource_type: str


@dataclass(slots=True)
class Line:
    """Jobs of equal needs. `heap` holds their ranks, and stale ones below its head; `live` counts those that may be leased."""

    heap: list[Rank] = field(default_factory=list)
    live: int = 0


@dataclass(slots=True)
class Lines:
    """All lines of a queue by needs, and the same jobs once more by owner and needs."""

    of_all: dict[Needs, Line] = field(default_factory=dict)
    of_owner: dict[str, dict[Needs, Line]] = field(default_factory=dict)

    def add(self, specs: Sequence[JobSpec], alive: Mapping[int, JobSpec], held_tasks: AbstractSet[int]) -> None:
        """Let these jobs be found. alive, held_tasks: the waiting jobs and the tasks on hold, looked at when this is put back.

        So call it before the jobs are noted there: what is put back comes in the opposite order.
        """
        self._add(specs)
        note(self._remove, specs, alive, held_tasks)

    def remove(self, specs: Sequence[JobSpec], alive: Mapping[int, JobSpec], held_tasks: AbstractSet[int]) -> None:
        """Let these jobs be found no more. alive, held_tasks: the waiting jobs and the tasks on hold as they are from now on."""
        self._remove(specs, alive, held_tasks)
        note(self._add, specs)

    def heads(self, owner: str | None) -> Iterator[tuple[Needs, Rank]]:
        """The first job of each line, of `owner` alone when one is named."""
        lines = self.of_all if owner is None else self.of_owner.get(owner, {})
        return ((needs, line.heap[0]) for needs, line in lines.items())

    def _add(self, specs: Sequence[JobSpec]) -> None:
        for spec in specs:
            rank, needs = rank_of(spec), needs_of(spec)
            for lines in (self.of_all, self.of_owner.setdefault(spec.owner, {})):
                line = lines.setdefault(needs, Line())
                heappush(line.heap, rank)
                line.live += 1

    def _remove(self, specs: Sequence[JobSpec], alive: Mapping[int, JobSpec], held_tasks: AbstractSet[int]) -> None:
        touched: dict[tuple[str, Needs], None] = {}
        for spec in specs:
            needs = needs_of(spec)
            touched[spec.owner, needs] = None
            self.of_all[needs].live -= 1
            self.of_owner[spec.owner][needs].live -= 1
        for owner, needs in touched:
            self._tidy(self.of_owner[owner], needs, alive, held_tasks)
            if not self.of_owner[owner]:
                del self.of_owner[owner]
        for needs in dict.fromkeys(needs for _, needs in touched):
            self._tidy(self.of_all, needs, alive, held_tasks)

    def _tidy(self, lines: dict[Needs, Line], needs: Needs, alive: Mapping[int, JobSpec], held_tasks: AbstractSet[int]) -> None:
        """Bring a live entry to the head of a line; an empty line goes, one that is mostly stale is made new."""
        line = lines[needs]
        if line.live == 0:
            del lines[needs]
            return
        heap = line.heap
        while not _is_live(heap[0], needs, alive, held_tasks):
            heappop(heap)
        if len(heap) > 2 * line.live + STALE_MAX:
            heap[:] = {rank for rank in heap if _is_live(rank, needs, alive, held_tasks)}
            heapify(heap)


def needs_of(spec: JobSpec) -> Needs:
    """The line a job stands in."""
    return Needs(
        spec.vo,
        spec.label,
        spec.ram_mb_min,
        spec.disk_mb_max,
        spec.walltime_seconds_max,
        spec.resource_type,
    )


def rank_of(spec: JobSpec) -> Rank:
    """Dispatch order, best first: highest priority, then greatest age (docs/reference/jedi.md)."""
    return (-spec.priority, spec.job_id)


def _is_live(rank: Rank, needs: Needs, alive: Mapping[int, JobSpec], held_tasks: AbstractSet[int]) -> bool:
    """False for a job that left, for one of a task on hold, and for an entry of an earlier stay with other needs or priority."""
    spec = alive.get(rank[1])
    return spec is not None and spec.task_id not in held_tasks and spec.priority == -rank[0] and needs_of(spec) == needs
