"""How many pilots a queue should have, and when that is said."""

import asyncio

import pytest

from schemas.types import ClassDemand, EventEnvelope, QueueStatus
from schemas.worker import WantWorkers
from streams.engine.messages import OutgoingCommand
from streams.facts.snapshot import QueueFacts, Snapshot, Wanted
from streams.provisioning.demand import demands, wanted_pilots
from streams.provisioning.watch import AGAIN_SECONDS, CALM_SECONDS, DemandWatch
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


def test_a_queue_is_sent_only_what_changes() -> None:
    queues = {name: a_queue(name, waiting=2) for name in ("A", "B", "NEVER_USED")}
    causes = {"A": an_envelope("A", 7), "B": an_envelope("B", 8)}

    made = list(demands(queues, {"A": Wanted(2, "e1"), "B": Wanted(0, "e2")}, causes))

    assert [(queue, number) for queue, number, _ in made] == [("B", 2)]
    terms = ClassDemand(name="all", wanted=2, cores=1, waiting=2)
    assert made[0][2].command == WantWorkers(wanted=2, reason="2 waiting, 0 leased, at most 4", classes=(terms,))
    assert made[0][2].envelope.causation_id == causes["B"].event_id


class FactsOfOneQueue:
    """A queue whose load the test sets."""

    def __init__(self) -> None:
        self.queue = a_queue(waiting=3)
        self.events: list[int] = []
        self.number = 1
        self.wanted: dict[str, Wanted] = {}

    def said(self, number: int) -> None:
        """An event of the log: someone asked for `number` pilots."""
        self.wanted["Q1"] = Wanted(number, f"event {len(self.events)}")
        self.events.append(number)

    def snapshot(self) -> Snapshot:
        return Snapshot({"Q1": self.queue})

    def demand(self) -> tuple[dict[str, Wanted], dict[str, EventEnvelope]]:
        return dict(self.wanted), {"Q1": an_envelope("Q1", self.number)}


class Collected:
    """An outbox that keeps what it is given."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.ids: list[str] = []

    async def deliver(self, contents: list[OutgoingCommand]) -> None:
        self.ids += [one.envelope.command_id for one in contents]
        self.numbers += [one.command.wanted for one in contents if isinstance(one.command, WantWorkers)]


def test_more_pilots_are_asked_for_at_once_and_fewer_after_a_calm() -> None:
    facts, outbox, now = FactsOfOneQueue(), Collected(), [0.0]
    watch = DemandWatch(facts, outbox, lambda: now[0])  # type: ignore[arg-type]  # stand-ins with the parts it uses

    said = []
    for waiting, seconds in ((3, 0.0), (4, 0.1), (1, 0.1), (4, 0.1), (0, 0.1), (0, CALM_SECONDS), (0, 1.0)):
        facts.queue, facts.number, now[0] = a_queue(waiting=waiting), facts.number + 1, now[0] + seconds
        asyncio.run(watch.say())
        facts.said(outbox.numbers[-1])
        said.append(outbox.numbers[-1])

    assert said == [3, 4, 4, 4, 4, 0, 0]
    assert outbox.numbers == [3, 4, 0]


def test_a_number_that_someone_else_asked_for_is_corrected_also_when_the_queue_stood_still() -> None:
    facts, outbox = FactsOfOneQueue(), Collected()
    watch = DemandWatch(facts, outbox, lambda: 0.0)  # type: ignore[arg-type]  # stand-ins with the parts it uses
    for number in (3, 0, 3, 0):
        asyncio.run(watch.say())
        facts.said(number)
    asyncio.run(watch.say())

    assert outbox.numbers == [3, 3, 3]
    assert len(set(outbox.ids)) == 3


def test_a_number_that_an_operator_asked_of_a_queue_without_jobs_is_corrected() -> None:
    event = an_envelope("A", 3)

    made = list(demands({"A": a_queue("A")}, {"A": Wanted(7, event.event_id, event)}, {}))

    assert [(queue, number) for queue, number, _ in made] == [("A", 0)]
    assert made[0][2].envelope.causation_id == event.event_id


def test_a_queue_that_another_worker_speaks_for_is_left_to_it() -> None:
    facts, outbox, ours = FactsOfOneQueue(), Collected(), [False]
    watch = DemandWatch(facts, outbox, lambda: 0.0, lambda queue: ours[0])  # type: ignore[arg-type]  # stand-ins
    asyncio.run(watch.say())
    assert outbox.numbers == []

    ours[0] = True
    asyncio.run(watch.say())

    assert outbox.numbers == [3]


def test_what_is_under_way_is_not_said_again_until_it_should_have_arrived() -> None:
    facts, outbox, now = FactsOfOneQueue(), Collected(), [0.0]
    watch = DemandWatch(facts, outbox, lambda: now[0])  # type: ignore[arg-type]  # stand-ins with the parts it uses

    for now[0] in (0.0, 1.0, 2.0, AGAIN_SECONDS):
        asyncio.run(watch.say())

    assert outbox.numbers == [3, 3]
    assert len(set(outbox.ids)) == 1
