"""One record in, its decision out: poison, bugs, duplicates, numbering, replay."""

from dataclasses import replace

import pytest

from commands.aggregates import AGGREGATES
from commands.engine.closed_rows import ClosedRowsOfShards
from commands.engine.decider import Decider
from commands.engine.records import InputRecord
from commands.engine.rows import RowCodec
from commands.engine.store import StateStore
from schemas import records
from schemas.bounds import problems_of
from schemas.dataset import RegisterFiles
from schemas.task import KillTask, SubmitTask
from schemas.types import CommandEnvelope, DatasetFile
from schemas.wire import entry_of
from tests.commands.builders import TASK, a_running_task, a_submission, run_all
from tests.commands.in_memory import START, a_codec, a_culm

NUMBER = "00000000-0000-0000-0000-000000000001"
BY = CommandEnvelope(command_id=NUMBER, aggregate_id=str(TASK), correlation_id=NUMBER, issued_at=START, actor="jdoe", vo="wlcg")


def a_record(command: SubmitTask | KillTask, envelope: CommandEnvelope = BY, key: str = str(TASK)) -> InputRecord:
    value = a_codec().encode(command, envelope)
    return InputRecord(entry_of(command).topic, 0, 0, key.encode(), value, START)


def test_bytes_that_are_no_record_become_a_dead_letter_and_block_nothing() -> None:
    culm = a_culm()
    rubbish = InputRecord("culm.task.commands.v1", 0, 7, b"1", b"rubbish", START)

    outputs = culm.decider.handle(rubbish)

    letter = culm.codec.decode(outputs[0].value).message
    assert (letter.source_topic, letter.source_offset, letter.value) == ("culm.task.commands.v1", 7, b"rubbish")
    assert letter.error == "magic byte 114, expected 0 (Confluent wire format)"
    assert culm.send(a_submission(), str(TASK)).accepted


@pytest.mark.parametrize(
    ("record", "error"),
    [
        (a_record(a_submission(), key="5"), "key '5', expected aggregate_id '10000001'"),
        (
            a_record(a_submission(), records.replace(BY, command_id="nope")),
            "envelope of SubmitTask out of bounds: command_id: found 'nope' (4 characters), expected a UUID, 36 characters",
        ),
        (
            replace(a_record(a_submission()), topic="culm.job.commands.v1"),
            "culm.task.SubmitTask stands in culm.job.commands.v1, expected culm.task.commands.v1",
        ),
    ],
)
def test_a_record_that_does_not_belong_is_poison(record: InputRecord, error: str) -> None:
    culm = a_culm()

    outputs = culm.decider.handle(record)

    assert [culm.codec.decode(o.value).message.error for o in outputs] == [error]


def test_a_command_from_the_future_is_refused() -> None:
    culm = a_culm()
    record = a_record(a_submission(), records.replace(BY, issued_at=START + 301_000_000))

    answer = culm.codec.decode(culm.decider.handle(record)[-1].value).message

    assert answer.reason == "FROM_THE_FUTURE"


def test_a_command_about_an_older_state_is_stale() -> None:
    culm = a_running_task()

    answer = culm.send(KillTask(), str(TASK), expected_sequence=1)

    assert answer.reason == "STALE"


def test_a_bug_costs_its_command_only_which_is_refused_and_kept_as_a_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    culm = a_culm()

    def broken(*_: object) -> None:
        raise ZeroDivisionError("boom")

    with monkeypatch.context() as planted:
        planted.setitem(AGGREGATES, "task", replace(AGGREGATES["task"], decide=broken))  # type: ignore[arg-type]
        letter, answer = (culm.codec.decode(output.value).message for output in culm.decider.handle(a_record(a_submission())))

    assert (letter.error_class, letter.error) == ("Bug", "ZeroDivisionError: boom")
    assert (answer.accepted, answer.reason) == (False, "BUG")
    assert culm.store.hot_count() == 0
    assert culm.send(a_submission(), str(TASK)).accepted


def test_events_of_a_decision_are_numbered_without_gaps() -> None:
    culm = a_running_task()
    run_all(culm)

    by_aggregate: dict[tuple[str, str], list[int]] = {}
    for message, envelope in culm.events:
        key = (entry_of(message).aggregate, envelope.aggregate_id)
        by_aggregate.setdefault(key, []).append(envelope.sequence)

    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_aggregate.values())
    assert all(0 <= envelope.decision_index < envelope.decision_size for _, envelope in culm.events)


def test_every_command_has_exactly_one_answer() -> None:
    culm = a_running_task()
    run_all(culm)

    numbers = [answer.command_id for answer in culm.answers if not answer.repeated]

    assert len(numbers) == len(set(numbers))


def test_replaying_the_events_gives_the_states_they_came_from() -> None:
    culm = a_running_task()
    run_all(culm)
    fresh = StateStore(RowCodec(culm.codec), ClosedRowsOfShards(None))
    decider = Decider(fresh, culm.codec)

    for message, envelope in culm.events:
        decoded = culm.codec.decode(culm.codec.encode(message, envelope))
        decider.replay(decoded.entry.topic, 0, 0, decoded)
        decider.replay(decoded.entry.topic, 0, 0, decoded)

    for message, envelope in culm.events:
        name = entry_of(message).aggregate
        assert fresh.get(name, envelope.aggregate_id).state == culm.state(name, envelope.aggregate_id)


def test_a_hole_in_the_log_stops_the_replay() -> None:
    culm = a_running_task()
    fresh = StateStore(RowCodec(culm.codec), ClosedRowsOfShards(None))
    decider = Decider(fresh, culm.codec)
    message, envelope = next((m, e) for m, e in culm.events if e.aggregate_id == str(TASK) and e.sequence == 2)

    with pytest.raises(AssertionError, match="has sequence 2, expected 1"):
        decider.replay("culm.task.events.v1", 0, 0, culm.codec.decode(culm.codec.encode(message, envelope)))


def test_a_command_out_of_bounds_is_refused_by_field_value_and_what_was_expected() -> None:
    culm = a_culm()

    answer = culm.send(records.replace(a_submission(), task_id=TASK, name="user.jdoe.$(touch x)/"), str(TASK))

    assert (answer.accepted, answer.reason, answer.event_types) == (False, "OUT_OF_BOUNDS", ())
    assert answer.message == (
        "name: found 'user.jdoe.$(touch x)/', expected a name of letters, digits and _.:+@-/#{}, "
        "neither beginning with - nor with a part . or .."
    )
    assert problems_of(answer) == ()


def test_the_answer_to_a_command_with_many_problems_is_itself_within_bounds() -> None:
    culm = a_culm()
    file = DatasetFile(lfn="a bad name" * 200, scope="user.jdoe", size_bytes=-1, checksum="ad:1", endpoint="E")
    files = (file,) * 400

    answer = culm.send(RegisterFiles(files=files), "user.jdoe.in")

    assert answer.reason == "OUT_OF_BOUNDS"
    assert problems_of(answer) == ()
