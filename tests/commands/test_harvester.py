"""A Harvester of PanDA's: what is ordered of it, once; who speaks for it; what it says."""

from typing import Any

import pytest

from commands.harvester.acquire import NUMBER_MAX, next_number
from commands.harvester.decide import QUEUES_MAX, WAITING_MAX
from commands.harvester.snapshot import SNAPSHOT
from commands.snapshot import MAIN
from schemas.bounds import problems_of
from schemas.harvester import (
    AcknowledgeHarvesterCommands,
    AcquireHarvesterCommands,
    AddHarvesterDialogs,
    HarvesterCommandsHandedOut,
    HarvesterDialogsAdded,
    OrderHarvester,
    ReleaseHarvester,
    ReportHarvester,
    ReportWorkerCounts,
    SetTargetSlots,
    WorkerCountsReported,
)
from schemas.ids import harvester_key
from schemas.instants import HOUR, MINUTE
from schemas.records import replace
from schemas.types import HarvesterDemand, HarvesterDialog, WantedOfClass, WorkerCounts
from tests.commands.in_memory import START, a_culm

KEY = harvester_key("wlcg", "one")


def says(culm: Any, command: Any, **changes: Any) -> Any:
    return culm.send(command, KEY, **({"actor": "harvester", "role": "pilot"} | changes))


def orders(culm: Any, command: str = "KILL_WORKERS", **changes: Any) -> Any:
    return culm.send(OrderHarvester(command=command, **changes), KEY, actor="op", role="operator")


def asks(culm: Any, *demands: HarvesterDemand, count: int = 20) -> list[tuple[str, str]]:
    answer = says(culm, AcquireHarvesterCommands(count=count, demands=demands))
    assert answer.accepted, answer
    return [(order.command, order.parameters_json) for order in answer.harvester_orders]


def a_demand(wanted: int, live: int, queue: str = "Q") -> HarvesterDemand:
    return HarvesterDemand(queue=queue, wanted=wanted, live=live, resource_type="SCORE")


def counts(running: int = 1) -> tuple[WorkerCounts, ...]:
    one = WorkerCounts(job_type="managed", resource_type="SCORE", running=running, submitted=0, finished=0, to_submit=0)
    return (one,)


def test_workers_are_ordered_once_for_what_is_wanted_and_not_alive() -> None:
    culm = a_culm()

    first, again = asks(culm, a_demand(5, 2)), asks(culm, a_demand(5, 2))

    assert first == [("SET_N_WORKERS_JOBTYPE:Q", '{"managed": {"SCORE": 3}}')]
    assert again == []
    order = culm.last(HarvesterCommandsHandedOut).orders[0]
    assert (order.wanted, order.live, order.expected, order.ordered) == (5, 2, 5, 3)


def test_an_order_is_not_changed_while_its_workers_are_on_their_way() -> None:
    culm = a_culm()
    asks(culm, a_demand(3, 0))

    # A Harvester replaces what it has not submitted: of another order it is not known how much it would add.
    assert asks(culm, a_demand(8, 1)) == []
    assert asks(culm, a_demand(8, 3)) == [("SET_N_WORKERS_JOBTYPE:Q", '{"managed": {"SCORE": 5}}')]


def test_a_worker_that_ended_after_the_order_was_served_is_replaced_at_once() -> None:
    culm = a_culm()
    asks(culm, a_demand(3, 0))
    assert asks(culm, a_demand(3, 3)) == []

    assert asks(culm, a_demand(3, 2)) == [("SET_N_WORKERS_JOBTYPE:Q", '{"managed": {"SCORE": 1}}')]


def test_workers_that_never_came_are_ordered_again_after_three_minutes() -> None:
    culm = a_culm()
    asks(culm, a_demand(2, 0))

    culm.now += 3 * MINUTE - 1
    assert asks(culm, a_demand(2, 0)) == []
    culm.now += 1

    assert asks(culm, a_demand(2, 0)) == [("SET_N_WORKERS_JOBTYPE:Q", '{"managed": {"SCORE": 2}}')]


