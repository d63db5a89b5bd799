"""Recorded brokerage made again: whole tables of earlier versions, decisions of their own, and orders that cite them."""

import random
from collections.abc import Iterator
from dataclasses import replace as with_fields
from pathlib import Path
from typing import Any

import pytest
import typer

from audit.decisions import Tally, by_queue, judge, moved
from audit.given_figures import weighing_from
from audit.policies_at import Policies
from cli.replay import settings_in
from schemas.ids import event_id
from schemas.policy import BrokersSet, OutsideFactSet, QueueConfigured
from schemas.reading import Place, Recorded
from schemas.records import replace
from schemas.task import BrokerageDecided, GenerateJobs, JobsGenerated, JobsOrdered, TaskParked
from schemas.types import (
    BrokerFigure,
    BrokerKind,
    BrokerRule,
    FileAccounts,
    GeneratedJob,
    JobKind,
    OutsideFact,
    QueueSettings,
    QueueStatus,
    StorageElement,
)
from streams.engine.messages import RecordRead
from streams.facts.snapshot import EndCounts, QueueFacts, Snapshot
from streams.jedi.reactions import Generation
from tests.streams.builders import a_definition, an_envelope, files

NOON = 1_700_000_000_000_000
TASK = 10_000_001
QUEUES = tuple(QueueSettings(name=f"Q{number:02d}", site="S", rss_mb_max=3000 * (number % 4)) for number in range(12))
POSITION = f"culm.policy.events.v1:0:{len(QUEUES)}"


STORAGE = StorageElement(name="LOCAL_DISK", space_usable_gb=150)
ANALYSIS = (BrokerRule(broker=BrokerKind.ANALYSIS),)
TOLD = (
    ("brokers", BrokersSet(rules=ANALYSIS)),
    ("storage.LOCAL_DISK", OutsideFactSet(source="cric", source_at=NOON, fact=OutsideFact(storage=STORAGE))),
    ("brokers", BrokersSet(rules=ANALYSIS, figures=(BrokerFigure(key="STORAGE_MIN_FREE_SIZE", value=100),))),
)


def policies() -> Policies:
    found = Policies()
    for offset, (key, event) in enumerate(TOLD, start=len(QUEUES)):
        place = Place("culm.policy.events.v1", 0, offset)
        found.tell(Recorded(place, event, an_envelope(key)))
    for offset, settings in enumerate(QUEUES):
        place = Place("culm.policy.events.v1", 0, offset)
        found.tell(Recorded(place, QueueConfigured(settings=settings), an_envelope(f"queue.{settings.name}")))
    return found


def a_day(orders: int, *, whole_tables: bool = False, world: Snapshot | None = None) -> list[Recorded]:
    """The log of one task's orders, with loads that move now and then. whole_tables: as earlier versions wrote it."""
    chance, generation, found = random.Random(7), Generation(), []
    loads = {one.name: [chance.randrange(2, 200), chance.randrange(200)] for one in QUEUES}
    at = NOON
    for number in range(1, orders + 1):
        at += chance.choice((10_000, 400_000, 2_500_000))
        if chance.random() < 0.3:
            loads[chance.choice(QUEUES).name][chance.randrange(2)] += chance.randrange(40)
        known = {one.name: QueueFacts(one, loads[one.name][0], loads[one.name][1], 1) for one in QUEUES}
        raised = (None, None, 5000, 50_000 if number % 9 == 0 else 5000)
        units = [replace(unit, ram_mb=chance.choice(raised)) for unit in files(20)]
        definition = a_definition(files_per_job=2)
        order = JobsOrdered(
            order=number, kind=JobKind.NORMAL, units=tuple(units), definition=definition, task_id=TASK, priority=1000
        )
        envelope = an_envelope(str(TASK), 100 * number, occurred_at=at)
        found.append(recorded(order, envelope))
        read = RecordRead(order, envelope, "t", 0, number, logged_at=at)
        counts = {TASK: {one.name: EndCounts(chance.randrange(9), chance.randrange(9)) for one in QUEUES}}
        around = with_fields(world, queues=known, ends=counts) if world else Snapshot(known, position=POSITION)
        for made in generation.choose([read], around):
            command: Any = made.command
            rows = [
                BrokerageDecided(
                    order=number, ram_mb=one.ram_mb, largest_input_bytes=one.largest_input_bytes, brokerage=one.evidence
                )
                for one in command.decided
            ]
            for index, row in enumerate(rows):
                said = an_envelope(
                    str(TASK), 100 * number + 1 + index, occurred_at=at, event_id=event_id(made.envelope.command_id, index)
                )
                if not whole_tables:
                    found.append(recorded(row, said))
                    list(generation.choose([RecordRead(row, said, "t", 0, number, logged_at=at)], Snapshot()))
            evidence = command.brokerage
            if whole_tables:
                verdicts = tuple(verdict for one in command.decided for verdict in one.evidence.verdicts)
                evidence = replace(evidence, cited=(), verdicts=verdicts)
            found.append(recorded(outcome(command, evidence), an_envelope(str(TASK), 100 * number + 50, occurred_at=at)))
    return found


