"""Dead letters, and the word to the task whose record one holds. Pure.

In: a record that could not be handled. Out: the letter, whose id follows from record and reaction, and `SetTaskAside` to the task
where one is known: it waits, says why, and `culm dead-letter retry` lets it go on. A heartbeat holds no task up.
"""

from typing import Any

from schemas.characters import TEXT
from schemas.deadletter import DeadLetter
from schemas.ids import caused_command_id, dead_letter_id, task_id_of
from schemas.task import RestoreTask, SetTaskAside
from schemas.types import CommandEnvelope, EventEnvelope
from schemas.wire import Message
from streams.engine.messages import ROLE, OutgoingCommand, RecordRead

PROCESS = "culm-streams"
LETTER_BYTES_MAX = 800_000
ERROR_CHARACTERS_MAX = 2_000
BUG = "reaction {} met a bug"
UNSENDABLE = "reaction {} made a command that cannot be sent"


def letter_about(message: Any, error_class: str, error: str, reaction: str = "") -> DeadLetter:
    """The record as it was, except for a value too large to be stored a second time."""
    value = message.value
    error = TEXT.replaced(error, ERROR_CHARACTERS_MAX)
    if value is not None and len(value) > LETTER_BYTES_MAX:
        error, value = f"{error} (value of {len(value)} bytes left out)", None
    return DeadLetter(
        source_topic=message.topic,
        source_partition=message.partition,
        source_offset=message.offset,
        key=message.key,
        value=value,
        error_class=error_class,
        error=error,
        process=PROCESS,
        seen_at=(message.timestamp or 0) * 1000,
        id=dead_letter_id(message.topic, message.partition, message.offset, reaction),
        reaction=reaction,
    )


def given_up(reaction: str, one: RecordRead, message: Any, error: str, what: str) -> list[OutgoingCommand | DeadLetter]:
    """The letter about a record that `reaction` gave up, and the word to its task.

    what: sentence with a place for the reaction's name.
    """
    letter = letter_about(message, "Bug", f"{reaction}: {error}", reaction)
    task_id = task_of(one)
    if task_id is None:
        return [letter]
    return [letter, set_aside(task_id, letter.id, what.format(reaction), one.cause, one.again)]


def set_aside(task_id: int, letter_id: str, what: str, cause: EventEnvelope | CommandEnvelope, again: str) -> OutgoingCommand:
    """The command to the task. again: tells this time from others at which the same letter was made."""
    return _to_task(SetTaskAside(dead_letter_id=letter_id, message=what), task_id, letter_id, cause, again)


def restore(task_id: int, letter_id: str, cause: EventEnvelope | CommandEnvelope, again: str) -> OutgoingCommand:
    """The command by which the letter no longer holds the task."""
    return _to_task(RestoreTask(dead_letter_id=letter_id), task_id, letter_id, cause, again)


def task_of(one: RecordRead) -> int | None:
    """The task that a record belongs to, as far as it says; None for those of queues and for heartbeats."""
    if one.envelope is None:
        return None
    match one.topic.split(".")[1:2]:
        case ["task"]:
            return _number(one.envelope.aggregate_id)
        case ["job"]:
            job_id = _number(one.envelope.aggregate_id)
            return task_id_of(job_id) or None if job_id else None
        case _:
            found = getattr(one.message, "task_id", None) or getattr(getattr(one.message, "spec", None), "task_id", None)
            return found if isinstance(found, int) else None


def _to_task(
    command: Message, task_id: int, letter_id: str, cause: EventEnvelope | CommandEnvelope, again: str
) -> OutgoingCommand:
    name = type(command).__name__
    moment = cause.occurred_at if isinstance(cause, EventEnvelope) else cause.issued_at
    envelope = CommandEnvelope(
        command_id=caused_command_id(letter_id, name, task_id, again),
        aggregate_id=str(task_id),
        correlation_id=cause.correlation_id,
        causation_id=cause.event_id if isinstance(cause, EventEnvelope) else cause.command_id,
        issued_at=moment,
        actor=cause.actor,
        role=ROLE,
        vo=cause.vo,
    )
    return OutgoingCommand(command, envelope)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