def test_workers_are_ordered_by_class_as_the_classes_are_wanted() -> None:
    culm = a_culm()
    classes = (("SCORE", 4), ("SCORE_HIMEM", 1), ("SCORE_HIMEM", 2), ("MCORE", 0))
    demand = replace(
        a_demand(7, 2), classes=tuple(WantedOfClass(resource_type=name, wanted=wanted) for name, wanted in classes)
    )

    assert asks(culm, demand) == [("SET_N_WORKERS_JOBTYPE:Q", '{"managed": {"SCORE": 3, "SCORE_HIMEM": 2}}')]


def test_each_queue_has_an_order_of_its_own() -> None:
    culm = a_culm()

    assert len(asks(culm, a_demand(2, 0), a_demand(2, 0), a_demand(1, 0, "R"), a_demand(1, 1, "S"))) == 2


def test_target_slots_cut_the_order_until_they_expire() -> None:
    culm = a_culm()
    slots = SetTargetSlots(queue="Q", slots=2, until=START + HOUR)
    culm.send(slots, KEY, actor="op", role="operator")

    assert asks(culm, a_demand(5, 1)) == [("SET_N_WORKERS_JOBTYPE:Q", '{"managed": {"SCORE": 1}}')]
    culm.now += HOUR
    assert asks(culm, a_demand(5, 2)) == [("SET_N_WORKERS_JOBTYPE:Q", '{"managed": {"SCORE": 3}}')]


def test_orders_are_handed_out_once_oldest_first_and_as_many_as_are_asked_for() -> None:
    culm = a_culm()
    for number in range(3):
        assert orders(culm, parameters_json=f'["{number}"]').accepted

    assert asks(culm, count=2) == [("KILL_WORKERS", '["0"]'), ("KILL_WORKERS", '["1"]')]
    assert asks(culm, a_demand(1, 0), count=1) == [("KILL_WORKERS", '["2"]')]
    assert asks(culm, a_demand(1, 0), count=1) == [("SET_N_WORKERS_JOBTYPE:Q", '{"managed": {"SCORE": 1}}')]


def test_a_newer_order_for_a_queue_takes_the_place_of_the_older_one() -> None:
    culm = a_culm()
    orders(culm, "REPORT_WORKER_STATS:Q", parameters_json="{}")
    orders(culm, "REPORT_WORKER_STATS:Q", parameters_json="[1]")

    assert asks(culm) == [("REPORT_WORKER_STATS:Q", "[1]")]


def test_only_so_many_orders_wait_and_parameters_are_json() -> None:
    culm = a_culm()
    for _ in range(WAITING_MAX):
        assert orders(culm).accepted

    assert orders(culm).message == "50 orders wait for the Harvester, expected fewer than 50"
    assert orders(culm, parameters_json="33").reason == "BAD_PARAMETERS"
    assert orders(culm, parameters_json="[NaN]").reason == "BAD_PARAMETERS"
    assert orders(culm, parameters_json="[" * 4_000 + "]" * 4_000).reason == "BAD_PARAMETERS"


def test_an_acknowledgement_counts_once_and_only_for_what_was_handed_out() -> None:
    culm = a_culm()
    orders(culm, ack_requested=True)
    assert says(culm, AcknowledgeHarvesterCommands(numbers=(1,))).event_types == ()
    asks(culm)

    assert says(culm, AcknowledgeHarvesterCommands(numbers=(1, 1, 7))).event_types == ("HarvesterCommandsAcknowledged",)
    assert says(culm, AcknowledgeHarvesterCommands(numbers=(1,))).event_types == ()


def test_a_start_is_recorded_once_and_a_sign_of_life_in_five_minutes() -> None:
    culm = a_culm()
    start = ReportHarvester(started_at=START, version="0.7.5")

    kinds = [says(culm, command).event_types for command in (start, start, ReportHarvester())]
    culm.now += 5 * MINUTE

    assert kinds == [("HarvesterStarted",), (), ()]
    assert says(culm, ReportHarvester()).event_types == ("HarvesterSeen",)


