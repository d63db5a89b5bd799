"""What to send for a deadline that has come. Pure.

In: a due row, now, since when and until when heartbeats were received, the job's last one. Out: a command or nothing yet. Its id
follows from the row, so that sending it twice is harmless; the decider checks the truth. The key is part of the id
because one renewal moves many leases of a queue to the same moment; the start of the watch is, because what was refused
for a gap in it may hold after the next. Source: docs/flow.md, "Deadlines".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.clocks import OF_TASKS, in_words
from schemas.ids import caused_command_id
from schemas.instants import MICROSECONDS
from schemas.job import ExpireJobState
from schemas.queue import ExpireLease
from schemas.task import CarryOutScheduled, ExpireInput, ExpirePending, ExpireSubmission, FinishTask, WakeTask
from schemas.types import CommandEnvelope, WorkflowClock
from schemas.wire import Message
from schemas.workflow import ExpireWorkflow
from streams.engine.messages import ROLE, OutgoingCommand
from streams.timers.watch import HeartbeatWindow

ACTOR = "culm-timers"
#: Kinds of the clocks of jobs: this and the name of the clock (schemas/clocks.py).
CLOCK = "clock:"


@dataclass(frozen=True, slots=True)
class Due:
    """A row of the view `deadline`, with the tenant of its task or workflow. Times in microseconds.

    seconds: length of the clock by which it is due, of a clock that operators may set; 0 where the row says when it is due.
    """

    kind: str
    aggregate_id: str
    key: str
    due_at: int
    sequence: int
    vo: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    seconds: int = 0

    @property
    def length_seconds(self) -> int:
        """Length of the clock: the built-in one where the row does not come with another."""
        return self.seconds or next(clock.seconds for clock in OF_TASKS if clock.kind == self.kind)


def command_for(row: Due, now: int, window: HeartbeatWindow) -> OutgoingCommand | None:
    """The command that `row` calls for; None when it cannot be said yet.

    A lease ends only when its pilot was silent for the whole of it and heartbeats were read all the time, up to the moment
    at which it ends. Raises ValueError for a kind that is not known.
    """
    match row.kind:
        case "lease":
            return _expire(row, now, window)
        case "submission":
            return _outgoing(row, ExpireSubmission(), now)
        case "parked":
            return _outgoing(row, WakeTask(cause="TIMER"), now)
        case "input":
            return _outgoing(row, ExpireInput(seconds=row.length_seconds), now)
        case "pending":
            return _outgoing(row, ExpirePending(seconds=row.length_seconds), now)
        case "exhausted":
            reason = f"exhausted for {in_words(row.length_seconds)}"
            return _outgoing(row, FinishTask(soft=False, reason=reason), now)
        case "scheduled":
            return _outgoing(row, CarryOutScheduled(schedule_id=row.key), now)
        case "workflow":
            return _outgoing(row, ExpireWorkflow(clock=WorkflowClock(row.key)), now)
        case kind if kind.startswith(CLOCK):
            return _outgoing(row, _expire_state(row), now)
        case kind:
            expected = f"lease, submission, parked, pending, input, exhausted, scheduled, workflow or {CLOCK}NAME"
            raise ValueError(f"deadline of kind {kind!r}, expected {expected}")


def _expire(row: Due, now: int, window: HeartbeatWindow) -> OutgoingCommand | None:
    length = int(row.detail["lease_seconds"]) * MICROSECONDS
    if window.since is None or window.until < max(row.due_at, window.since + length, window.last + length):
        return None
    command = ExpireLease(
        job_id=int(row.detail["job_id"]), lease_id=str(row.detail["lease_id"]), at=window.until, watched_since=window.since
    )
    return _outgoing(row, command, now, window.since)


def _expire_state(row: Due) -> ExpireJobState:
    return ExpireJobState(
        clock=row.kind.removeprefix(CLOCK),
        status=str(row.detail["status"]),
        lease_id=row.detail["lease_id"],
        code=int(row.detail["code"]),
        seconds=int(row.detail["seconds"]),
    )


def _outgoing(row: Due, command: Message, now: int, *parts: object) -> OutgoingCommand:
    command_id = caused_command_id(row.aggregate_id, row.sequence, row.kind, row.key, row.due_at, *parts)
    envelope = CommandEnvelope(
        command_id=command_id,
        aggregate_id=row.aggregate_id,
        correlation_id=command_id,
        issued_at=now,
        actor=ACTOR,
        role=ROLE,
        vo=row.vo,
    )
    return OutgoingCommand(command, envelope)
