"""One brokerage for many orders of a task: what may cite it, for how long, and what each order draws for itself."""

from dataclasses import replace as with_fields
from typing import Any

import pytest

from schemas.records import replace
from schemas.streams import QueueHealth
from schemas.task import BrokerageDecided, GenerateJobs, JobsGenerated, JobsOrdered, ParkTask, RefineTask
from schemas.types import BrokerageCitation, BrokerKind, BrokerRule, DatasetReplicas, JobKind, QueueWaiting, SplitRules
from streams.engine.messages import RecordRead
from streams.facts.outside import OutsideFacts
from streams.facts.snapshot import EndCounts, QueueFacts, Snapshot
from streams.jedi.reactions import Generation
from tests.commands.builders import TASK, a_submission
from tests.commands.builders import a_definition as a_task_definition
from tests.commands.builders import a_queue as configured_queue
from tests.commands.in_memory import a_culm
from tests.streams.builders import a_definition, a_queue, an_envelope, files, record_read

NOON = 1_700_000_000_000_000
POSITION = "culm.policy.events.v1:0:3"


def an_order(number: int, at: int = NOON, task_id: int = 10_000_001, **changes: Any) -> RecordRead:
    """The order's record, which came into the log at `at`."""
    order = JobsOrdered(
        order=number,
        kind=JobKind.NORMAL,
        units=tuple(files(2)),
        definition=a_definition(files_per_job=1),
        task_id=task_id,
        priority=1000,
    )
    read = record_read(replace(order, **changes), str(task_id), number)
    return with_fields(read, logged_at=at)


def facts(waiting: int = 9, leased: int = 19, position: str = POSITION, **settings: Any) -> Snapshot:
    return Snapshot({"Q1": a_queue("Q1", waiting=waiting, leased=leased, **settings)}, position=position)


def the_answer(generation: Generation, record: RecordRead, known: Snapshot) -> GenerateJobs:
    (made,) = generation.choose([record], known)
    assert isinstance(made.command, GenerateJobs)
    return made.command


def after_a_decision(at: int = NOON, **changes: Any) -> tuple[Generation, str]:
    """A generation whose first order's decision came into the log at `at`; its id."""
    generation = Generation()
    first = the_answer(generation, an_order(1, **changes), facts())
    decision = first.brokerage.cited[0].decision
    logged = record_read(1, "10000001", 2, event_id=decision)
    assert list(generation.choose([with_fields(logged, logged_at=at)], facts())) == []
    return generation, decision


def test_an_order_cites_the_decision_of_an_earlier_one_and_draws_for_itself() -> None:
    generation, decision = after_a_decision()

    answer = the_answer(generation, an_order(2), facts(waiting=10))

    assert answer.decided == ()
    waiting = (QueueWaiting(queue="Q1", waiting=10),)
    assert answer.brokerage.cited == (BrokerageCitation(decision=decision, ram_mb=2000, waiting=waiting),)
    assert answer.brokerage.seed == "00000000-0000-5000-8000-000000000002"
    assert [plan.queue for plan in answer.plans] == ["Q1", "Q1"]


def test_a_decision_that_is_not_in_the_log_is_not_cited() -> None:
    generation = Generation()
    the_answer(generation, an_order(1), facts())

    assert len(the_answer(generation, an_order(2), facts()).decided) == 1


@pytest.mark.parametrize(
    ("order", "known", "is_cited"),
    [
        (an_order(2, NOON + 2_000_000), facts(), True),
        (an_order(2, NOON + 2_000_001), facts(), False),
        (an_order(2, NOON - 1), facts(), False),
        (an_order(2), facts(waiting=8), True),
        (an_order(2), facts(waiting=11), False),
        (an_order(2), facts(waiting=7), False),
        (an_order(2), facts(leased=21), True),
        (an_order(2), facts(leased=22), False),
        (an_order(2), facts(position="culm.policy.events.v1:0:4"), False),
        (an_order(2), facts(position="culm.policy.events.v1:0:3,culm.queue.events.v1:0:99"), True),
        (an_order(2), Snapshot(position=POSITION), False),
        (an_order(2, units=tuple(files(2, size_bytes=999))), facts(), True),
        (an_order(2, units=tuple(files(2, size_bytes=1001))), facts(), False),
        (an_order(2, queues_used=("Q1",)), facts(), False),
        (an_order(2, task_id=10_000_002), facts(), False),
        (an_order(2, units=tuple(replace(unit, ram_mb=4000) for unit in files(2))), facts(), False),
    ],
)
def test_a_decision_is_cited_while_its_facts_hold(order: RecordRead, known: Snapshot, is_cited: bool) -> None:
    generation, _ = after_a_decision()

    (made,) = generation.choose([order], known)

    command = made.command
    assert isinstance(command, GenerateJobs | ParkTask)
    assert (command.decided == ()) is is_cited


def test_a_queue_that_fell_ill_is_not_cited() -> None:
    generation, _ = after_a_decision()
    ill: QueueFacts = with_fields(facts().queues["Q1"], health=QueueHealth(fingerprint="no-disk", ended=3))

    (made,) = generation.choose([an_order(2)], Snapshot({"Q1": ill}, position=POSITION))

    assert isinstance(made.command, ParkTask)
    assert [verdict.code for verdict in made.command.decided[0].evidence.verdicts] == ["unhealthy"]


