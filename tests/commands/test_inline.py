"""Follow-ups that are decided with their cause: what is spared, what stays the same, and when they take the log after all."""

from dataclasses import replace
from typing import Any

import pytest

from commands import limits
from commands.aggregates import AGGREGATES
from commands.engine.checked_parts import CheckedParts
from commands.engine.inline import InlineFollowUps
from commands.engine.log_port import Backlog
from commands.engine.records import InputRecord
from schemas import records
from schemas.bounds import Checked, OutOfBounds
from schemas.ids import FOLLOW_UPS_INLINE_MAX
from schemas.job import KillJob
from schemas.queue import EnqueueJob, LeaseJob
from schemas.task import FinishTask, KillTask, KillTaskJobs, TaskFinishOrdered
from schemas.types import CommandEnvelope, EventEnvelope, JobSpec, PilotOffer
from schemas.wire import entry_of
from tests.commands.builders import QUEUE, TASK, a_definition, a_running_task, job, lease, run_all, spec_of
from tests.commands.in_memory import Culm

JOBS = "culm.job.commands.v1"
NUMBER = "00000000-0000-0000-0000-00000000abcd"


def owning(*shards: int, **unread: int) -> InlineFollowUps:
    """The choice of a decider with shards, all four unless they are named; unread: p<partition>=<end>."""
    inline = InlineFollowUps()
    ends = {(JOBS, int(name[1:])): end for name, end in unread.items()}
    inline.begin(Backlog({JOBS: 4}, frozenset(shards or range(4)), ends))
    return inline


def names_of(culm: Culm, command: Any, key: str, role: str = "pilot") -> list[str]:
    """Names of the records that one command leads to, in order."""
    envelope = CommandEnvelope(
        command_id=NUMBER, aggregate_id=key, correlation_id=NUMBER, issued_at=culm.now, actor="jdoe", role=role, vo="wlcg"
    )
    record = InputRecord(entry_of(command).topic, 0, 999, key.encode(), culm.codec.encode(command, envelope), culm.now)
    return [culm.codec.decode(output.value).name for output in culm.decider.handle(record)]


def test_a_lease_and_what_follows_from_it_are_three_records() -> None:
    culm = a_running_task()

    names = names_of(culm, LeaseJob(offer=PilotOffer(pilot="p", label="unified")), QUEUE)

    assert names == ["JobLeased", "CommandAnswered", "JobSent"]


def test_without_ownership_the_follow_up_is_a_record_of_its_own() -> None:
    culm = a_running_task(inline=False)

    names = names_of(culm, LeaseJob(offer=PilotOffer(pilot="p", label="unified")), QUEUE)

    assert names == ["JobLeased", "CommandAnswered", "RecordLease"]


def written(event: tuple[Any, EventEnvelope]) -> str:
    """The event without the mark that it stands for the answer: only a command that has a record is answered."""
    return str((event[0], records.replace(event[1], is_answer=False)))


def test_either_way_the_events_and_the_states_are_the_same() -> None:
    short, long = a_running_task(), a_running_task(inline=False)
    for culm in (short, long):
        run_all(culm)

    assert sorted(map(written, short.events)) == sorted(map(written, long.events))
    for message, envelope in long.events:
        name = entry_of(message).aggregate
        assert short.state(name, envelope.aggregate_id) == long.state(name, envelope.aggregate_id)


def test_a_follow_up_that_is_refused_leaves_an_answer_that_names_its_cause() -> None:
    culm = a_running_task()
    held = lease(culm)
    answers_before = len(culm.answers)

    culm.send(FinishTask(soft=True), str(TASK))

    refused = [answer for answer in culm.answers[answers_before:] if not answer.accepted]
    ordered = next(envelope for message, envelope in culm.events if isinstance(message, TaskFinishOrdered))
    assert [(answer.command_type, answer.aggregate_id, answer.reason) for answer in refused] == [
        ("KillJob", str(held), "HELD")
    ]
    assert refused[0].causation_id == ordered.event_id


def test_a_follow_up_takes_the_log_while_an_earlier_one_to_the_same_aggregate_is_there() -> None:
    inline = owning()
    inline.sent(JOBS, "7", "first")

    assert not inline.takes(JOBS, "7", 0)
    assert inline.takes(JOBS, "8", 0)
    inline.came(JOBS, "7", "first")
    assert inline.takes(JOBS, "7", 0)


