"""The processors as a process of their own, against a real broker: nothing lost, nothing held up, an orderly end."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.deadletter import DeadLetter
from schemas.heartbeat import PilotHeartbeat
from schemas.ids import caused_command_id
from schemas.records import replace
from schemas.task import RefineTask
from schemas.wire import Decoded
from tests.streams.log_of_tasks import TaskLog, first_event, start_processors

pytestmark = pytest.mark.stack

SEEN_AT = 1_700_000_000_000_000

TASK_EVENTS, TASK_COMMANDS = "culm.task.events.v1", "culm.task.commands.v1"
HEARTBEATS, QUEUE_COMMANDS, LETTERS = "culm.pilot.heartbeats.v1", "culm.queue.commands.v1", "culm.deadletter.v1"


@pytest.fixture(scope="module")
def log(kafka: str, registry: str) -> TaskLog:
    """A log with all topics and schemas."""
    return TaskLog(kafka, registry)


@pytest.fixture
def worker(log: TaskLog, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Running processors."""
    process = start_processors(log, tmp_path / "processors.log")
    yield process
    process.terminate()
    process.wait(20)


def test_a_poison_record_becomes_a_dead_letter_and_blocks_nothing(log: TaskLog, worker: subprocess.Popen[bytes]) -> None:
    """On the heartbeat topic, which no decider reads: on an event topic poison stops deciders, as it should."""
    beat = PilotHeartbeat(job_id=77, attempt=1, queue="Q_POISON", state="running", seen_at=SEEN_AT, actor="pilot", vo="wlcg")
    poison = {b"1": b"no avro at all", b"2": None, b"3": b"\0\xff\xff\xff\xffxx"}
    with log.reader(LETTERS) as next_letter, log.reader(QUEUE_COMMANDS) as next_command:
        log.writer().begin_transaction()
        for key, value in poison.items():
            log.write(HEARTBEATS, key.decode(), value)
        for key in poison:
            log.write(HEARTBEATS, key.decode(), log.codec.encode(replace(beat, job_id=70 + int(key))))
        log.writer().commit_transaction(30)

        renewed: set[int] = set()
        while renewed < {71, 72, 73}:
            found = next_command(lambda one: one.envelope.aggregate_id == "Q_POISON")
            renewed |= {job for beat in found.message.seen for job in beat.job_ids}
        letters = [next_letter(lambda one: True).message for _ in range(3)]

    assert worker.poll() is None
    assert all(isinstance(letter, DeadLetter) for letter in letters)
    assert {letter.key: (letter.source_topic, letter.error_class, letter.value) for letter in letters} == {
        key: (HEARTBEATS, "Poison", value) for key, value in poison.items()
    }


def test_a_command_follows_from_its_event_by_name_and_is_sent_for_committed_events_only(
    log: TaskLog, worker: subprocess.Popen[bytes]
) -> None:
    seen: list[str] = []

    def note(found: Decoded) -> bool:
        seen.append(found.envelope.aggregate_id)
        return seen[-1] == "10200003"

    with log.reader(TASK_COMMANDS) as next_command:
        log.submit([10_200_001])
        log.submit([10_200_002], commit=False)
        log.submit([10_200_003])
        found = next_command(note)

    cause = first_event("10200003")
    assert found.envelope.command_id == caused_command_id(cause.event_id, "RefineTask", "10200003")
    assert (found.envelope.causation_id, found.envelope.role, found.envelope.issued_at) == (
        cause.event_id,
        "system",
        cause.occurred_at,
    )
    assert "10200002" not in seen


def test_a_worker_that_is_killed_again_and_again_loses_nothing(log: TaskLog, tmp_path: Path) -> None:
    tasks = list(range(10_300_001, 10_300_401))
    ids: dict[str, set[str]] = {}

    def note(found: Decoded) -> bool:
        if isinstance(found.message, RefineTask):
            ids.setdefault(found.envelope.aggregate_id, set()).add(found.envelope.command_id)
        return found.envelope.aggregate_id in wanted

    with log.reader(TASK_COMMANDS) as next_command:
        for start in range(0, len(tasks), 100):
            process = start_processors(log, tmp_path / "processors.log")
            chunk = tasks[start : start + 100]
            for one in range(0, 100, 10):
                log.submit(chunk[one : one + 10])
            wanted = {str(task_id) for task_id in chunk}
            next_command(note)
            process.kill()
            process.wait(20)
        process = start_processors(log, tmp_path / "processors.log")
        wanted = {str(task_id) for task_id in tasks}
        while set(ids) != wanted:
            next_command(note)
        process.terminate()
        code = process.wait(20)

    assert set(ids) == {str(task_id) for task_id in tasks}
    assert {len(found) for found in ids.values()} == {1}
    assert code == 0


def test_an_orderly_end_leaves_nothing_to_be_done_again(log: TaskLog, tmp_path: Path) -> None:
    process = start_processors(log, tmp_path / "processors.log")
    with log.reader(TASK_COMMANDS) as next_command:
        log.submit([10_400_001, 10_400_002])
        wanted = {"10400001", "10400002"}
        while wanted:
            wanted.discard(next_command(lambda one: True).envelope.aggregate_id)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0

    before = log.committed("culm-streams", TASK_EVENTS)
    again = start_processors(log, tmp_path / "processors.log")
    with log.reader(TASK_COMMANDS) as next_command:
        log.submit([10_400_003])
        first = next_command(lambda one: isinstance(one.message, RefineTask))
    again.terminate()
    again.wait(20)

    assert first.envelope.aggregate_id == "10400003"
    after = log.committed("culm-streams", TASK_EVENTS)
    assert all(after[partition] >= offset for partition, offset in before.items())
