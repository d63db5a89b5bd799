"""Law about groups of jobs: each event of a queue counts the jobs by share, resource type and user right. Pure.

The counts are made here once more, job by job. A job that was queued or leased by an event of a release that did not count groups
leaves its group out of the judgement: a queue that was restored from rows of that release does not know whose its lease is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from check.laws import Seen, Violation
from check.shares import COUNTING, changes_of

WITHOUT = "Undefined"
#: Share, resource type, tenant, user, working group.
Group = tuple[str, str, str, str, str]


@dataclass
class GroupsCounted:
    """Jobs are counted by share, resource type and user as they come and go."""

    name: str = "jobs of each share, resource type and user are counted as they come and go"
    checked: int = 0
    jobs: dict[int, tuple[Group, int]] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    counts: dict[tuple[str, Group], tuple[int, int, int]] = field(default_factory=dict)
    unjudged: set[tuple[str, Group]] = field(default_factory=set)

    def see(self, record: Seen) -> Iterator[Violation]:
        """A count that is wrong."""
        if record.role != "events" or record.name not in COUNTING:
            return
        queue, message = record.envelope.aggregate_id, record.message
        touched: dict[Group, None] = {}
        for job_id, change in changes_of(record):
            if record.name == "JobQueued":
                self.jobs[job_id] = (_group_of(message.spec), max(1, message.spec.core_count))
            if job_id not in self.jobs:
                continue
            group, cores = self.jobs[job_id]
            if record.name != "JobSharesAssigned":
                (self.held.add if change[1] > 0 else self.held.discard)(job_id)
                self._count(queue, group, cores, change, touched)
                continue
            change = (0, 1) if job_id in self.held else (1, 0)
            self._count(queue, group, cores, (-change[0], -change[1]), touched)
            group = (message.share, *group[1:])
            self._count(queue, group, cores, change, touched)
            self.jobs[job_id] = (group, cores)
        yield from self._compared(record, queue, touched)

    def end(self) -> Iterator[Violation]:
        """Nothing is left to the end."""
        return iter(())

    def _compared(self, record: Seen, queue: str, touched: dict[Group, None]) -> Iterator[Violation]:
        told = {_group_told(one): (one.waiting, one.leased, one.cores) for one in record.message.groups}
        if not told and record.name in ("JobQueued", "JobLeased"):
            self.unjudged |= {(queue, group) for group in touched}
        self.checked += 1
        for group in touched.keys() | told.keys():
            counted = self.counts.get((queue, group), (0, 0, 0))
            if (queue, group) in self.unjudged or told.get(group) == counted:
                continue
            found = f"{record.name} says {told.get(group)} (waiting, leased, cores) of {group} in queue {queue}"
            yield Violation(self.name, str(record.place), f"{found}, counted {counted}")

    def _count(self, queue: str, group: Group, cores: int, change: tuple[int, int], touched: dict[Group, None]) -> None:
        touched[group] = None
        waiting, leased = change
        before = self.counts.get((queue, group), (0, 0, 0))
        self.counts[queue, group] = (before[0] + waiting, before[1] + leased, before[2] + leased * cores)


def _group_of(spec: Any) -> Group:
    return spec.share or WITHOUT, spec.resource_type, spec.vo, spec.owner, spec.working_group or ""


def _group_told(one: Any) -> Group:
    return one.share, one.resource_type, one.vo, one.owner, one.working_group
