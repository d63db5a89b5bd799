"""What events do to the rows of a task."""

import json

import pytest

from api.queries.tasks import as_changed
from commands.task.transitions import KEEP, TRANSITIONS, TaskStatus
from projections.tasks.status import next_status, next_super_status
from schemas import records
from schemas.catalog import CATALOG
from schemas.task import (
    ContentsFed,
    InputNamesAdded,
    JobsGenerated,
    NucleusAssigned,
    ParentAwaited,
    ParentEnded,
    ScoutsJudged,
    SecondaryInputFed,
    SplitRuleChanged,
    TaskAttributeChanged,
    TaskBroken,
    TaskFinalized,
    TaskKillOrdered,
    TaskParked,
    TaskPaused,
    TaskPriorityChanged,
    TaskReassigned,
    TaskRefined,
    TaskReloaded,
    TaskRestored,
    TaskResumed,
    TaskSetAside,
    TaskShareAssigned,
)
from schemas.types import (
    BrokerageEvidence,
    NucleusVerdict,
    OutcomeKind,
    Requirements,
    ScoutsVerdict,
    SplitRules,
    TaskVerdict,
)
from tests.projections.sample_history import (
    INPUT,
    a_definition,
    a_task,
    accounts,
    citing_orders,
    generated,
    world,
)
from tests.projections.tables_in_memory import after, the
from tests.projections.task_events import ONE, TASK, outcome, unit_is, until_running
from tests.schemas.samples import a_sample

LEGAL = sorted(TRANSITIONS, key=lambda row: (row[0], row[1].__name__, row[2]))


@pytest.mark.parametrize(("found", "event", "reached"), LEGAL, ids=lambda value: getattr(value, "__name__", value))
def test_the_status_is_the_one_that_the_decider_reaches(found: TaskStatus, event: type, reached: TaskStatus) -> None:
    message, _ = a_sample(CATALOG[f"culm.task.{event.__name__}"])
    if event is TaskFinalized:
        message = TaskFinalized(verdict=TaskVerdict(reached.upper()), message="", accounts=accounts())
    if event is TaskRestored:
        message = TaskRestored(dead_letter_id="letter")
    if event in (InputNamesAdded, ContentsFed, SecondaryInputFed, ParentAwaited, ParentEnded, TaskReassigned):
        message = records.replace(message, status=reached.value)
    if event is JobsGenerated:
        message = records.replace(message, scouts=reached is TaskStatus.SCOUTING)
    if event is ScoutsJudged:
        good = (found, reached) != (TaskStatus.SCOUTING, TaskStatus.SCOUTING)
        message = records.replace(message, verdict=ScoutsVerdict.GOOD if good else ScoutsVerdict.EXHAUSTED)
    if event.__name__ == "TaskSubmitted":
        return

    status, old = next_status(message, found.value, "running")

    if reached is KEEP:
        assert (status, old) == ("running", None)
    else:
        assert status == reached.value


SET_ASIDE = TaskSetAside(dead_letter_id="l1", message="set aside: dead letter l1, x met a bug", cause="x met a bug")


@pytest.mark.parametrize("batch", [1, 1000])
def test_a_task_that_was_set_aside_waits_with_its_message_until_the_letter_is_settled(batch: int) -> None:
    aside = after(until_running(), [(SET_ASIDE, TASK)], batch=batch).one("task")
    other = after(until_running(), [(SET_ASIDE, TASK), (generated(TASK, 2, {3: (1,)}), TASK)], batch=batch).one("task")
    restored = TaskRestored(dead_letter_id="l1", status="ready")
    back = after(until_running(), [(SET_ASIDE, TASK), (restored, TASK)], batch=batch).one("task")

    assert the(aside, "status", "message") == ("pending", "set aside: dead letter l1, x met a bug")
    assert the(other, "status", "message") == ("running", "set aside: dead letter l1, x met a bug")
    assert the(back, "status", "message") == ("ready", None)


def test_a_pause_remembers_what_it_interrupted() -> None:
    paused = after(until_running(), [(TaskPaused(), TASK)]).one("task")
    resumed = after(until_running(), [(TaskPaused(), TASK), (TaskResumed(), TASK)]).one("task")

    assert the(paused, "status", "old_status", "super_status") == ("paused", "running", "paused")
    assert the(resumed, "status", "old_status", "super_status") == ("running", None, "running")