def test_the_id_that_orders_cite_is_that_of_the_event_in_the_log() -> None:
    culm, generation = a_culm(), Generation()
    configured_queue(culm)
    culm.send(a_submission(), str(TASK))
    definition = a_task_definition(rules=SplitRules(events_per_job=1), events_total=6_000)
    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")
    known = Snapshot({"LOCAL": a_queue("LOCAL", waiting=100_000, leased=100_000)}, position=POSITION)

    read = 0
    while read < len(culm.events):
        message, envelope = culm.events[read]
        read += 1
        if isinstance(message, JobsOrdered | BrokerageDecided):
            for one in generation.choose([RecordRead(message, envelope, "t", 0, read, logged_at=NOON)], known):
                sent = one.envelope
                culm.send(one.command, sent.aggregate_id, role="system", command_id=sent.command_id)

    decided = [envelope.event_id for event, envelope in culm.events if isinstance(event, BrokerageDecided)]
    cited = [one.decision for event, _ in culm.events if isinstance(event, JobsGenerated) for one in event.brokerage.cited]
    assert set(cited) == set(decided)
    # Ten orders are open at once, the next ten after a queue was used; the last ten cite what was decided for these.
    assert (len(decided), len(cited)) == (20, 30)


def owned(number: int, task_id: int, owner: str = "ada", **changes: Any) -> RecordRead:
    """An order of a task of which it is known whose it is."""
    read = an_order(number, task_id=task_id, owner=owner, **changes)
    return with_fields(read, envelope=an_envelope(str(task_id), task_id - 10_000_000))


def after_a_decision_for(owner: str, known: Snapshot) -> tuple[Generation, str]:
    """A generation that read its decision for task 10000001 of `owner` from the log; its id."""
    generation = Generation()
    decision = the_answer(generation, owned(1, 10_000_001, owner), known).brokerage.cited[0].decision
    list(generation.choose([with_fields(record_read(1, "10000001", 90, event_id=decision), logged_at=NOON)], known))
    return generation, decision


ANALYSIS = (BrokerRule(broker=BrokerKind.ANALYSIS),)


@pytest.mark.parametrize(
    ("changes", "rules", "is_cited"),
    [
        ({}, (), True),
        ({"owner": "bea"}, (), True),
        ({}, ANALYSIS, True),
        ({"owner": "bea"}, ANALYSIS, False),
        ({"owner": ""}, (), False),
        ({"queues_used": ("Q1",)}, (), False),
        ({"priority": 999}, (), False),
        ({"units": tuple(files(2, size_bytes=1001))}, (), False),
        ({"at": NOON - 2_000_000}, (), True),
        ({"at": NOON + 2_000_001}, (), False),
    ],
)
def test_the_first_order_of_another_task_cites_a_decision_for_the_same_work(
    changes: dict[str, Any], rules: tuple[BrokerRule, ...], is_cited: bool
) -> None:
    known = with_fields(facts(), broker_rules=rules)
    generation, decision = after_a_decision_for("ada", known)

    answer = the_answer(generation, owned(1, 10_000_002, **changes), known)

    assert (answer.decided == ()) is is_cited
    assert [(one.decision == decision, one.task_id) for one in answer.brokerage.cited] == [
        (is_cited, 10_000_001 if is_cited else 0)
    ]


def test_a_task_whose_jobs_ended_at_queues_makes_its_own_decision() -> None:
    generation, _ = after_a_decision_for("ada", facts())
    ended = with_fields(facts(), ends={10_000_002: {"Q1": EndCounts(finished=1)}})

    assert len(the_answer(generation, owned(1, 10_000_002), ended).decided) == 1


def test_input_that_no_source_places_does_not_tell_tasks_apart() -> None:
    generation, _ = after_a_decision_for("ada", facts())
    elsewhere = owned(1, 10_000_002, units=tuple(replace(unit, dataset="other") for unit in files(2)))
    placed = with_fields(facts(), outside=OutsideFacts(replicas={"other": DatasetReplicas(dataset="other")}))

    assert len(the_answer(generation, elsewhere, placed).decided) == 1
    assert the_answer(generation, elsewhere, facts()).decided == ()


def test_an_order_awaits_a_decision_that_another_one_brought_on_its_way_but_not_its_own() -> None:
    generation = Generation()
    first, second = owned(1, 10_000_001), owned(1, 10_000_002)
    decision = the_answer(generation, first, facts()).brokerage.cited[0].decision

    assert generation.awaits(first, facts()) == ""
    assert generation.awaits(second, facts()) == decision
    assert generation.awaits(owned(1, 10_000_002, priority=1), facts()) == ""
    assert generation.awaits(owned(1, 10_000_002, at=NOON + 1_000_001), facts()) == ""

    list(generation.choose([with_fields(record_read(1, "10000001", 90, event_id=decision), logged_at=NOON)], facts()))

    assert generation.awaits(second, facts()) == ""
