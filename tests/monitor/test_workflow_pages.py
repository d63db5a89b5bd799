"""Pages of workflows: works as a graph with counts, jobs by page as runs of equal states, nothing of another organisation."""

from typing import Any, cast

import pytest

from api.http.errors import BadRequest, NotFound
from api.log.audit_service import AuditService
from api.monitor.counting import Counts
from api.monitor.page import Data, MonitorPage, PageView
from api.monitor.pages import workflow, workflows
from api.monitor.pages.workflow_graph import WORKS_DRAWN_MAX, Run, drawn, edges_of_works, layers_of, runs_of
from api.monitor.rendering import Renderer
from api.monitor.showing import plain
from api.queries.read_models import ReadModels
from projections.workflows.tables import WORKFLOW, WORKFLOW_WORK
from schemas.reading import Place, Recorded
from schemas.workflow import EdgesAdded
from tests.api.builders import ReadModelsStandIn, an_identity, run
from tests.schemas.within_bounds import an_event_envelope

NOW = 1_800_000_000_000_000
HOSTILE = "<script>alert(1)</script>"
NOTHING = cast(Any, None)
ABOUT = {"identity": an_identity(), "position": 1, "is_past": False, "live": "/monitor/live", "may_operate": False}
REQUEST: dict[str, Any] = {
    **dict.fromkeys((column.name for column in WORKFLOW.columns), ""), "request_id": 7, "name": HOSTILE, "user_name": "Jane Doe",
    "status": "transforming", "attempt": 1, "works": 2, "nodes": 1_500, "edges": 3, "created_at": NOW, "modified_at": NOW,
    "ended_at": None, "finished": 1_000, "failed": None,
}  # fmt: skip
WORK: dict[str, Any] = {
    **dict.fromkeys(column.name for column in WORKFLOW_WORK.columns), "request_id": 7, "work": 0, "name": "isr", "first_node": 0,
    "nodes": 1_000, "released": 0, "finished": 1_000, "failed": 0, "pruned": 0, "task_id": 10_000_001, "ended": "finished",
}  # fmt: skip
WORKS = [WORK, {**WORK, "work": 1, "name": HOSTILE, "first_node": 1_000, "nodes": 500, "released": 3, "finished": 0,
                "task_id": None, "ended": None}]  # fmt: skip
TABLES: dict[str, Any] = {
    "from workflow_nodes": [{"page": 1, "states": "rrr" + "w" * 497}], "from timeline": [
        {"topic": "t", "partition": 0, "log_offset": 5}],
    "select count(*)": [{"count": 31}], "from workflow_work where": WORKS, "from workflow where": [REQUEST],
}  # fmt: skip


class Log:
    """An audit service whose log has one event with edges."""

    async def records_at(self, places: list[Any]) -> list[Recorded]:
        """Job 0 before 1000 and 1001, job 1 before 2 of its own work and 1001."""
        if not places:
            return []
        assert [place["log_offset"] for place in places] == [5]
        event = EdgesAdded(chunk=0, first_parent=0, counts=(2, 2), children=(1000, 1001, 2, 1001))
        return [Recorded(Place("t", 0, 5), event, an_event_envelope(1, "7"))]


def looked(shown: MonitorPage, path: str, tables: dict[str, Any], **parameters: str) -> tuple[Data, str]:
    names = shown.match(path)
    assert names is not None
    read_models, audit = cast(ReadModels, ReadModelsStandIn(tables)), cast(AuditService, Log())
    view = PageView(an_identity(), path, names, parameters, read_models, audit, NOTHING, Counts(), NOTHING, NOW)
    data = run(shown.load(view))
    html = Renderer().page(shown, view, data, ABOUT)
    assert [name for name, text in Renderer().regions(shown, view, data).items() if text.strip() not in html] == []
    assert HOSTILE not in html
    plain(shown.document(data))
    return data, html


