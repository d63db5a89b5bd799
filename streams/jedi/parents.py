"""Who learns that a task ended: the tasks that name it as their parent. Pure.

Source: docs/flow.md; docs/decisions/0065.
"""

from collections.abc import Iterator, Sequence

from schemas.task import RecordParentEnd, TaskFinalized
from schemas.types import TaskVerdict
from streams.engine.messages import OutgoingCommand, RecordRead, outgoing_command


def tell_children(ended: Sequence[RecordRead]) -> Iterator[OutgoingCommand]:
    """The end of each task to each of its children; an exhausted one has not ended."""
    for one in ended:
        event: TaskFinalized = one.message
        if event.verdict is TaskVerdict.EXHAUSTED:
            continue
        end = RecordParentEnd(parent_task_id=int(one.cause.aggregate_id), parent_status=event.verdict.lower())
        for child in event.children:
            yield outgoing_command(end, str(child), [one.cause])
