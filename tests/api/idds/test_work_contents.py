"""Contents of works and the ends of their jobs: states from nodes, names and jobs from the task's input; bounds; owners."""

from pathlib import Path
from typing import Any, cast

import pytest

from api.idds import work_contents
from tests.api.idds.builders import IddsFront, error_of
from tests.api.idds.test_relay import relayed
from tests.api.idds.test_workflow_queries import RowsOfTenants, a_front, at_work, word
from tests.commands.workflow_scenes import REQUEST, task_of
from tests.projections.test_workflows import rows_of

ALL = f"/catalog/contents/{REQUEST}/null/null/null/null"
ISR = "u_jdoe_night1_00_isr_00"


def a_unit(number: int, job_id: int | None) -> dict[str, Any]:
    """A unit of a task's input."""
    found = {"lfn": f"i{number - 1}+qgraphNodeId:{number}", "scope": "pseudo_dataset", "size_bytes": 0, "attempt": 1}
    return {"task_id": task_of(0), "unit_id": number, "job_id": job_id, **found}


def a_job(job_id: int, status: str, exit_code: int | None) -> dict[str, Any]:
    """The row of a job, without what contents do not read."""
    names = (
        "attempt kind name sub_status priority user_name label processing_type share resource_type core_count ram_mb_min node"
        " pilot_id batch_id harvester_id order_kill usage started_at ended_at"
    )
    errors = [{"source": "exe", "code": 1305, "diagnostic": "killed"}] if exit_code else []
    known = {"job_id": job_id, "task_id": task_of(0), "queue": "SLAC", "status": status, "exit_code": exit_code, "vo": "wlcg"}
    return {**dict.fromkeys(names.split()), "created_at": 0, "modified_at": 0, "errors": errors, **known}


@pytest.fixture
def front(api_home: Path) -> IddsFront:
    """Of three jobs of isr one ended well, one failed, one runs; names of coadd's are not fed yet."""
    found = a_front(api_home, at_work())
    read_models = cast(Any, found)._services.read_models
    read_models.tables |= {
        "from workflow_nodes": rows_of(at_work()).all("workflow_nodes"),
        "from task_file": [a_unit(1, 11), a_unit(2, 12), a_unit(3, None)],
        "from job where": [a_job(11, "finished", 0), a_job(12, "failed", 3)],
    }

    class Rows(RowsOfTenants):
        """Units by their task."""

        def rows_now(self, sql: str, parameters: Any = ()) -> list[dict[str, Any]]:
            if "from task_file" in sql:
                self.asked.append(parameters)
                pairs = set(zip(parameters["task_ids"], parameters["unit_ids"], strict=True))
                return [row for row in self.tables["from task_file"] if (row["task_id"], row["unit_id"]) in pairs]
            if "from workflow_nodes" in sql:
                return list(self.tables["from workflow_nodes"])
            return super().rows_now(sql, parameters)

    read_models.__class__ = Rows
    return found


def shown(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["transform_id"], word(row["content_relation_type"]), row["map_id"], word(row["status"])) for row in rows]


def test_each_job_has_an_input_and_an_output_with_the_state_of_its_node(front: IddsFront) -> None:
    rows = front.ask("GET", ALL).json()

    assert shown(rows) == [
        (1, "Input", 1, "Available"), (1, "Input", 2, "Available"), (1, "Input", 3, "Available"),
        (1, "Output", 1, "Available"), (1, "Output", 2, "FinalFailed"), (1, "Output", 3, "Processing"),
        (2, "Input", 1, "Available"), (2, "Input", 2, "Missing"), (2, "Input", 3, "New"),
        (2, "Output", 1, "Processing"), (2, "Output", 2, "Missing"), (2, "Output", 3, "New"),
    ]  # fmt: skip
    assert len({row["content_id"] for row in rows}) == 12
    assert (rows[0]["name"], rows[0]["content_metadata"]) == ("i0+qgraphNodeId:1", {"panda_id": 11})
    assert rows[6]["name"] is None


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (f"{ALL}/1/2", [(1, "Output", 1, "Available")]),
        (f"{ALL}/1/4", [(1, "Output", 2, "FinalFailed")]),
        (f"{ALL}/0/9", [(2, "Input", 2, "Missing")]),
        (f"{ALL}/3/null", []),
        (f"/catalog/contents/null/null/{task_of(1)}/pseudo_dataset/null/0/0", [(2, "Input", 3, "New")]),
        (f"/catalog/contents/{REQUEST}/null/null/pseudo_dataset/{ISR}/1/1", [(1, "Output", 3, "Processing")]),
        (f"/catalog/contents/{REQUEST}/null/null/other/null", []),
    ],
)
def test_relation_status_task_and_collection_narrow_what_is_found(front: IddsFront, path: str, found: list[Any]) -> None:
    assert shown(front.ask("GET", path).json()) == found


def test_the_ends_of_jobs_are_those_that_bps_reads_by_the_number_of_the_task(front: IddsFront) -> None:
    kwargs = f'{{"request_id": "{REQUEST}", "workload_id": {task_of(0)}}}'
    given = {"command_name": "get_contents_output_ext", "kwargs": kwargs, "manager": True}

    ok, found = relayed(front, given).json()
    by_task = front.ask("GET", f"/catalog/contents_output_ext/{REQUEST}/{task_of(0)}/null/True").json()

    assert ok is True
    assert list(found) == ["1"]
    ends = [(row["panda_id"], row["status"], row["job_status"], row["trans_exit_code"]) for row in found["1"]]
    assert ends == [(11, "Available", "finished", "0"), (12, "FinalFailed", "failed", "3")]
    assert (found["1"][1]["exe_error_code"], found["1"][1]["exe_error_diag"]) == (1305, "killed")
    assert list(by_task) == [str(task_of(0))]


def test_more_than_one_answer_holds_is_refused_with_what_to_ask_for(front: IddsFront, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_contents, "CONTENTS_MAX", 6)

    assert error_of(front.ask("GET", ALL)) == (
        400, "BadRequest", "9 contents or more, at most 6 in one answer: ask for one transform, relation or status",
    )  # fmt: skip
    assert len(front.ask("GET", f"{ALL}/1/null").json()) == 6


def test_another_organisation_has_no_contents(front: IddsFront) -> None:
    others = front.headers(vo="juno")

    assert front.ask("GET", ALL, headers=others).json() == []
    assert front.ask("GET", f"/catalog/contents_output_ext/{REQUEST}", headers=others).json() == {}