def test_a_workflow_is_shown_as_a_graph_of_works_with_counts_and_a_page_of_its_jobs() -> None:
    data, html = looked(workflow.PAGE, "/workflow/7/", TABLES, page="2")

    assert [(one.before, one.after, one.jobs) for one in data["graph"]["arrows"]] == [(0, 1, 3)]
    assert [(box.work, box.x, box.y) for box in data["graph"]["boxes"]] == [(0, 0, 0), (1, 250, 0)]
    assert [(one["status"], one["count"]) for one in data["states"]] == [
        ("waiting", 497), ("released", 3), ("finished", 1_000), ("failed", 0), ("pruned", 0),
    ]  # fmt: skip
    assert data["runs"] == [Run(1_000, 1_002, 1, "released"), Run(1_003, 1_499, 1, "waiting")]
    assert "Page 2 of 2." in html
    assert 'href="/task/10000001/"' in html
    assert "1000 to 1002" in html
    assert 'isr <span class="quiet">(3)</span>' in html
    assert workflow.PAGE.document(data)["edges"] == [{"before": 0, "after": 1, "jobs": 3}]


def test_a_large_graph_is_a_table_without_arrows() -> None:
    dense, _ = looked(workflow.PAGE, "/workflow/7/", TABLES | {"from workflow where": [REQUEST | {"edges": 200_001}]}, page="2")
    many = [{**WORK, "work": number, "first_node": number * 10} for number in range(WORKS_DRAWN_MAX + 1)]
    wide, html = looked(workflow.PAGE, "/workflow/7/", TABLES | {"from workflow_work where": many}, page="2")

    assert (len(dense["graph"]["boxes"]), dense["graph"]["arrows"]) == (2, [])
    assert wide["graph"]["boxes"] == []
    assert "More than 120 works are not drawn" in html


def test_a_workflow_of_another_organisation_is_not_there() -> None:
    with pytest.raises(NotFound, match="no workflow 7 in wlcg"):
        looked(workflow.PAGE, "/workflow/7/", {})


@pytest.mark.parametrize("page", ["0", "3", "x", "-1", "9" * 30, "1\0"])
def test_a_page_that_a_workflow_does_not_have_is_refused(page: str) -> None:
    with pytest.raises(BadRequest, match=r"page: found .*, expected 1 to 2"):
        looked(workflow.PAGE, "/workflow/7/", TABLES, page=page)


def test_a_workflow_without_works_yet_is_shown() -> None:
    data, html = looked(workflow.PAGE, "/workflow/7/", {"from workflow where": [REQUEST | {"nodes": 0}]})

    assert data["runs"] == []
    assert "no work yet" in html


def test_workflows_are_listed_with_the_progress_of_their_graphs() -> None:
    _, html = looked(workflows.PAGE, "/workflows/", TABLES, status="transforming")

    assert 'href="/workflow/7/"' in html
    assert "<strong>31</strong> workflows with status transforming." in html
    assert "1,000 of 1,500" in html
    with pytest.raises(BadRequest, match="filter 'colour' is not known here"):
        looked(workflows.PAGE, "/workflows/", TABLES, colour="red")


def test_works_stand_in_layers_and_those_in_a_circle_share_the_last() -> None:
    assert layers_of([0, 1, 2, 3], {(0, 1): 1, (1, 2): 1, (0, 2): 1}) == {0: 0, 3: 0, 1: 1, 2: 2}
    assert layers_of([0, 1, 2], {(0, 1): 1, (1, 2): 1, (2, 1): 1}) == {0: 0, 1: 1, 2: 1}
    assert layers_of([], {}) == {}
    assert drawn([], {})["boxes"] == []


def test_edges_between_jobs_of_one_work_are_no_edges_of_works() -> None:
    assert edges_of_works([(0, (1, 1), (1, 10)), (2, (2,), (10, 20))], [0, 10, 20]) == {(0, 1): 2, (0, 2): 1}


def test_jobs_in_a_row_of_one_work_and_state_are_one_run() -> None:
    assert runs_of("fffxwp", 8, [0, 10]) == [
        Run(8, 9, 0, "finished"), Run(10, 10, 1, "finished"), Run(11, 11, 1, "failed"), Run(12, 12, 1, "waiting"),
        Run(13, 13, 1, "pruned"),
    ]  # fmt: skip