def test_a_task_started_when_its_first_jobs_were_made() -> None:
    started = after(until_running()).one("task")["started_at"]

    later = after(until_running(), [(generated(TASK, 2, {3: (1,)}), TASK)]).one("task")

    assert started is not None
    assert later["started_at"] == started


def test_a_task_that_ends_keeps_its_verdict_message_and_counters() -> None:
    task = after(a_task(TASK)).one("task")

    assert the(task, "status", "super_status", "message") == ("finished", "finished", "1 of 2 input files failed")
    assert the(task, "files_total", "files_finished", "files_failed", "jobs_live", "jobs_total") == (2, 1, 1, 0, 2)
    assert task["ended_at"] == task["modified_at"]


def test_an_exhausted_task_has_not_ended() -> None:
    over = TaskFinalized(verdict=TaskVerdict.EXHAUSTED, message="limits", accounts=accounts(total=2))

    task = after(until_running(), [(over, TASK)]).one("task")

    assert the(task, "status", "super_status", "ended_at") == ("exhausted", "exhausted", None)


def test_outcomes_do_not_wake_a_task_that_is_being_killed() -> None:
    events = [(TaskKillOrdered(), TASK), outcome(ONE, OutcomeKind.CANCELLED, unit_is(1), total=2, jobs_live=1)]

    task = after(until_running(), events).one("task")

    assert the(task, "status", "super_status", "jobs_live") == ("aborting", "aborting", 1)


def test_a_broken_task_says_why_before_it_ends() -> None:
    task = after(until_running(), [(TaskBroken(reason="BAD", message="no such option"), TASK)]).one("task")

    assert the(task, "status", "super_status", "message") == ("tobroken", "running", "no such option")


def test_a_reloaded_task_has_its_new_parameters_and_no_end() -> None:
    reload = TaskReloaded(parameters_json='{"nFiles": 9}', parameters_revision=1, retried=False, task_attempt=2)

    task = after(a_task(TASK), [(reload, TASK)]).one("task")

    assert the(task, "status", "parameters", "attempt", "ended_at") == ("rerefine", '{"nFiles": 9}', 2, None)


def test_priority_and_site_follow_their_orders() -> None:
    orders = [(TaskPriorityChanged(priority=5), TASK), (TaskReassigned(site="OTHER", mode="soft"), TASK)]

    task = after(until_running(), orders).one("task")

    assert the(task, "priority", "current_priority", "site") == (1000, 5, "OTHER")


def test_the_nucleus_of_a_task_is_kept_with_what_was_said_of_each() -> None:
    verdict = NucleusVerdict(nucleus="B", code="space", message="too full")
    none = TaskParked(order=9, brokerage=BrokerageEvidence(seed="seed"), message="none", nuclei=(verdict,))
    drawn = NucleusAssigned(nucleus="A", order=9, verdicts=(NucleusVerdict(nucleus="A", code="set"),), seed="seed")

    found = [after(until_running(), [(event, TASK) for event in events]).one("task") for events in ((none,), (none, drawn))]

    assert [the(row, "nucleus") for row in found] == [(None,), ("A",)]
    assert [[one["code"] for one in row["nuclei"]] for row in found] == [["space"], ["set"]]


@pytest.mark.parametrize(("wanted", "named", "found"), [(True, None, "A"), (False, None, None), (True, "C", "C")])
@pytest.mark.parametrize("batch", [1, 1000])
def test_a_new_definition_keeps_the_nucleus_where_it_wants_one_and_names_none(
    batch: int, wanted: bool, named: str | None, found: str | None
) -> None:
    again = records.replace(a_definition(), nucleus_wanted=wanted, requirements=Requirements(nucleus=named))
    events = (
        NucleusAssigned(nucleus="A", order=9, seed="seed"),
        TaskReloaded(parameters_json="{}", parameters_revision=1, task_attempt=2),
        TaskRefined(definition=again, parameters_revision=1),
    )

    task = after(until_running(), [(event, TASK) for event in events], batch=batch).one("task")

    assert the(task, "nucleus") == (found,)


def test_a_task_that_a_person_gave_another_nucleus_may_be_ready_again() -> None:
    reassigned = TaskReassigned(nucleus="B", mode="nokill", status="ready")

    task = after(until_running(), [(NucleusAssigned(nucleus="B", reason="full"), TASK), (reassigned, TASK)]).one("task")

    assert the(task, "nucleus", "nuclei", "status") == ("B", None, "ready")


