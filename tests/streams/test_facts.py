"""What is known of queues, rules and parked tasks after the log was read."""

from typing import Any

import pytest
from confluent_kafka import KafkaError

from schemas.catalog import messages
from schemas.policy import OutsideFactSet, QueueConfigured, RetryRulesSet, SharesSet
from schemas.queue import DispatchConfigured, JobLeased, JobQueued, LeaseEnded, LeasesRenewed
from schemas.task import TaskFinalized, TaskParked, TaskPaused, TaskResumed, TaskThrottled, TaskWoken
from schemas.types import (
    BrokerageEvidence,
    FileAccounts,
    JobKind,
    JobSpec,
    LeaseEnding,
    NetworkLink,
    OutsideFact,
    QueueSettings,
    RetryAction,
    RetryRule,
    StorageElement,
    TaskVerdict,
    Throttle,
)
from schemas.wire import Codec, Message, entry_of
from schemas.worker import QueueHealthy, QueueUnhealthy, WorkerSubmitted, WorkersWanted
from streams.engine.decoder import Decoder
from streams.facts.extract import FACTS_TOPIC, SOURCES
from streams.facts.keeper import FactsKeeper
from streams.facts.reader import Facts
from streams.facts.snapshot import POLICY_EVENTS, Parked
from tests.streams.builders import an_envelope

CODEC = Codec({entry.full_name: number for number, entry in enumerate(messages(), start=1)}, lambda number: {})
SETTINGS = QueueSettings(name="Q1", site="S")
SPEC = JobSpec(
    job_id=1,
    task_id=1,
    attempt=1,
    serial=1,
    kind=JobKind.NORMAL,
    name="n",
    queue="Q1",
    transformation="t",
    parameters="p",
    label="user",
    user_name="u",
    owner="o",
    vo="wlcg",
)


class FakeMessage:
    """A record as confluent-kafka hands it out."""

    def __init__(self, topic: str, key: str, value: bytes | None, offset: int, error: Any = None) -> None:
        self._parts = (topic, key.encode(), value, offset, error)

    def topic(self) -> str:
        return self._parts[0]

    def key(self) -> bytes:
        return self._parts[1]

    def value(self) -> bytes | None:
        return self._parts[2]

    def offset(self) -> int:
        return self._parts[3]

    def partition(self) -> int:
        return 0

    def error(self) -> Any:
        return self._parts[4]


def take(facts: Facts, *batch: Any) -> None:
    """Let `facts` read stand-ins for records: policies themselves, of all others what the keeper makes of them."""
    direct = [message for message in batch if message.topic() not in SOURCES or message.error() is not None]
    facts._take(direct)
    table = FactsKeeper("nowhere", CODEC, Decoder(CODEC), "1").changes([one for one in batch if one not in direct])
    facts._take([FakeMessage(FACTS_TOPIC, key, value, number) for number, (key, value) in enumerate(table.items(), start=1)])  # type: ignore[misc]


def facts_after(*events: tuple[str, Message]) -> Facts:
    """Facts that read `events`, given with their keys, in one batch."""
    facts = Facts("nowhere", Decoder(CODEC))
    rows = [
        FakeMessage(entry_of(event).topic, key, CODEC.encode(event, an_envelope(key, number)), number)
        for number, (key, event) in enumerate(events, start=1)
    ]
    take(facts, *rows)
    return facts


def ended(waiting: int, leased: int) -> LeaseEnded:
    return LeaseEnded(job_id=1, lease_id="l", pilot="p", ending=LeaseEnding.JOB_ENDED, waiting=waiting, leased=leased)


def parked(order: int = 1) -> TaskParked:
    return TaskParked(order=order, brokerage=BrokerageEvidence(seed="s"), message="no queue")


@pytest.mark.parametrize("end", [TaskWoken(cause="LEVEL_CROSSED"), TaskPaused()])
def test_a_task_is_throttled_until_it_is_woken_or_paused(end: Message) -> None:
    throttle = Throttle(share="Analysis", limit=10, value=11)
    facts = facts_after(("10000001", TaskThrottled(order=1, throttle=throttle, message="m")))
    (found,) = facts.snapshot().throttled
    assert (found.task_id, found.throttle) == (10_000_001, throttle)

    take(facts, FakeMessage("culm.task.events.v1", "10000001", CODEC.encode(end, an_envelope("10000001", 2)), 2))

    assert facts.snapshot().throttled == ()


