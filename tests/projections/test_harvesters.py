"""Rows of Harvesters of PanDA's."""

from schemas.harvester import (
    HarvesterCommandOrdered,
    HarvesterCommandsAcknowledged,
    HarvesterCommandsHandedOut,
    HarvesterDialogsAdded,
    HarvesterStarted,
    WorkerCountsReported,
)
from schemas.types import HarvesterDialog, HarvesterOrder, WorkerCounts
from tests.projections.event_writer import START
from tests.projections.tables_in_memory import after, the

KEY = "wlcg/one"


def an_order(number: int) -> HarvesterOrder:
    return HarvesterOrder(number=number, command="REPORT_WORKER_STATS:Q", parameters_json="{}", ordered_at=START)


def test_a_harvester_has_its_release_and_its_last_sign_of_life() -> None:
    tables = after([(HarvesterStarted(started_at=START, version="0.7.5"), KEY)])

    row = the(tables.one("harvester"), "name", "vo", "harvester_id", "version", "started_at")
    assert row == (KEY, "wlcg", "one", "0.7.5", START)


def test_an_order_is_handed_out_and_acknowledged_and_one_that_was_replaced_is_gone() -> None:
    tables = after(
        [
            (HarvesterCommandOrdered(command=an_order(1)), KEY),
            (HarvesterCommandOrdered(command=an_order(2), replaces=1), KEY),
            (HarvesterCommandsHandedOut(commands=(an_order(2),)), KEY),
            (HarvesterCommandsAcknowledged(numbers=(2,)), KEY),
        ]
    )

    row = tables.one("harvester_order")
    assert (row["number"], row["ordered_at"]) == (2, START)
    assert None not in (row["handed_out_at"], row["acknowledged_at"])


def test_the_last_counts_of_a_queue_hold_and_messages_stay() -> None:
    one = WorkerCounts(job_type="managed", resource_type="SCORE", running=3, submitted=0, finished=0, to_submit=0)
    tables = after(
        [
            (WorkerCountsReported(queue="Q", counts=(one,)), KEY),
            (WorkerCountsReported(queue="Q", counts=()), KEY),
            (HarvesterDialogsAdded(dialogs=(HarvesterDialog(number=4, message="m"),)), KEY),
        ]
    )

    assert tables.one("harvester_count")["counts"] == []
    assert the(tables.one("harvester_dialog"), "number", "message") == (4, "m")
