"""Commands whose sender waits no more are not decided."""

from uuid import UUID

import pytest

from commands.engine.records import InputRecord
from schemas.queue import LeaseJob
from schemas.task import KillTask
from schemas.types import CommandEnvelope, PilotOffer
from schemas.wire import Message, entry_of
from tests.commands.builders import QUEUE, TASK, a_running_task
from tests.commands.in_memory import MINUTE, START, Culm

SECOND = 1_000_000


def decided(culm: Culm, command: Message, key: str, appended_at: int, read_at: int, expires_at: int | None) -> list[str]:
    """The reason of the refusal, or the names of the events."""
    number = str(UUID(int=900))
    by = CommandEnvelope(
        command_id=number, aggregate_id=key, correlation_id=number, issued_at=START, actor="jdoe", vo="wlcg",
        role="pilot" if isinstance(command, LeaseJob) else "user", expires_at=expires_at,
    )  # fmt: skip
    record = InputRecord(entry_of(command).topic, 0, 0, key.encode(), culm.codec.encode(command, by), appended_at, read_at)
    found = [culm.codec.decode(output.value) for output in culm.decider.handle(record) if output.value is not None]
    refused = [one.message.reason for one in found if one.entry.role == "answers" and one.message.reason]
    return refused or [one.entry.name for one in found if one.entry.role == "events"]


@pytest.mark.parametrize(("appended_at", "read_at", "expected"), [
    (START, START + MINUTE, ["JobLeased", "JobSent"]),
    (START, START + MINUTE + 1, ["EXPIRED"]),  # the decider was away
    (START + MINUTE + 1, START + MINUTE + 1, ["EXPIRED"]),  # the log was
    (START + MINUTE + 1, 0, ["EXPIRED"]),
])  # fmt: skip
def test_a_pilot_that_gave_up_gets_no_job(appended_at: int, read_at: int, expected: list[str]) -> None:
    asked = LeaseJob(offer=PilotOffer(pilot="pilot-1", label="unified"))

    assert decided(a_running_task(), asked, QUEUE, appended_at, read_at, START + MINUTE) == expected


def test_a_command_without_an_end_is_decided_whenever_it_is_read() -> None:
    events = decided(a_running_task(), KillTask(), str(TASK), START + MINUTE, START + 60 * MINUTE, None)

    assert events[0] == "TaskKillOrdered"


def test_the_refusal_says_how_late_it_was_and_leaves_the_task_as_it_is() -> None:
    culm = a_running_task()
    before = culm.state("task", TASK).status

    found = decided(culm, KillTask(), str(TASK), START, START + 12 * SECOND, START + 8 * SECOND)

    assert (found, culm.state("task", TASK).status) == (["EXPIRED"], before)
