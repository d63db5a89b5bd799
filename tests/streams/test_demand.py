"""How many pilots a queue should have, and when that is said."""

import asyncio

import pytest

from schemas.types import EventEnvelope, QueueStatus
from schemas.worker import WantWorkers
from streams.heard import Wish
from streams.provisioning.demand import demands, wanted_pilots
from streams.provisioning.watch import CALM_SECONDS, DemandWatch
from streams.snapshot import QueueFacts, Snapshot
from tests.streams.builders import a_queue, an_envelope


@pytest.mark.parametrize(
    ("queue", "expected"),
    [
        (a_queue(waiting=0, leased=0, pilots_max=4), 0),
        (a_queue(waiting=2, leased=1, pilots_max=4), 3),
        (a_queue(waiting=100, leased=4, pilots_max=4), 4),
        (a_queue(waiting=5, leased=0, pilots_max=0), 0),
        (a_queue(waiting=5, leased=2, pilots_max=4, status=QueueStatus.OFFLINE), 2),
        (a_queue(waiting=5, leased=0, pilots_max=4, status=QueueStatus.BROKEROFF), 4),
    ],
)
def test_pilots_are_wanted_for_work_that_is_there(queue: QueueFacts, expected: int) -> None:
    assert wanted_pilots(queue) == expected


def test_a_queue_is_told_only_what_changes() -> None:
    queues = {name: a_queue(name, waiting=2) for name in ("A", "B", "NEVER_USED")}
    causes = {"A": an_envelope("A", 7), "B": an_envelope("B", 8)}

    made = list(demands(queues, {"A": 2, "B": 0}, causes))

    assert [(queue, number) for queue, number, _ in made] == [("B", 2)]
    assert made[0][2].command == WantWorkers(wanted=2, reason="2 waiting, 0 leased, at most 4")
    assert made[0][2].envelope.causation_id == causes["B"].event_id


class FactsOfOneQueue:
    """A queue whose load the test sets."""

    def __init__(self) -> None:
        self.queue = a_queue(waiting=3)
        self.number = 1

    def snapshot(self) -> Snapshot:
        return Snapshot({"Q1": self.queue})

    def demand(self) -> tuple[dict[str, int], dict[str, EventEnvelope]]:
        return {}, {"Q1": an_envelope("Q1", self.number)}


class Collected:
    """An outbox that keeps what it is given."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    async def deliver(self, contents: list[Wish]) -> None:
        self.numbers += [one.command.wanted for one in contents if isinstance(one.command, WantWorkers)]


def test_more_pilots_are_asked_for_at_once_and_fewer_after_a_calm() -> None:
    facts, outbox, now = FactsOfOneQueue(), Collected(), [0.0]
    watch = DemandWatch(facts, outbox, lambda: now[0])  # type: ignore[arg-type]  # stand-ins with the parts it uses

    said = []
    for waiting, seconds in ((3, 0.0), (4, 0.1), (1, 0.1), (4, 0.1), (0, 0.1), (0, CALM_SECONDS), (0, 1.0)):
        facts.queue, facts.number, now[0] = a_queue(waiting=waiting), facts.number + 1, now[0] + seconds
        asyncio.run(watch.say())
        said.append(outbox.numbers[-1])

    assert said == [3, 4, 4, 4, 4, 0, 0]
    assert outbox.numbers == [3, 4, 0]
