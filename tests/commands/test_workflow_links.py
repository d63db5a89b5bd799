"""Links of parameters: what the task of a work gets of works that ended before a condition opened it."""

import json
from typing import Any

import pytest

from schemas.task import RefineTask, ReleaseInput, ReloadTask, TaskFinalized, TaskReloaded
from schemas.types import LinkDefinition, TaskVerdict, WorkEnd
from schemas.workflow import AddWorks, ConditionEvaluated, LinkApplied, RecordWorkEnd, RetryWorkflow
from streams.idds.model import WorkCondition, WorkMethod
from tests.commands.builders import TASK, a_definition, run_all, the_task
from tests.commands.test_orders_do_not_show import jobs
from tests.commands.test_released_input import ALL, a_held_task
from tests.commands.test_workflow_conditions import JOBS, A, B, C, D, end_of, finished, told, when
from tests.commands.workflow_scenes import REQUEST, Alone, compiled, conditions_of, submission, task_of


def a_link(source: int, target: int, **parameters: Any) -> LinkDefinition:
    return LinkDefinition(link_id="l1", source=source, target=target, parameters_json=json.dumps(parameters))


def a_flow(*links: LinkDefinition, conditions: tuple[WorkCondition, ...]) -> Alone:
    """The works of `JOBS`; links come behind the works, as the front sends them."""
    alone = Alone()
    first, works, *rest = submission(compiled(JOBS), conditions=conditions_of(JOBS, conditions, ("a", "b")))
    chunks = [works, AddWorks(chunk=1, links=links)]
    alone.send(first)
    for one in chunks:
        assert alone.send(one).refusal is None
    for one in rest[:-1]:
        moved = {name: getattr(one, name) for name in one.__struct_fields__ if name != "envelope"}
        assert alone.send(type(one)(**{**moved, "chunk": one.chunk + 1})).refusal is None
    alone.send(rest[-1])
    alone.start()
    alone.go_on()
    return alone


BOTH = when("one", finished("a"), true=("c", "d"))


def test_a_work_that_a_condition_opens_gets_the_values_before_its_input_is_released() -> None:
    alone = a_flow(a_link(A, C, taskPriority=700), conditions=(BOTH,))
    before = told(alone, C, ReloadTask)

    end_of(alone, 0, A)

    of_c = [one for task, one in alone.told if task == str(task_of(C))]
    assert before == []
    assert [type(one) for one in of_c] == [ReloadTask, ReleaseInput]
    assert (of_c[0].parameters_json, of_c[0].only_held) == ('{"taskPriority":700}', True)
    assert told(alone, D, ReloadTask) == []


def test_values_are_there_before_the_condition_is_taken_that_the_same_end_decides() -> None:
    alone = a_flow(a_link(A, C, taskPriority=700), conditions=(BOTH,))

    end_of(alone, 0, A)

    kinds = [type(one) for one in alone.events if isinstance(one, LinkApplied | ConditionEvaluated)]
    assert kinds == [LinkApplied, ConditionEvaluated]


def test_values_of_several_works_come_together_and_what_ends_later_gives_nothing() -> None:
    links = (a_link(A, C, taskPriority=700), a_link(B, C, maxWalltime=60), a_link(B, D, maxWalltime=60))
    conditions = (when("one", finished("a"), finished("b"), true=("c",)), when("two", finished("a"), true=("d",)))
    alone = a_flow(*links, conditions=conditions)

    end_of(alone, 0, A)
    end_of(alone, 1, B)

    assert [one.parameters_json for one in told(alone, C, ReloadTask)] == ['{"maxWalltime":60,"taskPriority":700}']
    assert told(alone, D, ReloadTask) == []


def test_a_source_that_failed_gives_its_values_too() -> None:
    alone = a_flow(a_link(A, D, taskPriority=1), conditions=(when("one", WorkMethod("is_failed", "a"), true=("c", "d")),))

    end_of(alone, 0, A, well=False)

    assert len(told(alone, D, ReloadTask)) == 1


