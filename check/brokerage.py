"""Law: what an order cites was decided before, for its task or for the one it names, and its jobs go to queues taken there."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from check.laws import Seen, Violation
from schemas.types import BrokerageCitation

#: Task and event id of a decision.
Decision = tuple[str, str]


@dataclass
class CitedBrokerage:
    """Every citation of an order names a decision that is in the log: one of its task stands before it; the records of another
    task may be read later, so what rests on these is judged at the end. Orders of earlier versions cite nothing."""

    name: str = "orders rest on decisions of their task"
    checked: int = 0
    taken: dict[Decision, tuple[int, frozenset[str]]] = field(default_factory=dict)
    """Memory and the queues that were taken."""
    later: list[Seen] = field(default_factory=list)

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
                if all(not one.task_id or self._decision(one, task) in self.taken for one in record.message.brokerage.cited):
                    yield from self._cites(record, task)
                else:
                    self.later.append(record)
            case _:
                pass

    def _decision(self, citation: BrokerageCitation, task: str) -> Decision:
        return (str(citation.task_id) if citation.task_id else task, citation.decision)

    def _cites(self, record: Seen, task: str) -> Iterator[Violation]:
        allowed: set[str] = set()
        for one in record.message.brokerage.cited:
            self.checked += 1
            ram_mb, queues = self.taken.get(self._decision(one, task), (None, frozenset()))
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
        """What rests on decisions of tasks whose records came later, or not at all."""
        for record in self.later:
            yield from self._cites(record, record.envelope.aggregate_id)
