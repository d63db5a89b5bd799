"""Rows of workflows as clients of iDDS read them, folded from what deciders decided; what bps counts; whose they are."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.queries.workflows import REQUESTS_MAX
from schemas.types import WorkEnd
from schemas.workflow import AbortWorkflow, RecordWorkEnd, RetryWorkflow, SuspendWorkflow
from tests.api.builders import ReadModelsStandIn
from tests.api.idds.builders import IddsFront, QuietGateway, error_of
from tests.api.idds.test_relay import as_form, relayed
from tests.api.idds.test_workflow_commands import DONE
from tests.commands.test_workflow_conditions import a_flow, end_of, finished, when
from tests.commands.workflow_scenes import Alone, Jobs, a_workflow, task_of
from tests.projections.test_workflows import rows_of

NAME = "u_jdoe_night1"
#: Works as bps names them.
GRAPH: Jobs = {
    f"{NAME}_00_isr_00": {"i0": [], "i1": [], "i2": []},
    f"{NAME}_01_coadd_00": {
        "c0": [(f"{NAME}_00_isr_00", "i0")], "c1": [(f"{NAME}_00_isr_00", "i1")], "c2": [(f"{NAME}_00_isr_00", "i2")],
    },
}  # fmt: skip
EACH = (
    "/request/10000001/null/True/False/False/False", "/request/null/20000000", f"/request/name/{NAME}", "/transform/10000001",
    "/catalog/collections/10000001/null/null/null/null/null",
)  # fmt: skip


class RowsOfTenants(ReadModelsStandIn):
    """Rows of the organisation that is asked for, and of the works and tasks of the requests that are. asked: parameters."""

    asked: list[dict[str, Any]]

    def rows_now(self, sql: str, parameters: Any = ()) -> list[dict[str, Any]]:
        """As Postgres finds them."""
        self.asked.append(parameters)
        rows = super().rows_now(sql, parameters)
        if "vo" in parameters:
            rows = [row for row in rows if row["vo"] == parameters["vo"]]
        if "where vo = %(vo)s and task_id = any" not in sql and "ids" in parameters:
            rows = [row for row in rows if row["request_id"] in parameters["ids"]]
        return rows


def a_front(home: Path, alone: Alone, *tasks: dict[str, Any]) -> IddsFront:
    """The front over the rows of a workflow."""
    tables = rows_of(alone)
    found = RowsOfTenants.__new__(RowsOfTenants)
    found.tables = {
        "from workflow where": tables.all("workflow"), "from workflow_work": tables.all("workflow_work"), "from task": tasks,
    }  # fmt: skip
    found.asked = []
    return IddsFront(home, gateway=QuietGateway(), read_models=found)


def a_task(work: int, status: str) -> dict[str, Any]:
    """The row of a work's task."""
    counts = {"files_total": 3, "files_finished": 1, "files_failed": 1}
    times = {"created_at": 0, "modified_at": 0, "ended_at": None}
    return {"task_id": task_of(work), "vo": "wlcg", "status": status, **times, **counts}


@pytest.fixture(scope="module")
def home(api_home: Path) -> Path:
    return api_home


def at_work() -> Alone:
    """Of three jobs one ended well, one failed; their children are released and pruned."""
    alone = a_workflow(GRAPH, name=NAME, scope="workflow", requester="panda", user_name="Jane Doe")
    alone.end(0)
    alone.end(1, well=False)
    return alone


def ended() -> Alone:
    """Everything ended, some of it badly."""
    alone = at_work()
    alone.end(2)
    alone.end(3, 5)
    for work in (0, 1):
        alone.send(RecordWorkEnd(task_id=task_of(work), end=WorkEnd.SUBFINISHED))
    alone.go_on()
    return alone


def detailed(front: IddsFront) -> list[dict[str, Any]]:
    """What `bps report` asks for."""
    given = {"command_name": "get_requests", "kwargs": '{"with_detail": true, "request_id": "10000001"}', "manager": True}
    ok, rows = relayed(front, given).json()
    assert ok is True
    return list(rows)


def word(value: Any) -> Any:
    """The name in an enumeration."""
    return value["attributes"]["_name_"]


