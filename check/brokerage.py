"""Law: what an order cites was decided for its task before, and its jobs go to queues that were taken there."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from check.laws import Seen, Violation

#: Task and event id of a decision.
Decision = tuple[str, str]


@dataclass
class CitedBrokerage:
    """Every citation of an order names a decision of its task that stands before it. Orders of earlier versions cite nothing."""

    name: str = "orders rest on decisions of their task"
    checked: int = 0
    taken: dict[Decision, tuple[int, frozenset[str]]] = field(default_factory=dict)
    """Memory and the queues that were taken."""

    def see(self, record: Seen) -> Iterator[Violation]:
        """A citation of nothing, or of other memory; a job elsewhere than its order's decisions allow."""
        if record.role != "events" or record.aggregate != "task":
            return
        task = record.envelope.aggregate_id
        match record.name:
            case "BrokerageDecided":
                queues = frozenset(one.queue for one in record.message.brokerage.verdicts if one.taken)
                self.taken[task, record.envelope.event_id] = (record.message.ram_mb, queues)
            case "JobsGenerated" | "TaskParked":
                yield from self._cites(record, task)
            case _:
                pass

    def _cites(self, record: Seen, task: str) -> Iterator[Violation]:
        allowed: set[str] = set()
        for one in record.message.brokerage.cited:
            self.checked += 1
            ram_mb, queues = self.taken.get((task, one.decision), (None, frozenset()))
            allowed |= queues
            if ram_mb != one.ram_mb:
                found = "is not in the log" if ram_mb is None else f"is for {ram_mb} MB"
                message = f"task {task} cites decision {one.decision} for {one.ram_mb} MB, which {found}"
                yield Violation(self.name, str(record.place), message)
        jobs = record.message.jobs if record.name == "JobsGenerated" and record.message.brokerage.cited else ()
        for job in jobs:
            if job.queue not in allowed:
                message = f"job {job.job_id} goes to {job.queue}, which no cited decision took"
                yield Violation(self.name, str(record.place), message)

    def end(self) -> Iterator[Violation]:
        """Nothing more."""
        yield from ()
