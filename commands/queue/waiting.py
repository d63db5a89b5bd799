"""A job that waits in a queue: its place in line, and its specification, which may be unread until a pilot takes it. Pure."""

from collections.abc import Callable
from sys import intern
from typing import NamedTuple

from schemas.queue import QueuedJobSnapshot
from schemas.records import replace
from schemas.share_tree import UNDEFINED
from schemas.types import JobSpec, PlaceInLine

#: Dispatch order, best first: highest priority, then greatest age (docs/reference/jedi.md).
Rank = tuple[int, int]
#: Needs of one kind are kept apart to so many significant bits: of memory finely, of what rarely decides roughly.
RAM_BITS, OTHER_BITS = 4, 1


class Needs(NamedTuple):
    """What a pilot must offer for a job, and its share; jobs with nearly equal needs stand in one line. A tuple: often hashed."""

    vo: str
    label: str
    ram_mb: int
    disk_mb: int
    walltime_seconds: int
    resource_type: str
    cores: int = 1
    share: str = UNDEFINED

    @property
    def rounded(self) -> "Needs":
        """The needs of the line that the job stands in: none is below the job's own, memory at most an eighth above it."""
        return Needs(
            self.vo,
            self.label,
            rounded_up(self.ram_mb, RAM_BITS),
            rounded_up(self.disk_mb, OTHER_BITS),
            rounded_up(self.walltime_seconds, OTHER_BITS),
            self.resource_type,
            rounded_up(self.cores, OTHER_BITS),
            self.share,
        )


def rounded_up(number: int, bits: int) -> int:
    """The next number from `number` on that has at most so many significant bits; so there are few of them, however many numbers.

    It grows with `number`: what is at most another number is so rounded, too.
    """
    shift = number.bit_length() - bits
    return number if shift <= 0 else -(-number >> shift) << shift


class WaitingJob(NamedTuple):
    """A job in line. A tuple, because there are millions of them. `source`: its specification, or what reads the row of it.

    queued_at: since when it waits (microseconds UTC), 0 where that is not known. Two are equal when their specifications are.
    """

    job_id: int
    task_id: int
    owner: str
    rank: Rank
    needs: Needs
    source: JobSpec | Callable[[], QueuedJobSnapshot]
    queued_at: int = 0
    working_group: str = ""

    @property
    def spec(self) -> JobSpec:
        """The specification, with the share that the job is of by now; read each time it is asked for."""
        spec = self.source if isinstance(self.source, JobSpec) else self.source().spec
        assert spec is not None, f"the row of job {self.job_id}, which waits, has no specification"
        return spec if spec.share == self.needs.share else replace(spec, share=self.needs.share)

    @property
    def place(self) -> PlaceInLine:
        """What a row says of its place."""
        needs = self.needs
        return PlaceInLine(
            task_id=self.task_id,
            priority=-self.rank[0],
            owner=self.owner,
            vo=needs.vo,
            label=needs.label,
            ram_mb_min=needs.ram_mb,
            disk_mb_max=needs.disk_mb,
            walltime_seconds_max=needs.walltime_seconds,
            resource_type=needs.resource_type,
            core_count=needs.cores,
            share=needs.share,
            queued_at=self.queued_at,
            working_group=self.working_group,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WaitingJob) and self.spec == other.spec

    def __hash__(self) -> int:
        return hash(self.rank)


def waiting_job(
    job_id: int, place: JobSpec | PlaceInLine, source: JobSpec | Callable[[], QueuedJobSnapshot], queued_at: int = 0
) -> WaitingJob:
    """The job whose place a specification, or its row, describes. queued_at: since when it waits, for a specification."""
    needs = Needs(
        place.vo,
        place.label,
        place.ram_mb_min,
        place.disk_mb_max,
        place.walltime_seconds_max,
        place.resource_type,
        place.core_count,
        intern(place.share or UNDEFINED),
    )
    since = place.queued_at if isinstance(place, PlaceInLine) else queued_at
    group = intern(place.working_group or "")
    return WaitingJob(job_id, place.task_id, place.owner, (-place.priority, job_id), needs, source, since, group)
