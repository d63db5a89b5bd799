"""Starts, requests and ends of the last hours: what the keeper counts is what a recount of the log gives, also after restarts."""

from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from schemas.instants import HOUR, MINUTE
from schemas.policy import QueueConfigured
from schemas.queue import JobLeased
from schemas.records import replace
from schemas.streams import QueueStarts, TaskEnds
from schemas.task import JobOutcomesRecorded, TaskFinalized
from schemas.types import (
    BucketCount,
    FileAccounts,
    JobOutcome,
    OutcomeKind,
    QueueEnds,
    QueueSettings,
    RetryAction,
    TaskVerdict,
)
from schemas.wire import Message, entry_of
from schemas.worker import WorkerAsked
from streams.engine.decoder import Decoder
from streams.facts.extract import FACTS_TOPIC
from streams.facts.keeper import FactsKeeper
from streams.facts.reader import Facts
from streams.facts.snapshot import EndCounts, Snapshot
from streams.facts.windows import BUCKET, EventWindows, total_of
from tests.streams.builders import an_envelope
from tests.streams.test_facts import CODEC, FakeMessage

NOON = 1_796_040_000_000_000
QUEUES, TASKS = ("Q1", "Q2"), ("10000001", "10000002")
ACCOUNTS = FileAccounts(total=1, used=0, finished=0, failed=0, jobs_live=0, jobs_total=0)
ENDS = {
    OutcomeKind.FINISHED: "finished",
    OutcomeKind.MERGING: "finished",
    OutcomeKind.FAILED: "failed",
    OutcomeKind.CANCELLED: "closed",
    OutcomeKind.CLOSED: "closed",
}


@dataclass(frozen=True)
class Written:
    """An event in the log: when, under which key."""

    at: int
    key: str
    event: Message


def leased(job_id: int = 1) -> JobLeased:
    return JobLeased(
        job_id=job_id, task_id=1, attempt=1, lease_id="l", pilot="p", lease_seconds=1, due_at=1, waiting=0, leased=1
    )


def ended(*rows: tuple[str, OutcomeKind]) -> JobOutcomesRecorded:
    outcomes = tuple(
        JobOutcome(job_id=number, kind=kind, action=RetryAction.RETRY, queue=queue)
        for number, (queue, kind) in enumerate(rows, start=1)
    )
    return JobOutcomesRecorded(outcomes=outcomes, accounts=ACCOUNTS)


def final() -> TaskFinalized:
    return TaskFinalized(verdict=TaskVerdict.DONE, accounts=ACCOUNTS)


class Keepers:
    """Keepers one after the other on one table, and a reader of it."""

    def __init__(self) -> None:
        self.table: dict[str, bytes] = {}
        self._offset = 0
        self._keeper = FactsKeeper("nowhere", CODEC, Decoder(CODEC), "1")
        self._facts = Facts("nowhere", Decoder(CODEC))
        for name in QUEUES:
            self._read("culm.policy.events.v1", f"queue.{name}", QueueConfigured(settings=QueueSettings(name=name, site="S")), 1)

    def restart(self) -> None:
        """The keeper is killed; the next one has the table alone. So has a new reader."""
        self._keeper = FactsKeeper("nowhere", CODEC, Decoder(CODEC), "1")
        for key, value in self.table.items():
            if key.split("/")[0] in ("QueueStarts", "PilotsAsked", "TaskEnds"):
                self._keeper.count_on_from(FakeMessage(FACTS_TOPIC, key, value, 1))  # type: ignore[arg-type]

    def keep(self, *written: Written) -> None:
        batch = [
            FakeMessage(entry_of(one.event).topic, one.key, self._encoded(one.event, one.key, one.at), number)
            for number, one in enumerate(written)
        ]
        for key, value in self._keeper.changes(batch).items():  # type: ignore[arg-type]
            self.table.pop(key, None)
            if value is not None:
                self.table[key] = value
            self._offset += 1
            self._facts._take([FakeMessage(FACTS_TOPIC, key, value, self._offset)])  # type: ignore[list-item]

    def snapshot(self) -> Snapshot:
        return self._facts.snapshot()

    def _read(self, topic: str, key: str, event: Message, at: int) -> None:
        self._offset += 1
        self._facts._take([FakeMessage(topic, key, self._encoded(event, key, at), self._offset)])  # type: ignore[list-item]

    @staticmethod
    def _encoded(event: Message, key: str, at: int) -> bytes:
        return CODEC.encode(event, replace(an_envelope(key, 1), occurred_at=at))


def recount(log: list[Written]) -> tuple[dict[str, int], dict[str, int], dict[tuple[int, str], EndCounts]]:
    """Starts and requests by queue, ends by task and queue: by reading the whole log again, with its own arithmetic."""
    now = max(one.at for one in log)

    def inside(at: int, hours: int) -> bool:
        return at // BUCKET > now // BUCKET - hours * 6

    starts: Counter[str] = Counter()
    requests: Counter[str] = Counter()
    ends: Counter[tuple[int, str, str]] = Counter()
    for one in log:
        match one.event:
            case JobLeased():
                starts[one.key] += inside(one.at, 6)
                requests[one.key] += inside(one.at, 3)
            case WorkerAsked():
                requests[one.key] += inside(one.at, 3)
            case JobOutcomesRecorded():
                for outcome in one.event.outcomes:
                    ends[int(one.key), outcome.queue, ENDS[outcome.kind]] += inside(one.at, 6)
            case TaskFinalized():
                for key in [key for key in ends if key[0] == int(one.key)]:
                    del ends[key]
    found = {key[:2] for key, count in ends.items() if count}
    by_queue = {
        (task, queue): EndCounts(*(ends[task, queue, name] for name in ("finished", "failed", "closed"))) for task, queue in found
    }
    return dict(starts), dict(requests), by_queue