def test_a_request_is_a_row_with_enumerations_as_objects_and_times_as_text(home: Path) -> None:
    (row,) = a_front(home, at_work()).ask("GET", "/request/10000001/null/False/False/False/False").json()

    assert row["status"] == {
        "class": "RequestStatus", "module": "idds.common.constants",
        "attributes": {"_value_": 2, "_name_": "Transforming", "_sort_order_": 0},
    }  # fmt: skip
    assert (row["request_id"], row["name"], row["scope"], row["username"]) == (10_000_001, NAME, "workflow", "Jane Doe")
    assert row["created_at"] == "Fri, 15 Jan 2027 08:00:01 UTC"
    assert "transform_id" not in row


def test_a_detailed_row_names_the_work_its_task_and_counts_what_bps_adds(home: Path) -> None:
    isr, coadd = detailed(a_front(home, at_work(), a_task(0, "running")))

    assert (isr["transform_id"], isr["transform_name"], isr["transform_workload_id"]) == (1, f"{NAME}_00_isr_00", 20_000_000)
    assert (word(isr["transform_status"]), word(isr["processing_status"])) == ("Transforming", "Running")
    assert word(coadd["processing_status"]) == "Submitting"
    counts = ("total", "processed", "new", "processing", "failed", "missing", "activated", "preprocessing")
    shown = [[row[f"{side}_{name}_files"] for name in counts] for row in (isr, coadd) for side in ("input", "output")]
    assert shown == [
        [3, 3, 0, 0, 0, 0, 0, 0],
        [3, 1, 0, 1, 1, 0, 0, 0],
        [3, 1, 1, 0, 0, 1, 0, 0],
        [3, 0, 1, 1, 0, 1, 0, 0],
    ]


def test_what_bps_reports_of_each_state_adds_up_to_what_is_expected(home: Path) -> None:
    for alone in (at_work(), ended()):
        for row in detailed(a_front(home, alone)):
            counted = {
                "SUCCEEDED": row["output_processed_files"], "FAILED": row["output_failed_files"],
                "PRUNED": row["output_missing_files"],
                "RUNNING": row["output_processing_files"] + row["output_new_files"] - row["input_new_files"],
            }  # fmt: skip
            unready = row["output_total_files"] - sum(counted.values())
            assert unready == row["input_new_files"] >= 0
            assert all(count >= 0 for count in counted.values())


def test_a_work_that_ended_has_its_end_and_a_retry_opens_it_again(home: Path) -> None:
    alone = ended()
    assert [word(row["transform_status"]) for row in detailed(a_front(home, alone))] == ["SubFinished", "SubFinished"]
    assert [word(row["status"]) for row in detailed(a_front(home, alone))] == ["SubFinished", "SubFinished"]

    alone.send(RetryWorkflow())
    alone.go_on()

    assert [word(row["transform_status"]) for row in detailed(a_front(home, alone))] == ["Transforming", "Transforming"]
    assert detailed(a_front(home, alone))[0]["transform_finished_at"] is None


@pytest.mark.parametrize(
    ("command", "request_status", "transform_status"),
    [(SuspendWorkflow(), "Suspended", "Suspended"), (AbortWorkflow(), "Cancelling", "Cancelling")],
)
def test_orders_show_in_both_statuses(home: Path, command: Any, request_status: str, transform_status: str) -> None:
    alone = at_work()
    alone.send(command)

    row = detailed(a_front(home, alone))[0]

    assert (word(row["status"]), word(row["transform_status"])) == (request_status, transform_status)


def test_a_request_without_works_is_one_row_with_its_number_and_nulls(home: Path) -> None:
    front = a_front(home, at_work())
    front._services.read_models.tables["from workflow_work"] = []  # type: ignore[attr-defined]  # a stand-in

    (row,) = detailed(front)

    assert (row["request_id"], row["transform_id"], row["output_total_files"]) == (10_000_001, None, None)


def test_a_name_is_found_with_and_without_a_star_and_its_signs_of_sql_are_plain_text(home: Path) -> None:
    front = a_front(home, at_work())

    assert front.ask("GET", f"/request/name/{NAME}").json() == {NAME: 10_000_001}
    front.ask("GET", "/request/name/u_*%25")

    assert front._services.read_models.asked[-1]["pattern"] == r"u\_%\%"  # type: ignore[attr-defined]  # a stand-in
    assert front._services.read_models.asked[-1]["limit"] == REQUESTS_MAX  # type: ignore[attr-defined]