def test_a_queue_is_known_with_its_last_counters() -> None:
    facts = facts_after(
        ("queue.Q1", QueueConfigured(settings=SETTINGS)),
        ("Q1", JobQueued(spec=SPEC, waiting=5, leased=0)),
        ("Q1", ended(4, 1)),
        ("Q1", LeasesRenewed(job_ids=(1,), seen_at=1)),
        ("Q1", DispatchConfigured(settings=SETTINGS)),
        ("Q1", WorkerSubmitted(worker_id="w", harvester_id="h", live=3)),
    )

    queue = facts.snapshot().queues["Q1"]
    assert (queue.settings, queue.waiting, queue.leased, queue.pilots) == (SETTINGS, 4, 1, 3)


def test_it_is_known_since_when_no_pilot_has_come_to_a_queue() -> None:
    settings = ("queue.Q1", QueueConfigured(settings=SETTINGS))
    queued = ("Q1", JobQueued(spec=SPEC, waiting=5, leased=0, quiet_since=1_600_000_000_000_000))

    waits = facts_after(settings, queued).snapshot().queues["Q1"]
    served = facts_after(settings, queued, ("Q1", ended(4, 1))).snapshot().queues["Q1"]

    assert waits.quiet_since == 1_600_000_000_000_000
    assert served.quiet_since > waits.quiet_since


def test_a_queue_whose_workers_do_not_ask_for_work_is_known_as_such_until_one_does() -> None:
    settings = ("queue.Q1", QueueConfigured(settings=SETTINGS))
    closed = ("Q1", QueueUnhealthy(worker_id="w", fingerprint="no-shared-folder", ended=3, probe_at=7))

    before = facts_after(settings, closed).snapshot().queues["Q1"]
    after = facts_after(settings, closed, ("Q1", QueueHealthy(worker_id="w2"))).snapshot().queues["Q1"]

    assert before.ill is not None
    assert (before.ill.fingerprint, before.ill.ended, before.ill.probe_at) == ("no-shared-folder", 3, 7)
    assert after.ill is None


def test_the_last_event_of_a_queue_is_the_cause_of_what_is_wanted() -> None:
    leased = JobLeased(job_id=1, task_id=1, attempt=1, lease_id="l", pilot="p", lease_seconds=1, due_at=1, waiting=0, leased=1)
    facts = facts_after(
        ("Q1", leased),
        ("Q1", WorkersWanted(wanted=2, live=0)),
        ("Q1", WorkerSubmitted(worker_id="w", harvester_id="h", live=1)),
        ("Q2", DispatchConfigured(settings=SETTINGS)),
    )

    wanted, causes = facts.demand()

    assert {queue: found.number for queue, found in wanted.items()} == {"Q1": 2}
    assert {queue: cause.sequence for queue, cause in causes.items()} == {"Q1": 1, "Q2": 4}


def test_parked_tasks_are_known_until_they_are_woken_or_end() -> None:
    final = TaskFinalized(
        verdict=TaskVerdict.ABORTED,
        accounts=FileAccounts(total=1, used=0, finished=0, failed=0, jobs_live=0, jobs_total=0),
    )
    facts = facts_after(
        ("10000001", parked()),
        ("10000002", parked()),
        ("10000003", parked()),
        ("10000001", TaskWoken(cause="TIMER")),
        ("10000002", final),
        ("10000003", TaskResumed()),
    )

    tree = an_envelope("x").correlation_id
    assert facts.snapshot().parked == (Parked(10_000_003, "wlcg", tree),)


def test_retry_rules_are_none_until_some_are_set() -> None:
    rules = (RetryRule(source="exe", code=1, action=RetryAction.NO_RETRY),)

    assert facts_after(("shares", SharesSet())).snapshot().retry_rules is None
    assert facts_after(("retry_rules", RetryRulesSet(rules=rules))).snapshot().retry_rules == rules


def test_the_position_names_the_next_records_of_policies_and_queues() -> None:
    facts = facts_after(
        ("queue.Q1", QueueConfigured(settings=SETTINGS)), ("Q1", ended(0, 0)), ("Q1", WorkersWanted(wanted=0, live=0))
    )

    assert facts.snapshot().position == "culm.policy.events.v1:0:2,culm.queue.events.v1:0:3"


def test_a_snapshot_stays_as_it_was_while_the_facts_move_on() -> None:
    facts = facts_after(("queue.Q1", QueueConfigured(settings=SETTINGS)), ("Q1", ended(1, 0)))
    before = facts.snapshot()

    take(facts, FakeMessage("culm.queue.events.v1", "Q1", CODEC.encode(ended(9, 9), an_envelope("Q1")), 7))

    assert (before.queues["Q1"].waiting, facts.snapshot().queues["Q1"].waiting) == (1, 9)


