"""A job that waits in a queue: its place in line, and its specification, which may be unread until a pilot takes it. Pure."""

from collections.abc import Callable
from typing import NamedTuple

from schemas.queue import QueuedJobSnapshot
from schemas.types import JobSpec, PlaceInLine

#: Dispatch order, best first: highest priority, then greatest age (docs/reference/jedi.md).
Rank = tuple[int, int]


class Needs(NamedTuple):
    """What a pilot must offer for a job; jobs with equal needs stand in one line. A tuple, because it is hashed all the time."""

    vo: str
    label: str
    ram_mb: int
    disk_mb: int
    walltime_seconds: int
    resource_type: str


class WaitingJob(NamedTuple):
    """A job in line. A tuple, because there are millions of them. `source`: its specification, or what reads the row of it.

    Two are equal when their specifications are.
    """

    job_id: int
    task_id: int
    owner: str
    rank: Rank
    needs: Needs
    source: JobSpec | Callable[[], QueuedJobSnapshot]

    @property
    def spec(self) -> JobSpec:
        """The specification; read each time it is asked for."""
        if isinstance(self.source, JobSpec):
            return self.source
        spec = self.source().spec
        assert spec is not None, f"the row of job {self.job_id}, which waits, has no specification"
        return spec

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
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WaitingJob) and self.spec == other.spec

    def __hash__(self) -> int:
        return hash(self.rank)


def waiting_job(
    job_id: int, place: JobSpec | PlaceInLine, source: JobSpec | Callable[[], QueuedJobSnapshot]
) -> WaitingJob:
    """The job whose place a specification, or its row, describes."""
    needs = Needs(
        place.vo,
        place.label,
        place.ram_mb_min,
        place.disk_mb_max,
        place.walltime_seconds_max,
        place.resource_type,
    )
    return WaitingJob(job_id, place.task_id, place.owner, (-place.priority, job_id), needs, source)
