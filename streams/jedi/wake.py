"""Which parked tasks to try again, and when. Pure.

A queue that was configured, or a source outside that says something else, wakes every task that waits for a queue. A task that
was parked on facts older than what is known by now is woken at once: its queue was configured while it was being brokered.
"""

from collections.abc import Iterator, Sequence

from schemas.task import TaskParked, WakeTask
from streams.engine.messages import OutgoingCommand, RecordRead, outgoing_command
from streams.facts.snapshot import Snapshot, knows_more

CAUSE = "QUEUE_CONFIGURED"
SOURCE_CHANGED = "SOURCE_CHANGED"


def wake_all(configured: Sequence[RecordRead], facts: Snapshot) -> Iterator[OutgoingCommand]:
    """A command to each parked task, in the tenant of the task, because of the last of `configured`: once for all of them.

    A site that configures hundreds of queues while a user has thousands of tasks parked is not their product.
    """
    yield from _wake(configured[-1:], facts, CAUSE)


def _wake(causes: Sequence[RecordRead], facts: Snapshot, word: str) -> Iterator[OutgoingCommand]:
    for one in causes:
        for parked in facts.parked:
            made = outgoing_command(WakeTask(cause=word), str(parked.task_id), [one.cause])
            yield _in_tree_of(made, parked.vo, parked.correlation_id)


def wake_by_source(facts_set: Sequence[RecordRead], facts: Snapshot) -> Iterator[OutgoingCommand]:
    """A command to each parked task because of the last of what sources outside say: a document sets many facts at once."""
    yield from _wake(facts_set[-1:], facts, SOURCE_CHANGED)


def wake_late(parked: Sequence[RecordRead], facts: Snapshot) -> Iterator[OutgoingCommand]:
    """A command to each task that was parked without knowing what `facts` know."""
    for one in parked:
        event: TaskParked = one.message
        if knows_more(facts.position, event.brokerage.facts_position):
            yield outgoing_command(WakeTask(cause=CAUSE), one.cause.aggregate_id, [one.cause])


def _in_tree_of(made: OutgoingCommand, vo: str, correlation_id: str) -> OutgoingCommand:
    """The outgoing_command as part of the task's own tree of requests."""
    fields = made.envelope.to_avro() | {"vo": vo, "correlation_id": correlation_id}
    return OutgoingCommand(made.command, type(made.envelope).from_avro(fields))
