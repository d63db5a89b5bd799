"""What the shares use, from the events of queues, and when it is said."""

import asyncio
import dataclasses
from typing import Any

from schemas.policy import QueueConfigured, SharesSet
from schemas.queue import JobLeased, JobQueued, LeasesEnded
from schemas.ranking import RankShares
from schemas.records import replace
from schemas.types import EndedLease, EventEnvelope, GlobalShare, QueueSettings, ShareLoad
from streams.facts.snapshot import Snapshot
from streams.provisioning.rank_watch import BETWEEN_SECONDS, SETTLED_SECONDS, RankWatch
from streams.provisioning.share_usage import is_urgent, standings
from tests.streams.builders import a_queue, an_envelope
from tests.streams.test_facts import SETTINGS, SPEC, facts_after

TREE = (GlobalShare(name="a", percent=50), GlobalShare(name="b", percent=50))


def load(name: str, waiting: int = 0, leased: int = 0, cores: int = 0) -> ShareLoad:
    return ShareLoad(name=name, waiting=waiting, leased=leased, cores=cores)


def world(a: int, b: int = 0) -> Snapshot:
    """Cores in use by share on a queue of corepower 10."""
    queue = dataclasses.replace(a_queue(corepower=10.0), shares={"a": load("a", cores=a), "b": load("b", cores=b)})
    return Snapshot({"Q1": queue}, shares=TREE)


class Stand:
    """Facts and outbox of a watch, with a clock that the test moves."""

    def __init__(self) -> None:
        self.facts, self.now, self.said, self.ours = world(0), 0.0, list[RankShares](), True
        self.causes = {"Q1": an_envelope("Q1", 1)}
        part: Any = self
        self.watch = RankWatch(part, part, lambda: self.now, lambda key: self.ours, lambda: self.now)

    def snapshot(self) -> Snapshot:
        return self.facts

    def demand(self) -> tuple[dict[str, Any], dict[str, EventEnvelope]]:
        return {}, self.causes

    def cause_of_shares(self) -> EventEnvelope | None:
        return None

    async def deliver(self, contents: list[Any]) -> None:
        self.said += [one.command for one in contents]

    def look(self, seconds: float, a: int, b: int = 0) -> int:
        """How much was said by then."""
        self.now += seconds
        self.facts = world(a, b)
        asyncio.run(self.watch.say())
        return len(self.said)


def test_usage_is_cores_times_corepower_of_leased_jobs() -> None:
    spec = replace(SPEC, share="a", core_count=8)
    leased = JobLeased(
        job_id=1, task_id=1, attempt=1, lease_id="l", pilot="p", lease_seconds=60, due_at=10**15, waiting=1, leased=1,
        shares=(load("a", 1, 1, 8),),
    )  # fmt: skip
    facts = facts_after(
        ("queue.Q1", QueueConfigured(settings=replace(SETTINGS, corepower=12.5))),
        ("queue.Q2", QueueConfigured(settings=QueueSettings(name="Q2", site="S", corepower=10.0))),
        ("shares", SharesSet(shares=TREE)),
        ("Q1", JobQueued(spec=spec, waiting=1, leased=0, shares=(load("a", 1),))),
        ("Q1", leased),
        ("Q1", JobQueued(spec=SPEC, waiting=2, leased=1)),
        ("Q2", JobQueued(spec=SPEC, waiting=1, leased=0, shares=(load("b", 0, 2, 2),))),
    )

    found = standings(facts.snapshot())

    assert [(one.name, one.used, one.pledged) for one in found] == [("a", 100.0, 60.0), ("b", 20.0, 60.0)]
    assert facts.snapshot().queues["Q1"].shares == {"a": load("a", 1, 1, 8)}


def test_leases_that_end_together_take_the_usage_of_their_shares_away() -> None:
    ended = LeasesEnded(leases=(EndedLease(job_id=1, lease_id="l"),), waiting=0, leased=0, shares=(load("a"), load("b", 0, 1, 1)))
    facts = facts_after(
        ("queue.Q1", QueueConfigured(settings=SETTINGS)),
        ("shares", SharesSet(shares=TREE)),
        ("Q1", JobQueued(spec=SPEC, waiting=1, leased=0, shares=(load("a", 0, 1, 4),))),
        ("Q1", ended),
    )

    assert [one.used for one in standings(facts.snapshot())] == [0.0, 10.0]


def test_a_change_of_the_order_is_said_at_once_but_at_most_once_a_second() -> None:
    stand = Stand()

    said = [stand.look(0.0, 0), stand.look(0.1, 5), stand.look(BETWEEN_SECONDS, 5), stand.look(0.5, 5, 9), stand.look(0.5, 5, 9)]

    assert said == [1, 1, 2, 2, 3]
    assert [one.standings[0].used for one in stand.said] == [0.0, 50.0, 50.0]


def test_a_small_change_is_said_after_a_while() -> None:
    stand = Stand()
    stand.look(0.0, 1000, 500)

    said = [stand.look(2.0, 1001, 500), stand.look(SETTLED_SECONDS - 2.0, 1001, 500), stand.look(60.0, 1001, 500)]

    assert said == [1, 2, 2]
    assert is_urgent(standings(world(1001, 500)), standings(world(1000, 500))) is False
    assert is_urgent(standings(world(1016, 500)), standings(world(1000, 500))) is True


def test_nothing_is_said_without_a_tree_nor_by_a_worker_that_does_not_speak() -> None:
    stand = Stand()
    stand.ours = False
    stand.look(0.0, 5)
    stand.ours, stand.facts = True, Snapshot()
    asyncio.run(stand.watch.say())

    assert stand.said == []


def test_a_tree_that_is_taken_away_is_said_once() -> None:
    stand = Stand()
    stand.look(0.0, 5)
    stand.now, stand.facts = 10.0, Snapshot()

    asyncio.run(stand.watch.say())
    asyncio.run(stand.watch.say())

    assert [len(one.standings) for one in stand.said] == [2, 0]