def test_the_status_is_a_table_of_text_that_pbook_prints_and_an_unknown_number_has_its_columns_alone(home: Path) -> None:
    front = a_front(home, at_work())
    given = {"command_name": "get_status", "kwargs": '{"request_id": 10000001, "with_detail": true}', "manager": True}

    _, text = relayed(front, given).json()
    known = as_form(front, "/server/panda/execute_idds_workflow_command", command_name="get_status",
                    kwargs='{"request_id": 10000001}').json()  # fmt: skip
    front._services.read_models.tables.clear()  # type: ignore[attr-defined]  # a stand-in
    _, empty = relayed(front, {**given, "kwargs": '{"request_id": 0, "with_detail": false}'}).json()

    assert [line.split()[:5] for line in text.splitlines()[1:]] == [
        ["10000001", NAME, "transforming", "Fri,", "15"],
        ["10000001", "1", "20000000", f"{NAME}_00_isr_00", "Transforming"],
        ["10000001", "2", "20000001", f"{NAME}_01_coadd_00", "Transforming"],
    ]
    assert known[0] is True
    assert len(known[1].splitlines()) == 2
    assert empty.split()[:5] == ["request_id", "transform_id", "workload_id", "name", "status"]
    assert "\n" not in empty


def test_transforms_and_collections_are_those_that_are_asked_for(home: Path) -> None:
    front = a_front(home, at_work())

    assert [row["transform_id"] for row in front.ask("GET", "/transform/10000001").json()] == [1, 2]
    assert front.ask("GET", "/transform/10000001/2").json()["name"] == f"{NAME}_01_coadd_00"
    assert error_of(front.ask("GET", "/transform/10000001/3"))[:2] == (404, "NoObject")
    found = front.ask("GET", "/catalog/collections/null/null/20000001/pseudo_dataset/null/1").json()
    assert [(row["coll_id"], row["transform_id"], row["missing_files"], row["new_files"]) for row in found] == [(4, 2, 1, 1)]
    assert front.ask("GET", "/catalog/collections/10000001/null/null/other/null/null").json() == []


def test_an_order_by_the_number_of_a_task_goes_to_its_workflow(home: Path) -> None:
    front = a_front(home, at_work())

    assert front.ask("PUT", "/request/abort/null/20000001", b"null").json() == DONE
    assert front.gateway.sent == [(AbortWorkflow(), "10000001")]


@pytest.mark.parametrize("path", EACH)
def test_what_another_organisation_has_is_as_if_it_were_not_there(home: Path, path: str) -> None:
    front = a_front(home, at_work())

    assert front.ask("GET", path).json() not in ([], {})
    assert front.ask("GET", path, headers=front.headers(vo="juno")).json() in ([], {})
    assert "vo" in front._services.read_models.asked[0]  # type: ignore[attr-defined]  # a stand-in


def test_a_task_of_another_organisation_leads_to_no_order(home: Path) -> None:
    front = a_front(home, at_work())

    answer = front.ask("PUT", "/request/abort/null/20000001", b"null", front.headers(vo="juno"))

    assert answer.json() == [[-1, {"status": -1, "message": "No match requests"}]]
    assert front.gateway.sent == []


@pytest.mark.parametrize("path", ["/request/9999999999999999999999/null", "/transform/9223372036854775808"])
def test_a_number_that_no_column_holds_asks_nothing(home: Path, path: str) -> None:
    front = a_front(home, at_work())

    answer = front.ask("GET", path)

    assert answer.status_code in (200, 400)
    assert front._services.read_models.asked == []  # type: ignore[attr-defined]  # a stand-in
    assert json.loads(answer.content or b"[]") == []


def test_a_work_that_no_condition_has_started_waits_for_its_trigger(api_home: Path) -> None:
    alone = a_flow(when("one", finished("a"), true=("c",), false=("d",)))
    end_of(alone, 0, 0)

    rows = a_front(api_home, alone).ask("GET", "/request/10000001/null/True/False/False/False").json()

    found = {row["transform_name"]: row["transform_status"]["attributes"]["_name_"] for row in rows}
    assert found == {"a": "Finished", "b": "Transforming", "c": "Transforming", "d": "WaitForTrigger"}
    (waiting,) = [row for row in rows if row["transform_name"] == "d"]
    assert waiting["processing_status"]["attributes"]["_name_"] == "New"
    assert (waiting["output_total_files"], waiting["output_processing_files"]) == (0, 0)
