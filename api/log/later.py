"""Commands on tasks for a later time: the order that a task keeps until then (commands/task/later.py), and times from texts."""

from datetime import UTC, datetime

import orjson

from schemas.instants import micros_of_seconds
from schemas.records import names_of
from schemas.task import ScheduleTaskCommand
from schemas.wire import Message


def for_later(command: Message, at: int, reason: str = "") -> ScheduleTaskCommand:
    """The order to decide the `command` on a task at that time (microseconds)."""
    fields = {name: value for name, value in command.to_avro().items() if value is not None}
    if reason and "reason" in names_of(command):  # type: ignore[arg-type]  # every command is a record
        fields["reason"] = reason
    text = orjson.dumps(fields).decode()
    return ScheduleTaskCommand(at=at, command=type(command).__name__, fields_json=text, reason=reason or None)


def micros_of(text: str) -> int | None:
    """Microseconds of `YYYY-MM-DD HH:MM:SS` and other forms of ISO 8601 (UTC without a zone); None for others."""
    try:
        at = datetime.fromisoformat(text.strip())
        return micros_of_seconds((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