@pytest.mark.parametrize("batch", [1, 1000])
def test_a_changed_requirement_and_rule_are_in_the_definition_and_the_parameters(batch: int) -> None:
    rules = SplitRules(files_per_job=4)
    changes = [
        (
            TaskAttributeChanged(
                attribute="ramCount", value=9, requirements=Requirements(ram_mb=9), rules=SplitRules(), parameter="ramCount"
            ),
            TASK,
        ),
        (SplitRuleChanged(code="NF", value=4, rules=rules, parameter="nFilesPerJob"), TASK),
        (TaskShareAssigned(share="Express"), TASK),
    ]
    before = after(until_running()).one("task")

    task = as_changed(after(until_running(), changes, batch=batch).one("task"))

    assert task is not None
    found = task["definition"]
    assert (found["requirements"]["ram_mb"], found["rules"]["files_per_job"], found["share"]) == (9, 4, "Express")
    assert found["input_stream"] == before["definition"]["input_stream"]
    assert json.loads(task["parameters"]) == {**json.loads(before["parameters"]), "ramCount": 9, "nFilesPerJob": 4}


def test_a_reload_has_the_changes_in_its_parameters() -> None:
    change = SplitRuleChanged(code="NF", value=4, rules=SplitRules(files_per_job=4), parameter="nFilesPerJob")
    reloaded = TaskReloaded(parameters_json='{"nFilesPerJob":4}', parameters_revision=1, task_attempt=2)

    task = as_changed(after(until_running(), [(change, TASK), (reloaded, TASK)], batch=1).one("task"))

    assert task is not None
    assert (task["parameters"], task["definition"]["rules"]["files_per_job"]) == ('{"nFilesPerJob":4}', 1)


def test_brokerage_is_kept_with_every_queue_that_was_looked_at() -> None:
    rows = after(a_task(TASK)).all("brokerage")

    assert [the(row, "order_number", "place", "queue", "taken", "parked") for row in rows] == [
        (1, 0, "LOCAL", True, True),
        (1, 1, "OTHER", False, True),
        (2, 0, "LOCAL", True, False),
        (2, 1, "OTHER", False, False),
    ]


def test_a_decision_is_kept_once_and_the_orders_that_cite_it_are_named() -> None:
    cited, decision = citing_orders(TASK, len(until_running()))

    tables = after(until_running(), cited)

    rows = tables.all("brokerage")
    assert [the(row, "sequence", "order_number", "place", "queue") for row in rows[2:]] == [
        (6, 2, 0, "LOCAL"),
        (6, 2, 1, "OTHER"),
    ]
    assert the(tables.one("brokerage_decision"), "sequence", "decision", "ram_mb") == (6, decision, 2000)
    assert [the(row, "sequence", "order_number", "decision", "waiting") for row in tables.all("brokerage_citation")] == [
        (7, 2, decision, {"LOCAL": 3}),
        (8, 3, decision, {"LOCAL": 4}),
    ]
    assert {row["decided_for"] for row in tables.all("brokerage_citation")} == {TASK}


def test_an_order_that_cites_a_decision_for_another_task_names_that_task() -> None:
    cited, decision = citing_orders(TASK, len(until_running()), of=TASK + 1)

    rows = after(until_running(), cited[1:]).all("brokerage_citation")

    assert [the(row, "task_id", "decided_for", "decision") for row in rows] == [
        (TASK, TASK + 1, decision),
        (TASK, TASK + 1, decision),
    ]


def test_a_refinement_after_a_reload_keeps_what_was_counted() -> None:
    again = TaskRefined(definition=a_definition(), parameters_revision=1)

    tables = after(a_task(TASK), [(again, TASK)])

    assert the(tables.all("task_dataset")[0], "dataset", "files_finished") == (INPUT, 1)


@pytest.mark.parametrize(
    ("status", "resumed", "shown"),
    [("pending", False, "before"), ("defined", False, "before"), ("ready", False, "ready"), ("pending", True, "running")],
)
def test_super_status_is_calmer_than_status(status: str, resumed: bool, shown: str) -> None:
    assert next_super_status(status, "before", resumed=resumed, started=True) == shown


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_rows_do_not_depend_on_how_events_were_batched(batch: int) -> None:
    whole = after(world(), a_task(TASK), a_task(TASK + 1))

    assert after(world(), a_task(TASK), a_task(TASK + 1), batch=batch).rows == whole.rows
