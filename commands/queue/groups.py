"""How many jobs of a queue wait and run, by global share, resource type and user. Pure.

In: jobs that come and go. Out: counts that events carry, for groups alone that they concern. They follow from jobs and leases; a
lease of an earlier release, which does not say whose its job is, is counted in none. Source: docs/decisions/0081.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from commands.queue.waiting import WaitingJob
from commands.undo import UndoDict
from schemas.share_tree import UNDEFINED
from schemas.types import JobGroupLoad, JobSpec

#: Jobs that wait, jobs that pilots hold, cores of the latter.
Counts = tuple[int, int, int]


class JobGroup(NamedTuple):
    """What the jobs of a group have in common."""

    share: str
    resource_type: str
    vo: str
    owner: str
    working_group: str


class GroupStep(NamedTuple):
    """So many more jobs of a group wait and are held, and so many more cores."""

    group: JobGroup
    waiting: int = 0
    leased: int = 0
    cores: int = 0


@dataclass(frozen=True, slots=True)
class GroupLoads:
    """Counts by group; a group without jobs is not there."""

    counts: UndoDict[JobGroup, Counts] = field(default_factory=UndoDict)

    def count(self, step: GroupStep) -> None:
        """So many more of each."""
        if not step.group.owner:
            return
        after = _after(self.counts.get(step.group, (0, 0, 0)), step)
        if any(after):
            self.counts[step.group] = after
        else:
            self.counts.pop(step.group, None)

    def told(self, *steps: GroupStep) -> tuple[JobGroupLoad, ...]:
        """What an event says that takes `steps`."""
        found: dict[JobGroup, Counts] = {}
        for step in steps:
            if step.group.owner:
                before = found[step.group] if step.group in found else self.counts.get(step.group, (0, 0, 0))
                found[step.group] = _after(before, step)
        return tuple(
            JobGroupLoad(**group._asdict(), waiting=counts[0], leased=counts[1], cores=counts[2])
            for group, counts in found.items()
        )


def group_of(job: WaitingJob) -> JobGroup:
    """The group of a job that waits."""
    needs = job.needs
    return JobGroup(needs.share, needs.resource_type, needs.vo, job.owner, job.working_group)


def group_of_spec(spec: JobSpec) -> JobGroup:
    """The group of a job that does not wait yet."""
    return JobGroup(spec.share or UNDEFINED, spec.resource_type, spec.vo, spec.owner, spec.working_group or "")


def steps(groups: Iterable[tuple[JobGroup, int]], sign: int) -> list[GroupStep]:
    """Jobs that pilots hold, as steps of one sign: group and cores of each."""
    return [GroupStep(group, leased=sign, cores=sign * cores) for group, cores in groups]


def _after(before: Counts, step: GroupStep) -> Counts:
    return before[0] + step.waiting, before[1] + step.leased, before[2] + step.cores