def outcome(command: Any, evidence: Any) -> JobsGenerated | TaskParked:
    if not isinstance(command, GenerateJobs):
        return TaskParked(order=command.order, brokerage=evidence, message=command.message)
    jobs = tuple(
        GeneratedJob(job_id=serial, serial=serial, queue=plan.queue, unit_ids=plan.unit_ids, attempt=1)
        for serial, plan in enumerate(command.plans, start=1)
    )
    none = FileAccounts(total=0, used=0, finished=0, failed=0, jobs_live=0, jobs_total=0)
    return JobsGenerated(order=command.order, kind=command.kind, jobs=jobs, brokerage=evidence, accounts=none)


def recorded(message: Any, envelope: Any) -> Recorded:
    return Recorded(Place("culm.task.events.v1", 0, envelope.sequence), message, envelope)


@pytest.mark.slow  # a thousand decisions are made again
def test_every_order_comes_out_the_same_on_the_decision_that_it_cites() -> None:
    tally = judge(a_day(1_000), policies())

    assert (tally.decisions, tally.equal, tally.without_figures, tally.changed) == (1_000, 1_000, 0, [])
    assert tally.cited == 535
    assert sum(tally.jobs_recorded.values()) == sum(tally.jobs_today.values()) > 5_000


def test_tables_that_stand_in_the_orders_themselves_are_still_judged() -> None:
    tally = judge(a_day(100, whole_tables=True), policies())

    assert (tally.decisions, tally.equal, tally.cited) == (100, 100, 0)


@pytest.mark.parametrize(("told", "placed"), [(1, True), (2, False), (3, True)])
def test_a_decision_is_made_again_by_the_broker_and_with_the_facts_of_its_position(told: int, placed: bool) -> None:
    position = f"culm.policy.events.v1:0:{len(QUEUES) + told}"
    known = policies()
    brokers, outside = known.brokers_at(position), known.outside_at(position)
    world = Snapshot(position=position, broker_rules=brokers.rules, broker_figures=brokers.figures, outside=outside)
    day = a_day(100, world=world)

    tally = judge(day, known)

    assert (tally.decisions, tally.equal, tally.changed) == (100, 100, [])
    assert bool(tally.jobs_today) is placed


def test_another_weight_is_asked_of_the_decision_that_was_cited() -> None:
    day = a_day(100)

    tally = judge(day, policies(), weighing_from(["candidates.max=0"]))

    assert (tally.decisions, tally.jobs_today) == (100, {})
    assert len(tally.changed) == sum(isinstance(one.message, JobsGenerated) for one in day)