def drawn(chance: Random, at: int) -> Written:
    kind = chance.randrange(10)
    if kind < 4:
        return Written(at, chance.choice(QUEUES), leased(chance.randint(1, 99)))
    if kind < 6:
        return Written(at, chance.choice(QUEUES), WorkerAsked(worker_id="w"))
    if kind < 9:
        rows = [(chance.choice(QUEUES), chance.choice(tuple(ENDS))) for _ in range(chance.randint(1, 4))]
        return Written(at, chance.choice(TASKS), ended(*rows))
    return Written(at, chance.choice(TASKS), final())


@pytest.mark.parametrize("seed", range(30))
def test_what_is_counted_is_what_a_recount_of_the_log_gives_also_after_restarts(seed: int) -> None:
    chance, keepers, log, at = Random(seed), Keepers(), [], NOON
    for _ in range(chance.randint(5, 40)):
        batch = []
        for _ in range(chance.randint(1, 8)):
            at += chance.choice((0, MINUTE, 11 * MINUTE, 2 * HOUR, 9 * HOUR))
            batch.append(drawn(chance, at))
        log += batch
        if chance.random() < 0.2:
            keepers.restart()
        keepers.keep(*batch)

    starts, requests, ends = recount(log)
    known = keepers.snapshot()

    assert {name: one.starts for name, one in known.queues.items()} == {name: starts.get(name, 0) for name in QUEUES}
    assert {name: one.requests for name, one in known.queues.items()} == {name: requests.get(name, 0) for name in QUEUES}
    assert {(task, queue): counts for task, queues in known.ends.items() for queue, counts in queues.items()} == ends


def test_starts_count_for_six_hours_and_requests_for_three() -> None:
    keepers = Keepers()
    asked = WorkerAsked(worker_id="w")
    keepers.keep(
        Written(NOON - 6 * HOUR, "Q1", leased()),
        Written(NOON - 5 * HOUR, "Q1", leased()),
        Written(NOON - 2 * HOUR, "Q1", leased()),
        Written(NOON - 3 * HOUR, "Q1", asked),
        Written(NOON, "Q1", asked),
    )

    queue = keepers.snapshot().queues["Q1"]

    assert (queue.starts, queue.starts_per_hour, queue.requests) == (2, 2 / 6, 2)


def test_ends_of_a_final_task_are_known_no_more() -> None:
    keepers = Keepers()
    keepers.keep(Written(NOON, TASKS[0], ended(("Q1", OutcomeKind.FAILED), ("Q1", OutcomeKind.MERGING))))
    before = dict(keepers.snapshot().ends)
    keepers.keep(Written(NOON, TASKS[0], final()))

    assert before == {10_000_001: {"Q1": EndCounts(finished=1, failed=1)}}
    assert (dict(keepers.snapshot().ends), keepers.table) == ({}, {})


def test_a_row_holds_no_more_than_the_longest_window_for_any_number_of_events() -> None:
    windows = EventWindows()
    fact: Any = None
    for number in range(2_000):
        fact = counted(windows, leased(), "QueueStarts", "Q1", NOON + number * BUCKET)

    assert len(fact.buckets) == 37
    assert total_of(fact.buckets, NOON + 1_999 * BUCKET, 6) == 36


def test_of_a_thousand_queues_and_one_the_one_that_was_quiet_longest_is_let_go() -> None:
    windows = EventWindows()
    for number in range(1_000):
        assert windows.count(ended((f"Q{number}", OutcomeKind.FAILED)), "TaskEnds", TASKS[0], NOON + (number > 0) * BUCKET)

    fact = counted(windows, ended(("Q1000", OutcomeKind.FAILED)), "TaskEnds", TASKS[0], NOON + BUCKET)

    assert len(fact.queues) == 1_000
    assert "Q0" not in {one.queue for one in fact.queues}


def counted(windows: EventWindows, event: Any, fact: str, aggregate_id: str, at: int) -> Any:
    """The fact after one more event."""
    assert windows.count(event, fact, aggregate_id, at)
    return windows.fact(fact, aggregate_id)


def test_an_instance_that_lost_a_partition_forgets_what_others_count_now() -> None:
    windows = EventWindows()
    bucket = BucketCount(bucket=NOON // BUCKET, count=7)
    windows.restore(QueueStarts(buckets=(bucket,)), "Q1")
    windows.restore(TaskEnds(queues=(QueueEnds(queue="Q1", failed=(bucket,)),)), TASKS[0])

    windows.forget("queue", 0, 1)

    starts: Any = counted(windows, leased(), "QueueStarts", "Q1", NOON)
    ends: Any = counted(windows, ended(("Q1", OutcomeKind.FAILED)), "TaskEnds", TASKS[0], NOON)
    assert [one.count for one in starts.buckets] == [1]
    assert [one.count for one in ends.queues[0].failed] == [8]