def test_a_new_owner_reads_to_the_end_of_a_partition_before_it_spares_the_way() -> None:
    inline = owning(p0=10, p1=10, p2=10, p3=10)

    for partition in range(4):
        inline.read(JOBS, partition, 8)
    assert not inline.takes(JOBS, "7", 0)
    for partition in range(4):
        inline.read(JOBS, partition, 9)
    assert inline.takes(JOBS, "7", 0)


def test_what_belongs_to_another_shard_takes_the_log() -> None:
    first, second = owning(0, 2), owning(1, 3)

    taken = [(first.takes(JOBS, str(key), 0), second.takes(JOBS, str(key), 0)) for key in range(20)]

    assert all(one != other for one, other in taken)


def test_before_anything_is_owned_everything_takes_the_log() -> None:
    assert not InlineFollowUps().takes(JOBS, "7", 0)


def test_late_follow_ups_of_a_large_decision_take_the_log() -> None:
    inline = owning()

    assert inline.takes(JOBS, "7", FOLLOW_UPS_INLINE_MAX - 1)
    assert not inline.takes(JOBS, "7", FOLLOW_UPS_INLINE_MAX)


def test_one_record_brings_about_so_many_decisions_and_the_rest_takes_the_log() -> None:
    culm = a_running_task(a_definition(events_total=5))
    culm.decider._inline.decisions_max = 2

    names = names_of(culm, KillTask(), str(TASK), role="user")

    assert names.count("JobCancelled") == 2
    assert names.count("KillJob") == 3


def test_a_bug_in_a_follow_up_costs_only_the_follow_up(monkeypatch: pytest.MonkeyPatch) -> None:
    culm = a_running_task()

    def broken(*_: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setitem(AGGREGATES, "job", replace(AGGREGATES["job"], decide=broken))  # type: ignore[arg-type]
    answer = culm.send(LeaseJob(offer=PilotOffer(pilot="p", label="unified")), QUEUE, role="pilot")

    assert answer.accepted
    assert [type(message).__name__ for message, _ in culm.events[-1:]] == ["JobLeased"]
    assert [(letter.source_topic, letter.error_class) for letter in culm.letters] == [(JOBS, "Bug")]
    assert [(one.command_type, one.reason) for one in culm.answers if not one.accepted] == [("RecordLease", "BUG")]


def test_follow_ups_through_the_log_are_forgotten_with_the_decision_that_gave_them(monkeypatch: pytest.MonkeyPatch) -> None:
    culm = a_running_task(a_definition(events_total=5))
    culm.decider._inline.decisions_max = 2
    monkeypatch.setattr(limits, "DECISION_RECORDS_MAX", 3)

    answer = culm.send(KillTask(), str(TASK))

    assert (answer.reason, culm.decider._inline._under_way) == ("TOO_LARGE", {})


def test_a_job_is_checked_against_its_bounds_once_where_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[int] = []
    within = JobSpec.is_within_bounds

    def counted(spec: JobSpec) -> bool:
        checked.append(spec.serial)
        return within(spec)

    monkeypatch.setattr(JobSpec, "is_within_bounds", counted)

    a_running_task()

    assert checked == [1, 2, 3]


def test_what_was_not_checked_is_checked_after_other_checks() -> None:
    culm = a_running_task()
    good = spec_of(culm, job(1))
    bad = records.replace(good, core_count=-1)
    parts = CheckedParts()
    parts.note(Checked(good))

    assert parts.refusal(EnqueueJob(spec=good), QUEUE) is None
    assert str(parts.refusal(EnqueueJob(spec=bad), QUEUE)).count("core_count") == 1
    assert str(parts.refusal(EnqueueJob(spec=good), "OTHER")).count("aggregate_id") == 1
    with pytest.raises(OutOfBounds):
        Checked(bad)


def test_a_number_that_one_field_holds_is_checked_in_another() -> None:
    parts = CheckedParts()

    assert parts.refusal(KillJob(code=2_000_000, reason="r"), str(job(1))) is None
    assert parts.refusal(KillTaskJobs(code=2_000_000, reason="r", merging=False, after=0, last=1), str(TASK)) is not None