def test_a_whole_day_is_asked_what_another_queue_document_or_figure_would_have_done() -> None:
    day, offline, figure = a_day(100), policies(), policies()
    offline.instead["Q11"] = replace(QUEUES[11], status=QueueStatus.OFFLINE)
    weighing = weighing_from(["STORAGE_MIN_FREE_SIZE=10", "weight.waiting=0"], figure)

    before, after = judge(day, policies()), judge(day, offline)

    assert before.jobs_today["Q11"] > 0
    assert after.jobs_today["Q11"] == 0
    assert [queue for queue, _, _ in moved(after)][-1] == "Q11"
    assert before.jobs_today.total() == after.jobs_today.total() == before.jobs_recorded.total()
    (found,) = by_queue(after)
    assert (found.queue, found.filters) == ("Q11", (("lowmemory", 11, 0), ("status", 0, 100)))
    assert list(by_queue(before)) == []
    assert (weighing.weight_waiting, figure.brokers_at(POSITION).figures[0].value) == (0.0, 10)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"name": "Q", "site": "S", "colour": 1}', "colour is no setting of a queue"),
        ('{"name": "Q", "site": "S", "rss_mb_max": "much"}', "Expected `int`, got `str`"),
        ('{"name": "Q", "site": "S", "rss_mb_max": -1}', "rss_mb_max"),
        ("[" * 100_000, "expected the settings of a queue as JSON"),
        ("{}", "missing required field"),
    ],
)
def test_a_queue_document_that_means_nothing_is_refused_by_name(tmp_path: Path, text: str, found: str) -> None:
    file = tmp_path / "queue.json"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(typer.BadParameter, match=found):
        settings_in(file)


def test_an_order_that_cites_what_the_log_does_not_hold_is_counted_as_without_figures() -> None:
    day = [one for one in a_day(20) if not isinstance(one.message, BrokerageDecided)]

    tally: Tally = judge(day, policies())

    assert (tally.decisions, tally.without_figures) == (20, 20)


def test_a_draw_that_was_recorded_wrongly_is_found() -> None:
    day = list(changed_draw(a_day(1)))

    assert [one.order for one in judge(day, policies()).changed] == [1]


def changed_draw(day: list[Recorded]) -> Iterator[Recorded]:
    for one in day:
        if isinstance(one.message, JobsGenerated):
            jobs = tuple(replace(job, queue="Q00") for job in one.message.jobs)
            yield with_fields(one, message=replace(one.message, jobs=jobs))
        else:
            yield one


def test_orders_that_no_queue_takes_any_more_are_counted() -> None:
    day, offline = a_day(100), policies()
    offline.instead = {one.name: replace(one, status=QueueStatus.OFFLINE) for one in QUEUES}

    tally = judge(day, offline)

    assert (tally.jobs_today.total(), tally.waiting_today) == (0, 100)
    assert tally.waiting_recorded == sum(isinstance(one.message, TaskParked) for one in day)


@pytest.mark.parametrize("is_decision_last", [False, True])
def test_an_order_that_cites_a_decision_for_another_task_comes_out_the_same(is_decision_last: bool) -> None:
    generation, days = Generation(), []
    known = Snapshot({one.name: QueueFacts(one, 9, 19, 1) for one in QUEUES}, position=POSITION)
    for task_id in (TASK, TASK + 1):
        order = JobsOrdered(
            order=1, kind=JobKind.NORMAL, units=tuple(files(20)), definition=a_definition(files_per_job=2), task_id=task_id,
            priority=1000, owner="ada",
        )  # fmt: skip
        envelope = an_envelope(str(task_id), task_id, occurred_at=NOON)
        (made,) = generation.choose([RecordRead(order, envelope, "t", 0, 1, logged_at=NOON)], known)
        command: Any = made.command
        day = [recorded(order, envelope)]
        for one in command.decided:
            row = BrokerageDecided(
                order=1, ram_mb=one.ram_mb, largest_input_bytes=one.largest_input_bytes, brokerage=one.evidence
            )
            said = an_envelope(str(task_id), task_id + 100, event_id=event_id(made.envelope.command_id, 0))
            list(generation.choose([RecordRead(row, said, "t", 0, 1, logged_at=NOON)], known))
            day.append(recorded(row, said))
        days.append([*day, recorded(outcome(command, command.brokerage), an_envelope(str(task_id), task_id + 200))])

    tally = judge([*days[is_decision_last], *days[not is_decision_last]], policies())

    assert (tally.decisions, tally.equal, tally.without_figures, tally.cited) == (2, 2, 0, 1)
