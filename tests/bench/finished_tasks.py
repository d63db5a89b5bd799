"""The history of tasks that ended: what one small task left in the log, again and again under other names."""

from collections.abc import Iterator
from typing import Any

from schemas.ids import FIRST_TASK_ID, JOBS_PER_TASK
from schemas.records import replace
from schemas.types import EventEnvelope
from schemas.wire import entry_of
from tests.commands.builders import TASK, a_definition, a_running_task, run_all

JOBS_OF_A_TASK = 100
NAME = "user.jdoe.t1"
#: What ends with a task, or rests when it did; a queue lives on, and its events bear numbers of their own.
AGGREGATES = ("task", "dataset", "job")


def history_of_tasks(jobs: int) -> Iterator[tuple[Any, EventEnvelope]]:
    """The events of as many finished jobs, each with an output and a log, in tasks of 100."""
    culm = a_running_task(a_definition(events_total=JOBS_OF_A_TASK))
    run_all(culm)
    one = [(message, envelope) for message, envelope in culm.events if entry_of(message).aggregate in AGGREGATES]
    for number in range(jobs // JOBS_OF_A_TASK):
        task_id, name = FIRST_TASK_ID + 1_000_000 + number, f"user.jdoe.t1{number}"
        for message, envelope in one:
            renamed = type(message).from_avro(_renamed(message.to_avro(), task_id, name))
            yield renamed, replace(envelope, aggregate_id=_renamed(envelope.aggregate_id, task_id, name))


def _renamed(value: Any, task_id: int, name: str) -> Any:
    match value:
        case str():
            return value.replace(NAME, name).replace(str(TASK), str(task_id))
        case bool():
            return value
        case int():
            if value == TASK:
                return task_id
            return value + (task_id - TASK) * JOBS_PER_TASK if value // JOBS_PER_TASK == TASK else value
        case dict():
            return {field: _renamed(held, task_id, name) for field, held in value.items()}
        case list() | tuple():
            return [_renamed(held, task_id, name) for held in value]
        case _:
            return value
