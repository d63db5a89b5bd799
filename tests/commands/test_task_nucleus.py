"""A task that is given a nucleus: before its first jobs, by a person, and after a reload."""

import pytest

from commands.task.for_orders import for_orders
from commands.task.snapshot import SNAPSHOT
from commands.task.transitions import TaskStatus
from schemas.records import replace
from schemas.task import AssignNucleus, JobsGenerated, KillTask, NucleusAssigned, ParkTask, ReassignTask, RefineTask, ReloadTask
from schemas.types import BrokerageEvidence, NucleusVerdict, Requirements
from tests.commands.builders import TASK, a_definition, a_queue, a_running_task, a_submission, generate_all, the_order, the_task
from tests.commands.in_memory import Culm, a_culm

VERDICTS = (NucleusVerdict(nucleus="A", code="set", weight=2.0), NucleusVerdict(nucleus="B", code="space", message="too full"))
WANTED = a_definition(nucleus_wanted=True, requirements=Requirements(walltime_seconds=3600, core_count=8))


def an_ordered_task() -> Culm:
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(), str(TASK))
    culm.send(RefineTask(definition=WANTED, parameters_revision=0), str(TASK), role="system")
    return culm


def assign(culm: Culm, order: int = 1, nucleus: str = "A") -> str | None:
    command = AssignNucleus(order=order, nucleus=nucleus, verdicts=VERDICTS, seed="seed", facts_position="")
    reason: str | None = culm.send(command, str(TASK), role="system").reason
    return reason


def nucleus_of(culm: Culm) -> str | None:
    definition = the_task(culm).definition
    return definition.requirements.nucleus if definition else None


def test_the_order_that_waited_is_made_again_with_the_nucleus_before_any_job() -> None:
    culm = an_ordered_task()

    assert assign(culm) is None

    order = the_order(culm)
    assert (order.order, order.definition.requirements.nucleus, len(order.units)) == (2, "A", 3)
    assert (the_task(culm).status, list(the_task(culm).orders)) == (TaskStatus.READY, [2])
    assert not [event for event, _ in culm.events if isinstance(event, JobsGenerated)]
    generate_all(culm)
    assert the_task(culm).status is TaskStatus.RUNNING


def test_the_event_keeps_what_was_said_of_each_and_the_work_in_days_of_a_core() -> None:
    culm = an_ordered_task()

    assign(culm)

    assigned = culm.last(NucleusAssigned)
    assert isinstance(assigned, NucleusAssigned)
    assert (assigned.verdicts, assigned.order, assigned.work) == (VERDICTS, 1, 1.0)


def test_an_order_that_is_answered_and_a_task_that_has_a_nucleus_refuse_another() -> None:
    culm = an_ordered_task()
    assign(culm)

    assert [assign(culm), assign(culm, order=2, nucleus="B")] == ["UNKNOWN_ORDER", "HAS_NUCLEUS"]
    assert nucleus_of(culm) == "A"


def test_a_task_that_no_nucleus_takes_waits_and_orders_again_when_it_is_woken() -> None:
    culm = an_ordered_task()
    evidence = BrokerageEvidence(seed="seed")

    culm.send(ParkTask(order=1, brokerage=evidence, message="none", nuclei=VERDICTS[1:]), str(TASK), role="system")

    assert the_task(culm).status is TaskStatus.PENDING
    assert assign(culm) == "UNKNOWN_ORDER"


def test_only_orders_before_the_choice_name_all_input_datasets() -> None:
    datasets = tuple(f"user.jdoe:{'x' * 70}.{number:03d}" for number in range(200))
    chosen = replace(WANTED, input_datasets=datasets, requirements=Requirements(nucleus="A"))
    definitions = (replace(WANTED, input_datasets=datasets), a_definition(input_datasets=datasets), chosen)

    found = [for_orders(definition).input_datasets for definition in definitions]

    assert found == [datasets[:95], datasets[:1], datasets[:1]]


def test_a_person_gives_a_task_another_nucleus_and_its_waiting_input_is_ordered_with_it() -> None:
    culm = a_running_task()

    answer = culm.send(ReassignTask(nucleus="B", mode="nokill", reason="A is full"), str(TASK))

    assert (answer.accepted, nucleus_of(culm), the_task(culm).status) == (True, "B", TaskStatus.RUNNING)
    assigned = culm.last(NucleusAssigned)
    assert isinstance(assigned, NucleusAssigned)
    assert (assigned.nucleus, assigned.order, assigned.reason) == ("B", 0, "A is full")


@pytest.mark.parametrize(("back", "found"), [(True, TaskStatus.RUNNING), (False, TaskStatus.READY)])
def test_a_reassigned_task_goes_back_to_its_status_or_is_ready_again(back: bool, found: TaskStatus) -> None:
    culm = a_running_task()

    culm.send(ReassignTask(nucleus="B", mode="nokill", back_to_old_status=back), str(TASK))

    assert the_task(culm).status is found


def test_a_site_is_reassigned_without_another_nucleus_or_status() -> None:
    culm = a_running_task()

    culm.send(ReassignTask(site="S", mode="nokill", back_to_old_status=False), str(TASK))

    assert not [event for event, _ in culm.events if isinstance(event, NucleusAssigned)]
    assert the_task(culm).status is TaskStatus.RUNNING


def test_a_task_without_a_definition_takes_no_nucleus() -> None:
    culm = a_culm()
    culm.send(a_submission(), str(TASK))

    assert culm.send(ReassignTask(nucleus="B"), str(TASK)).reason == "WRONG_STATUS"


def test_a_reload_keeps_the_nucleus_unless_the_parameters_name_one() -> None:
    found = []
    for named in (None, "C"):
        culm = an_ordered_task()
        assign(culm)
        culm.send(ReassignTask(mode="nokill"), str(TASK))
        culm.send(KillTask(), str(TASK))
        culm.send(ReloadTask(), str(TASK))
        again = replace(WANTED, requirements=replace(WANTED.requirements, nucleus=named))
        culm.send(RefineTask(definition=again, parameters_revision=1), str(TASK), role="system")
        found.append(nucleus_of(culm))

    assert found == ["A", "C"]


def test_the_row_of_the_definition_is_written_again() -> None:
    culm = a_running_task(a_definition(events_total=1))

    assert set(SNAPSHOT.changed(the_task(culm), NucleusAssigned(nucleus="A"))) == {"definition"}
