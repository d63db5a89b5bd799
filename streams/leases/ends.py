"""Ends of jobs rolled up into one end of leases a queue. Pure.

In: final events of jobs as read. Out: `EndLeases`, at most `JOBS_MAX` jobs each. A job says itself which queue holds its lease;
until that command the lease stands, and may at worst run out, which changes nothing for a job that has ended.
"""

from collections.abc import Iterator, Sequence

from schemas.queue import EndLeases
from schemas.types import EventEnvelope
from streams.engine.messages import OutgoingCommand, RecordRead, outgoing_command

JOBS_MAX = 500
#: Events that may name a queue whose lease is over.
KINDS = frozenset({"JobFinished", "JobMerging", "JobFailed", "JobCancelled"})


def ended_leases(records: Sequence[RecordRead]) -> Iterator[OutgoingCommand]:
    """One command for each queue and tenant among `records`, or several when more of its jobs ended than one may tell."""
    by_queue: dict[tuple[str, str], list[EventEnvelope]] = {}
    for one in records:
        if one.message.lease_on is not None:
            by_queue.setdefault((one.message.lease_on, one.cause.vo), []).append(one.cause)
    for (queue, _), causes in by_queue.items():
        for start in range(0, len(causes), JOBS_MAX):
            part = causes[start : start + JOBS_MAX]
            job_ids = tuple(int(cause.aggregate_id) for cause in part)
            yield outgoing_command(EndLeases(job_ids=job_ids), queue, part)