def test_a_harvester_is_of_the_subject_that_reported_first_until_an_operator_releases_it() -> None:
    culm = a_culm()
    says(culm, ReportHarvester())

    answer = says(culm, AcquireHarvesterCommands(count=1), actor="stranger")
    other = says(culm, ReportHarvester(), vo="juno")
    culm.send(ReleaseHarvester(), KEY, actor="op", role="operator")

    assert (answer.reason, other.reason) == ("NOT_PERMITTED", "NOT_PERMITTED")
    assert says(culm, AcquireHarvesterCommands(count=1), actor="stranger").accepted
    culm.now += 5 * MINUTE
    assert says(culm, ReportHarvester(), actor="stranger").accepted
    assert says(culm, ReportHarvester()).reason == "NOT_PERMITTED"


def test_an_operator_who_orders_before_the_first_report_does_not_become_its_owner() -> None:
    culm = a_culm()
    orders(culm)

    assert says(culm, ReportHarvester()).accepted


def test_counts_that_did_not_change_are_recorded_again_after_an_hour() -> None:
    culm = a_culm()
    report = ReportWorkerCounts(queue="Q", counts=counts())

    kinds = [says(culm, report).event_types, says(culm, report).event_types]
    culm.now += HOUR
    kinds.append(says(culm, report).event_types)
    kinds.append(says(culm, ReportWorkerCounts(queue="Q", counts=counts(2))).event_types)

    reported = ("WorkerCountsReported",)
    assert kinds == [reported, (), reported, reported]
    assert culm.last(WorkerCountsReported).counts[0].running == 2


def test_only_so_many_queues_are_counted() -> None:
    culm = a_culm()
    for number in range(QUEUES_MAX):
        says(culm, ReportWorkerCounts(queue=f"Q{number}", counts=counts()))

    assert says(culm, ReportWorkerCounts(queue="Q", counts=counts())).reason == "TOO_MANY"
    assert says(culm, ReportWorkerCounts(queue="Q1", counts=counts(2))).accepted


def test_messages_that_come_again_are_taken_once() -> None:
    culm = a_culm()
    one, two = (HarvesterDialog(number=number, message="m") for number in (1, 2))
    says(culm, AddHarvesterDialogs(dialogs=(one,)))

    says(culm, AddHarvesterDialogs(dialogs=(one, two, two)))

    assert culm.last(HarvesterDialogsAdded).dialogs == (two,)


@pytest.mark.parametrize(("last", "after"), [(0, 1), (5, 6), (NUMBER_MAX, 1)])
def test_numbers_of_commands_begin_again_where_a_client_could_not_keep_them(last: int, after: int) -> None:
    assert next_number(last) == after


def test_the_row_of_a_harvester_makes_the_same_state_again() -> None:
    culm = a_culm()
    says(culm, ReportHarvester(started_at=START, version="0.7.5"))
    for number in range(3):
        orders(culm, ack_requested=True, parameters_json=f"[{number}]")
    asks(culm, a_demand(2, 0), count=2)
    asks(culm, a_demand(2, 0), count=2)
    says(culm, ReportWorkerCounts(queue="Q", counts=counts()))
    says(culm, AddHarvesterDialogs(dialogs=(HarvesterDialog(number=1, message="m"),)))
    culm.send(SetTargetSlots(queue="Q", slots=2), KEY, actor="op", role="operator")
    state = culm.state("harvester", KEY)

    rows = dict(SNAPSHOT.rows(state, {MAIN}))

    assert problems_of(rows[MAIN]) == ()
    assert SNAPSHOT.restored(rows) == state
    assert (len(state.unacknowledged), len(state.expected), len(state.counted), len(state.slots)) == (3, 1, 1, 1)


def test_what_is_due_in_a_queue_is_dropped_from_the_state_with_the_next_order() -> None:
    culm = a_culm()
    asks(culm, a_demand(1, 0, "A"))
    culm.now += 3 * MINUTE

    asks(culm, a_demand(1, 0, "B"))

    assert set(culm.state("harvester", KEY).expected) == {"B"}