def test_a_link_has_its_values_once_and_a_retry_gives_them_again_to_what_it_opens() -> None:
    alone = a_flow(a_link(A, C, taskPriority=700), conditions=(BOTH,))
    end_of(alone, 0, A)
    end_of(alone, 1, B)
    alone.end(2, well=False)
    alone.go_on()
    alone.send(RecordWorkEnd(task_id=task_of(C), end=WorkEnd.FAILED))
    alone.send(RecordWorkEnd(task_id=task_of(D), end=WorkEnd.FINISHED))

    alone.send(RetryWorkflow())
    alone.go_on()

    assert len([one for one in alone.events if isinstance(one, LinkApplied)]) == 1
    given = [one.parameters_json for one in told(alone, C, ReloadTask) if one.only_held]
    assert given == ['{"taskPriority":700}'] * 2


def test_links_are_in_the_rows() -> None:
    alone = a_flow(a_link(A, C, taskPriority=700), a_link(B, C, maxWalltime=60), conditions=(BOTH,))
    end_of(alone, 0, A)

    restored = alone.restored()

    assert [restored.links[number].applied for number in (0, 1)] == [True, False]
    assert (dict(restored.links), dict(restored.due_links)) == (dict(alone.workflow.links), {})


@pytest.mark.parametrize(
    ("link", "found"),
    [
        (a_link(A, B, x=1), "links: link 0 leads to work 1, which waits for no condition"),
        (a_link(A, 9, x=1), "links: link 0 leads from work 0 to 9, there are 4"),
        (LinkDefinition(link_id="l", source=A, target=C, parameters_json="[]"), "parameters_json is no JSON object"),
    ],
)
def test_a_link_that_leads_nowhere_is_refused(link: LinkDefinition, found: str) -> None:
    alone = Alone()
    first, works, *_ = submission(compiled(JOBS), conditions=conditions_of(JOBS, (BOTH,), ("a", "b")))
    alone.send(first)
    alone.send(works)

    refused = alone.send(AddWorks(chunk=1, links=(link,))).refusal

    assert refused is not None
    assert refused.reason == "BAD_GRAPH"
    assert found in refused.message


def test_more_links_than_a_request_may_have_are_refused() -> None:
    alone = Alone()
    first, works, *_ = submission(compiled(JOBS), conditions=conditions_of(JOBS, (BOTH,), ("a", "b")))
    alone.send(first)
    alone.send(works)
    alone.send(AddWorks(chunk=1, links=(a_link(A, C, x=1),) * 100))

    refused = alone.send(AddWorks(chunk=2, links=(a_link(A, C, x=1),))).refusal

    assert refused is not None
    assert refused.message == "links: expected at most 100"


NEW = ReloadTask(parameters_json='{"taskPriority":700}', only_held=True)


def test_the_task_of_a_work_takes_parameters_while_it_is_held_and_stays_in_its_attempt() -> None:
    culm = a_held_task()
    the_task(culm).request_id = int(REQUEST)
    attempt = the_task(culm).attempt

    taken = culm.send(NEW, str(TASK), role="system")
    refined = culm.send(RefineTask(definition=a_definition(), parameters_revision=1), str(TASK), role="system")
    run_all(culm)
    before_release = jobs(culm)
    culm.send(ReleaseInput(units=(ALL,)), str(TASK))
    run_all(culm)

    assert (taken.accepted, refined.accepted, before_release) == (True, True, [])
    assert json.loads(culm.last(TaskReloaded).parameters_json)["taskPriority"] == 700
    assert culm.last(TaskReloaded).task_attempt == attempt
    assert jobs(culm) == [(1,), (2,), (3,)]
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_a_definition_of_the_parameters_before_comes_too_late() -> None:
    culm = a_held_task()
    the_task(culm).request_id = int(REQUEST)
    culm.send(NEW, str(TASK), role="system")

    late = culm.send(RefineTask(definition=a_definition(), parameters_revision=0), str(TASK), role="system")

    assert (late.accepted, late.reason) == (False, "STALE")


@pytest.mark.parametrize("of_work", [True, False])
def test_a_task_that_makes_jobs_and_one_that_is_no_work_refuse_parameters(*, of_work: bool) -> None:
    culm = a_held_task()
    the_task(culm).request_id = int(REQUEST) if of_work else None
    if of_work:
        culm.send(ReleaseInput(units=(ALL,)), str(TASK))

    refused = culm.send(NEW, str(TASK), role="system")

    assert (refused.accepted, refused.reason) == (False, "WRONG_STATUS")
    assert the_task(culm).parameters_revision == 0
