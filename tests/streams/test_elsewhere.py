"""Which queues give up jobs that wait: closed by their pioneers, set offline, or with too many jobs of one share."""

import asyncio
from typing import Any

import pytest

from schemas.brokers import OF_A_SHARE, problem_of_brokers
from schemas.policy import QueueConfigured
from schemas.queue import OfferElsewhere
from schemas.records import replace as with_fields
from schemas.streams import QueueHealth
from schemas.types import BrokerFigure, QueueSettings, QueueStatus, ShareLoad, WorkerMode
from streams.engine.messages import OutgoingCommand
from streams.facts.snapshot import QueueFacts, Snapshot
from streams.provisioning.elsewhere import leave_offline, orders_to_leave
from streams.provisioning.elsewhere_watch import REST_SECONDS, ElsewhereWatch
from tests.streams.builders import an_envelope, record_read

ILL = QueueHealth(fingerprint="no-shared-folder", ended=3, probe_at=7)


def a_queue(name: str = "Q1", waiting: int = 4, settings: dict[str, Any] | None = None, **facts: Any) -> QueueFacts:
    made = with_fields(QueueSettings(name=name, site="S"), **(settings or {}))
    return QueueFacts(settings=made, waiting=waiting, **facts)


def orders(*queues: QueueFacts, least: float | None = None) -> list[tuple[str, OfferElsewhere]]:
    figures = () if least is None else (BrokerFigure(key="FAST_REBRO_THRESHOLD_NQUEUE", value=least),)
    facts = Snapshot(queues={queue.settings.name: queue for queue in queues}, broker_figures=figures)
    return list(orders_to_leave(facts))


def test_jobs_leave_a_queue_that_is_closed_by_its_pioneers() -> None:
    ((queue, order),) = orders(a_queue(health=ILL), a_queue("OPEN"))

    assert (queue, order.code, order.users_only, order.number_max) == ("Q1", 51, False, 0)
    assert order.reason == (
        "queue Q1 is closed: 3 workers in a row ended before they asked for work (no-shared-folder)"
    )


@pytest.mark.parametrize(
    "queue",
    [
        a_queue(health=ILL, waiting=0),
        a_queue(health=ILL, settings={"keeps_jobs": True}),
        a_queue(health=ILL, settings={"clocks_stopped": True}),
        a_queue(health=ILL, settings={"mode": WorkerMode.PUSH}),
    ],
    ids=["nothing waits", "keeps_jobs", "clocks_stopped", "pilots bring their job"],
)
def test_jobs_stay_in_a_closed_queue_that_keeps_them(queue: QueueFacts) -> None:
    assert orders(queue) == []


def share(waiting: int, leased: int = 0) -> dict[str, ShareLoad]:
    return {"Express": ShareLoad(name="Express", waiting=waiting, leased=leased, cores=leased)}


@pytest.mark.parametrize(
    ("here", "running", "elsewhere", "least", "leave"),
    [
        (40, 10, 0, 10.0, 10),  # 40 - 3 * 10
        (30, 10, 0, 10.0, 0),  # not above 3 * 10
        (31, 10, 0, 10.0, 1),
        (40, 0, 60, 10.0, 10),  # 40 - 0.3 * 100
        (30, 0, 70, 10.0, 0),  # not above 0.3 * 100
        (12, 0, 0, 10.0, 2),  # 12 - 10
        (10, 0, 0, 10.0, 0),
        (2_000, 0, 0, 10.0, 500),  # of 1,400 as many as one decision takes
        (2_000, 0, 0, None, 0),  # no figure is set
    ],
)
def test_of_a_share_as_many_jobs_leave_as_are_above_all_three_limits(
    here: int, running: int, elsewhere: int, least: float | None, leave: int
) -> None:
    queues = (a_queue(waiting=here, shares=share(here, running)), a_queue("OTHER", shares=share(elsewhere, 10_000)))

    found = [(queue, order.number_max, order.code, order.share) for queue, order in orders(*queues, least=least)]

    assert found == ([("Q1", leave, 10, "Express")] if leave else [])


def test_a_share_may_have_a_figure_of_its_own() -> None:
    rows = (BrokerFigure(key="FAST_REBRO_THRESHOLD_NQUEUE", value=10), BrokerFigure(key=f"{OF_A_SHARE}User_Analysis", value=30))
    loads = {name: ShareLoad(name=name, waiting=40, leased=0, cores=0) for name in ("User Analysis", "Express")}
    facts = Snapshot(queues={"Q1": a_queue(waiting=80, shares=loads)}, broker_figures=rows)

    assert [(order.share, order.number_max) for _, order in orders_to_leave(facts)] == [("Express", 28), ("User Analysis", 10)]
    assert problem_of_brokers((), rows) == ""
    assert problem_of_brokers((), [BrokerFigure(key=OF_A_SHARE, value=1)]).startswith(f"figures 0: key is {OF_A_SHARE}, expected")


@pytest.mark.parametrize(
    ("status", "settings", "sent"),
    [
        (QueueStatus.OFFLINE, {}, 1),
        (QueueStatus.TEST, {}, 1),
        (QueueStatus.BROKEROFF, {}, 0),
        (QueueStatus.ONLINE, {}, 0),
        (QueueStatus.OFFLINE, {"clocks_stopped": True}, 0),
        (QueueStatus.TEST, {"keeps_jobs": True}, 0),
    ],
)
def test_jobs_of_users_leave_a_queue_that_is_set_offline(status: QueueStatus, settings: dict[str, Any], sent: int) -> None:
    configured = QueueConfigured(settings=a_queue(settings={"status": status, **settings}).settings)
    made = list(leave_offline([record_read(configured, "queue.Q1", 7)], Snapshot()))

    order = OfferElsewhere(code=51, reason=f"queue Q1 is {status.value.lower()}", users_only=True)
    assert [(one.envelope.aggregate_id, one.command) for one in made] == [("Q1", order)] * sent


class Part:
    """The facts and the outbox of a watch."""

    def __init__(self, queue: QueueFacts, least: float) -> None:
        self.queue, self.figures, self.number = queue, (BrokerFigure(key="FAST_REBRO_THRESHOLD_NQUEUE", value=least),), 1
        self.sent: list[OfferElsewhere] = []

    def demand(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {"Q1": an_envelope("Q1", self.number)}

    def snapshot(self) -> Snapshot:
        return Snapshot(queues={"Q1": self.queue}, broker_figures=self.figures)

    async def deliver(self, contents: list[OutgoingCommand]) -> None:
        self.sent += [one.command for one in contents if isinstance(one.command, OfferElsewhere)]


def test_a_closed_queue_is_ordered_once_for_each_of_its_events() -> None:
    part, ours = Part(a_queue(health=ILL), 1e15), [False]
    watch = ElsewhereWatch(part, part, lambda: 0.0, lambda queue: ours[0])  # type: ignore[arg-type]  # stand-ins

    asyncio.run(watch.say())
    assert part.sent == []
    ours[0] = True
    for part.number in (1, 1, 2):
        asyncio.run(watch.say())

    assert len(part.sent) == 2


def test_fast_rebrokerage_leaves_a_share_of_a_queue_in_peace_for_an_hour() -> None:
    part, now = Part(a_queue(shares=share(40)), 10), [0.0]
    watch = ElsewhereWatch(part, part, lambda: now[0])  # type: ignore[arg-type]  # stand-ins

    for part.number, now[0] in ((1, 0.0), (2, 1.0), (3, REST_SECONDS - 1), (4, REST_SECONDS)):
        asyncio.run(watch.say())

    assert [order.number_max for order in part.sent] == [28, 28]
