"""Priorities of jobs: by what a user has at work, and of the last jobs of a production task."""

from typing import Any

import pytest

from schemas.ids import job_id_of
from schemas.queue import JobSharesAssigned
from schemas.records import replace
from schemas.task import AssignShare, GenerateJobs, JobsOrdered, RefineTask, TaskShareAssigned
from schemas.types import BrokerKind, BrokerRule, OutcomeKind, ScoutRules
from streams.facts.groups import Level, Levels
from streams.facts.snapshot import Snapshot
from streams.jedi.generate import generate
from tests.commands.builders import QUEUE, TASK, a_definition, a_queue, a_submission, account, generate_all, spec_of, the_task
from tests.commands.in_memory import Culm, a_culm
from tests.streams.builders import a_queue as a_known_queue

ANALYSIS = (BrokerRule(vo="", label="user", broker=BrokerKind.ANALYSIS),)


def ordered(label: str = "user", priority: int = 1000, **definition: Any) -> Culm:
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(label=label, priority=priority), str(TASK))
    made = a_definition(**definition)
    made = replace(made, requirements=replace(made.requirements, label=label))
    culm.send(RefineTask(definition=made, parameters_revision=0), str(TASK), role="system")
    return culm


def planned(culm: Culm, at_work: int = 0, rules: tuple[BrokerRule, ...] = ANALYSIS) -> GenerateJobs:
    """The planner's answer to the open order, while the user has so many jobs at work."""
    levels = Levels(by_user={("wlcg", "jdoe"): Level(waiting=at_work)} if at_work else {})
    facts = Snapshot({QUEUE: a_known_queue(QUEUE)}, position="", levels=levels, broker_rules=rules)
    number = min(the_task(culm).orders)
    order = next(event for event, _ in culm.events if isinstance(event, JobsOrdered) and event.order == number)
    made = generate(order, "wlcg", facts, "seed")
    assert isinstance(made, GenerateJobs), made
    return made


def priorities(culm: Culm, command: GenerateJobs) -> list[int]:
    assert culm.send(command, str(TASK), role="system").accepted
    task = the_task(culm)
    return [spec_of(culm, job_id_of(TASK, serial)).priority for serial in range(1, task.last_serial + 1)]


@pytest.mark.parametrize(("at_work", "expected"), [(0, [1000, 999, 999]), (4, [999, 999, 998]), (5_000, [0, 0, 0])])
def test_each_five_jobs_of_a_user_take_one_point_off(at_work: int, expected: list[int]) -> None:
    assert [plan.priority for plan in planned(ordered(), at_work).plans] == expected


def test_jobs_have_the_priority_that_was_planned() -> None:
    culm = ordered()

    assert priorities(culm, planned(culm, 4)) == [999, 999, 998]


def test_other_brokers_leave_the_priority_of_the_task() -> None:
    culm = ordered(priority=930)

    assert [plan.priority for plan in planned(culm, 4, ()).plans] == [None] * 3
    assert priorities(culm, planned(culm, 4, ())) == [930] * 3


@pytest.mark.parametrize(("priority", "scouts"), [(1500, None), (1000, ScoutRules(success_tenths=5))])
def test_scouts_and_tasks_of_a_high_priority_keep_theirs(priority: int, scouts: ScoutRules | None) -> None:
    culm = ordered(priority=priority, scouts=scouts, events_total=15)

    assert set(priorities(culm, planned(culm, 400))) == {priority if scouts is None else 1001}


@pytest.mark.parametrize(
    ("label", "done", "priority", "expected"),
    [
        ("managed", 95, 500, 900),
        ("managed", 94, 500, 500),
        ("managed", 95, 950, 950),
        ("user", 95, 500, 500),
        ("test", 99, 500, 900),
    ],
)
def test_the_last_jobs_of_a_production_task_are_raised(label: str, done: int, priority: int, expected: int) -> None:
    culm = ordered(label, priority, events_total=100, attempts_max=3)
    generate_all(culm)
    jobs = [job_id_of(TASK, serial) for serial in range(1, 101)]

    for job_id in jobs[:done]:
        account(culm, job_id, OutcomeKind.FINISHED)
    for job_id in jobs[done:]:
        account(culm, job_id, OutcomeKind.FAILED)

    assert culm.last(JobsOrdered).priority == expected


def nearly_done(done: int, last_share: str = "Express", label: str = "managed") -> Culm:
    """A task of 100 units of which so many are done, and one failed once."""
    culm = ordered(label, 500, events_total=100, attempts_max=3, share="Survey", last_share=last_share)
    generate_all(culm)
    for serial in range(1, done + 1):
        account(culm, job_id_of(TASK, serial), OutcomeKind.FINISHED)
    account(culm, job_id_of(TASK, 100), OutcomeKind.FAILED)
    return culm


def share_of(culm: Culm) -> str:
    found = the_task(culm).definition
    assert found is not None
    return found.share


@pytest.mark.parametrize(
    ("done", "last_share", "label", "share"),
    [
        (95, "Express", "managed", "Express"),
        (94, "Express", "managed", "Survey"),
        (95, "", "managed", "Survey"),
        (95, "Express", "user", "Survey"),
    ],
)
def test_the_last_jobs_of_a_production_task_go_to_another_share(done: int, last_share: str, label: str, share: str) -> None:
    assert share_of(nearly_done(done, last_share, label)) == share


def test_jobs_that_wait_and_those_that_are_made_then_are_in_the_share_of_the_last() -> None:
    culm = nearly_done(95)

    assert culm.last(JobsOrdered).definition.share == "Express"
    assigned = culm.last(TaskShareAssigned)
    assert (assigned.share, assigned.running, assigned.reason) == ("Express", False, "95 of 100 input units are done")
    assert culm.last(JobSharesAssigned).share == "Express"


def test_a_share_that_a_person_assigns_to_the_last_jobs_stays() -> None:
    culm = nearly_done(95)
    culm.send(AssignShare(share="Survey"), str(TASK), role="production", actor="ops")

    account(culm, job_id_of(TASK, 96), OutcomeKind.FINISHED)

    assert share_of(culm) == "Survey"