def test_an_unreadable_fact_is_passed_over() -> None:
    facts = facts_after(("queue.Q1", QueueConfigured(settings=SETTINGS)))

    take(facts, FakeMessage("culm.policy.events.v1", "queue.Q2", b"\0\0", 3))

    assert list(facts.snapshot().queues) == ["Q1"]
    assert facts.snapshot().position == "culm.policy.events.v1:0:4"


def test_facts_are_ready_when_the_ends_of_all_that_is_needed_were_reached() -> None:
    facts = Facts("nowhere", Decoder(CODEC))
    facts._waiting_for_end = {(topic, 0) for topic in (POLICY_EVENTS, FACTS_TOPIC)}

    seen = []
    for topic in (POLICY_EVENTS, FACTS_TOPIC):
        facts._take([FakeMessage(topic, "", None, 0, KafkaError(KafkaError._PARTITION_EOF))])  # type: ignore[list-item]
        seen.append(facts.ready.is_set())

    assert seen == [False, True]


def test_a_fact_with_odd_content_changes_nothing_and_holds_no_other_up() -> None:
    facts = facts_after(("no number", parked()), ("10000003", parked()))

    assert [one.task_id for one in facts.snapshot().parked] == [10_000_003]


def test_facts_are_known_after_any_later_records() -> None:
    """A start reads the table alone: one record for each queue and each task that waits."""
    configured = QueueConfigured(settings=SETTINGS)
    events: list[tuple[str, Message]] = [
        ("Q1", JobQueued(spec=SPEC, waiting=5, leased=2)),
        ("10000001", parked()),
        *(("BUSY", ended(number, 0)) for number in range(10_000)),
    ]
    keeper = FactsKeeper("nowhere", CODEC, Decoder(CODEC), "1")
    table: dict[str, bytes | None] = {}
    for start in range(0, len(events), 500):
        batch = [
            FakeMessage(entry_of(event).topic, key, CODEC.encode(event, an_envelope(key, start + number)), start + number)
            for number, (key, event) in enumerate(events[start : start + 500], start=1)
        ]
        table |= keeper.changes(batch)  # type: ignore[arg-type]

    facts = Facts("nowhere", Decoder(CODEC))
    take(facts, FakeMessage(POLICY_EVENTS, "queue.Q1", CODEC.encode(configured, an_envelope("queue.Q1")), 0))
    facts._take([FakeMessage(FACTS_TOPIC, key, value, number) for number, (key, value) in enumerate(table.items())])  # type: ignore[misc]

    assert sorted(table) == ["ParkedTask/10000001", "QueueLoad/BUSY", "QueueLoad/Q1"]
    queue = facts.snapshot().queues["Q1"]
    assert (queue.waiting, queue.leased) == (5, 2)
    assert [one.task_id for one in facts.snapshot().parked] == [10_000_001]


@pytest.mark.parametrize("key", ["Q2", ""])
def test_an_event_under_a_key_that_is_not_its_own_becomes_no_fact(key: str) -> None:
    value = CODEC.encode(ended(1, 1), an_envelope("Q1"))
    keeper = FactsKeeper("nowhere", CODEC, Decoder(CODEC), "1")

    assert keeper.changes([FakeMessage("culm.queue.events.v1", key, value, 1)]) == {}  # type: ignore[list-item]


def a_disk(usable_gb: int) -> OutsideFact:
    return OutsideFact(storage=StorageElement(name="DISK", space_usable_gb=usable_gb))


def test_what_sources_outside_say_is_known_with_the_age_of_the_source_until_it_is_taken_away() -> None:
    key, link = "storage.DISK", OutsideFact(link=NetworkLink(source="A", destination="B", files_queued=3))
    first = (key, OutsideFactSet(source="cric", source_at=1_796_040_000_000_000, fact=a_disk(500)))
    second = (key, OutsideFactSet(source="cric", source_at=1_796_040_000_000_001, fact=a_disk(400)))
    gone = (key, OutsideFactSet(source="cric", source_at=1_796_040_000_000_002, fact=None))
    other = ("link.A.B", OutsideFactSet(source="net", source_at=1_796_040_000_000_000, fact=link))

    known = facts_after(first, second, other).snapshot().outside
    after = facts_after(first, second, other, gone).snapshot().outside

    assert {name: one.space_usable_gb for name, one in known.storages.items()} == {"DISK": 400}
    assert known.links["A", "B"].files_queued == 3
    assert known.source_at == {"storage.DISK": 1_796_040_000_000_001, "link.A.B": 1_796_040_000_000_000}
    assert (dict(after.storages), set(after.links)) == ({}, {("A", "B")})
