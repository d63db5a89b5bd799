"""What processors know after a start, against a real broker: all of it, of any age and written by any worker."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from eventlog.connection import connection
from schemas.policy import QueueConfigured
from schemas.queue import JobQueued, LeaseEnded
from schemas.task import RefineTask, TaskParked, TaskResumed, WakeTask
from schemas.types import BrokerageEvidence, JobKind, JobSpec, LeaseEnding, QueueSettings
from schemas.wire import Decoded, Message
from schemas.worker import WantWorkers, WorkersWanted
from tests.streams.log_of_tasks import TaskLog, first_event, start_processors

pytestmark = pytest.mark.stack

QUIET, BUSY = "Q_QUIET", "Q_BUSY"
PARKED = "10600001"
RECORDS_SINCE = 100_000
WORKER_COMMANDS, TASK_COMMANDS = "culm.worker.commands.v1", "culm.task.commands.v1"
SPEC = JobSpec(
    job_id=1,
    task_id=1,
    attempt=1,
    serial=1,
    kind=JobKind.NORMAL,
    name="n",
    queue=QUIET,
    transformation="t",
    parameters="p",
    label="user",
    user_name="u",
    owner="o",
    vo="wlcg",
)


@pytest.fixture(scope="module")
def log(kafka: str, registry: str) -> TaskLog:
    """A log in which a queue was last written, and a task parked, a hundred thousand records ago."""
    found = TaskLog(kafka, registry)
    ended = LeaseEnded(job_id=1, lease_id="l", pilot="p", ending=LeaseEnding.JOB_ENDED, waiting=0, leased=0)
    parked = TaskParked(order=1, brokerage=BrokerageEvidence(seed="s"), message="no queue")
    settings = QueueSettings(name=QUIET, site="S", pilots_max=100)
    found.writer().begin_transaction()
    write(found, "culm.policy.events.v1", f"queue.{QUIET}", QueueConfigured(settings=settings))
    write(found, "culm.queue.events.v1", QUIET, JobQueued(spec=SPEC, waiting=5, leased=2))
    write(found, "culm.task.events.v1", PARKED, parked)
    later = (
        ("culm.queue.events.v1", BUSY, found.codec.encode(ended, first_event(BUSY))),
        ("culm.queue.events.v1", "Q_BUSY_2", found.codec.encode(ended, first_event("Q_BUSY_2"))),
        ("culm.task.events.v1", "10600002", found.codec.encode(TaskResumed(), first_event("10600002"))),
    )
    for topic, key, value in later:
        for _ in range(RECORDS_SINCE):
            found.writer().poll(0)
            produce(found, topic, key, value)
    found.writer().commit_transaction(60)
    return found


def write(log: TaskLog, topic: str, key: str, event: Message) -> None:
    """An event as the first one of its aggregate."""
    log.write(topic, key, log.codec.encode(event, first_event(key)))


def produce(log: TaskLog, topic: str, key: str, value: bytes) -> None:
    """One record; a full queue is waited for."""
    while True:
        try:
            log.write(topic, key, value)
            return
        except BufferError:
            log.writer().poll(0.1)


@pytest.fixture
def worker(log: TaskLog, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Running processors."""
    process = start_processors(log, tmp_path / "processors.log")
    yield process
    process.terminate()
    process.wait(30)


def of_queue(name: str) -> Callable[[Decoded], bool]:
    """Whether a record is about that queue."""
    return lambda one: one.envelope.aggregate_id == name


def test_a_quiet_queue_counts_with_its_load_and_a_parked_task_is_woken_also_after_restarts(log: TaskLog, tmp_path: Path) -> None:
    for number, expected in ((0, 7), (1, 7)):
        with log.reader(WORKER_COMMANDS) as next_wanted, log.reader(TASK_COMMANDS) as next_command:
            process = start_processors(log, tmp_path / "processors.log")
            wanted = next_wanted(of_queue(QUIET))
            log.writer().begin_transaction()
            settings = QueueSettings(name=f"Q_NEW_{number}", site="S")
            write(log, "culm.policy.events.v1", f"queue.Q_NEW_{number}", QueueConfigured(settings=settings))
            log.writer().commit_transaction(30)
            # Tests of the same lane may have parked tasks of theirs.
            woken = next_command(lambda one: isinstance(one.message, WakeTask) and one.envelope.aggregate_id == PARKED)
        process.kill()
        process.wait(20)

        assert isinstance(wanted.message, WantWorkers)
        assert wanted.message.wanted == expected
        assert [(one.waiting, one.running) for one in wanted.message.classes] == [(5, 2)]
        assert woken.message == WakeTask(cause="QUEUE_CONFIGURED")


def test_what_an_operator_asked_for_is_corrected_by_a_worker_that_said_nothing_before(
    log: TaskLog, worker: subprocess.Popen[bytes]
) -> None:
    with log.reader(WORKER_COMMANDS) as next_command:
        log.writer().begin_transaction()
        write(log, "culm.worker.events.v1", QUIET, WorkersWanted(wanted=0, live=0))
        log.writer().commit_transaction(30)
        cause = first_event(QUIET).event_id
        found = next_command(lambda one: one.envelope.aggregate_id == QUIET)

    assert found.message.wanted == 7
    assert found.envelope.causation_id == cause


def test_two_workers_share_the_work_and_one_goes_on_alone(log: TaskLog, tmp_path: Path) -> None:
    first, second = (start_processors(log, tmp_path / f"{instance}.log", instance) for instance in ("1", "2"))
    tasks = [str(number) for number in range(10_610_001, 10_610_041)]
    try:
        with log.reader(TASK_COMMANDS) as next_command:
            log.submit([int(task) for task in tasks[:20]])
            wait_for(next_command, set(tasks[:20]))
            second.kill()
            log.submit([int(task) for task in tasks[20:]])
            wait_for(next_command, set(tasks[20:]))
    finally:
        for process in (first, second):
            process.terminate()
            process.wait(30)


def wait_for(next_command: Callable[[Callable[[Decoded], bool]], Decoded], missing: set[str]) -> None:
    """Return when every task was refined."""
    while missing:
        missing.discard(next_command(lambda one: isinstance(one.message, RefineTask)).envelope.aggregate_id)


def test_the_table_of_facts_is_small_and_says_how_far_the_log_was_read(log: TaskLog, worker: subprocess.Popen[bytes]) -> None:
    with log.reader(WORKER_COMMANDS) as next_command:
        log.writer().begin_transaction()
        write(log, "culm.worker.events.v1", QUIET, WorkersWanted(wanted=3, live=0))
        log.writer().commit_transaction(30)
        next_command(of_queue(QUIET))

    consumer = Consumer({**connection(log.kafka, "culm-test"), "group.id": "test"})
    partitions = consumer.list_topics("culm.streams.facts.v1", timeout=20).topics["culm.streams.facts.v1"].partitions
    ends = [consumer.get_watermark_offsets(TopicPartition("culm.streams.facts.v1", one), timeout=20)[1] for one in partitions]
    consumer.close()

    assert sum(ends) < RECORDS_SINCE / 10
