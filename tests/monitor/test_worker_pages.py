"""Pages of workers and Harvesters as they are shown: from rows to HTML, with the words of hostile batch systems in them."""

from typing import Any, cast

import pytest

from api.http.errors import NotFound
from api.log.audit_service import AuditService
from api.monitor.aliases import canonical
from api.monitor.counting import Counts
from api.monitor.hub import LiveChange
from api.monitor.page import Data, MonitorPage, PageView, Touched
from api.monitor.pages import harvester, harvesters, queue, worker
from api.monitor.rendering import Renderer
from api.monitor.showing import page_at, plain
from api.queries.read_models import ReadModels
from tests.api.builders import ReadModelsStandIn, an_identity, run
from tests.monitor.test_odd_keys import Message

NOW, SECOND = 1_800_000_000_000_000, 1_000_000
HOSTILE = "<script>alert(1)</script>"
NOTHING = cast(Any, None)
WORKER = {
    "queue": "Q", "worker_id": "h:7", "harvester_id": "h/1", "state": "failed", "node": "node1", "exit_code": 137, "signal": 9,
    "diagnostic": f"it was {HOSTILE}", "submitted_at": NOW - 90 * SECOND, "started_at": NOW - 60 * SECOND,
    "ended_at": NOW - 10 * SECOND, "vo": "wlcg", "is_foreign": False, "tag": "stack-h:7", "class_name": "medium", "cores": 1,
    "memory_mb": 8000, "walltime_seconds": 7200, "mode": "pull", "job_id": None, "batch_id": "4711",
    "submit_host": "schedd.example", "cancel_ordered": True, "cancel_why": "the queue wants fewer",
    "native_state": "OUT_OF_MEMORY", "reason": HOSTILE,
    "fingerprint": "out-of-memory",
}  # fmt: skip
EVENT = {"actor": "a", "role": "worker", "command_type": "ReportWorker", "command_id": "c", "correlation_id": "k", "body": {},
         "total": 3}  # fmt: skip
EVENTS = [
    {**EVENT, "sequence": 1, "at": NOW - 100 * SECOND, "event_type": "WorkerIntended", "summary": "Intended."},
    {**EVENT, "sequence": 2, "at": NOW - 90 * SECOND, "event_type": "WorkerPending", "summary": HOSTILE},
    {**EVENT, "sequence": 3, "at": NOW - 10 * SECOND, "event_type": "WorkerEnded", "summary": "Failed."},
]
SLOT = {"job_class": "small", "slot_class": "medium", "job_memory_mb": 4000, "slot_memory_mb": 8000, "node": "node1",
        "pilot": "h:7", "reason": "no pilot of its own class came"}  # fmt: skip
LEASE = {"job_id": 42, "task_id": 4, "at": NOW - 50 * SECOND, "total": 2, "body": SLOT}
JOB = {"job_id": 42, "status": "failed", "started_at": NOW - 45 * SECOND, "exit_code": 1,
       "errors": [{"source": "pilot", "code": 1305, "diagnostic": HOSTILE}]}  # fmt: skip
ABOUT = {"identity": an_identity(), "position": 1, "is_past": False, "live": "/monitor/live", "may_operate": False}


class AllowsAll:
    """An audit service for which everything is there."""

    async def check(self, *_: Any) -> None:
        """Yes."""


def a_view(page: MonitorPage, path: str, tables: dict[str, Any]) -> PageView:
    names = page.match(path)
    assert names is not None, path
    read_models = cast(ReadModels, ReadModelsStandIn(tables))
    audit = cast(AuditService, AllowsAll())
    return PageView(an_identity(), path, names, {}, read_models, audit, NOTHING, Counts(), NOTHING, NOW)


def shown(page: MonitorPage, view: PageView) -> tuple[Data, str]:
    """Data and HTML; the regions are what the whole page has of them."""
    data = run(page.load(view))
    html = Renderer().page(page, view, data, ABOUT)
    regions = Renderer().regions(page, view, data)
    assert [name for name, text in regions.items() if text.strip() not in html] == []
    assert HOSTILE not in html
    plain(page.document(data))
    return data, html


def worker_tables(**changes: Any) -> dict[str, Any]:
    tables = {
        "select * from worker": [WORKER], "aggregate = 'worker'": EVENTS, "event_type = 'JobLeased'": [LEASE],
        "event_type = any(%(endings)s)": [{"job_id": 42, "at": NOW - 20 * SECOND, "event_type": "JobFailed"}],
        "from job where": [JOB],
    }  # fmt: skip
    return tables | changes


def test_a_worker_is_shown_with_its_way_its_jobs_and_how_it_ended() -> None:
    data, html = shown(worker.PAGE, a_view(worker.PAGE, "/worker/Q/h:7/", worker_tables()))

    assert [(span.name, span.lasted // SECOND) for span in data["spans"]] == [
        ("intended", 10), ("pending", 40), ("at work", 30), ("no job", 10),
    ]  # fmt: skip
    for text in ("4711", "schedd.example", "stack-h:7", "OUT_OF_MEMORY", "out-of-memory", "137, 9", "the queue wants fewer",
                 "small / medium", "4,000 / 8,000", "no pilot of its own class came", "pilot:1305", "The newest 1 of 2",
                 'href="/job/42/"', "8,000 MB", "2 h 0 min"):  # fmt: skip
        assert text in html, text


def test_a_worker_that_has_only_been_intended_is_shown() -> None:
    row: dict[str, Any] = {**dict.fromkeys(WORKER), "queue": "Q", "worker_id": "h:7", "harvester_id": "h/1", "state": "intended"}
    tables = {"select * from worker": [row | {"is_foreign": True}], "aggregate = 'worker'": EVENTS[:1]}

    data, html = shown(worker.PAGE, a_view(worker.PAGE, "/worker/Q/h:7/", tables))

    assert [(span.name, span.until) for span in data["spans"]] == [("intended", None)]
    assert "goes on" in html
    assert 'href="/harvesters/h%2F1/"' in html
    assert "its pilot has got no job" in html


def test_a_worker_that_is_not_of_the_organisation_is_not_found() -> None:
    with pytest.raises(NotFound, match="no worker h:7 in queue Q of wlcg"):
        run(worker.PAGE.load(a_view(worker.PAGE, "/worker/Q/h:7/", {})))


def test_names_with_slashes_lead_to_their_pages() -> None:
    assert page_at("/worker/Q/site/a:7/") == (worker.PAGE, {"queue": "Q", "worker": "site/a:7"})
    assert page_at("/harvesters/cern/one/") == (harvester.PAGE, {"harvester": "cern/one"})
    assert page_at("/harvesters/") == (harvesters.PAGE, {})
    assert canonical("/harvester/instances/", {}) == "/harvesters/"
    bookmark = {"harvesterid": "h", "workerid": "7"}
    assert canonical("/harvester/worker/", bookmark) == "/workers/?harvesterinstance=h&workerid=h%3A7"


def test_harvesters_are_shown_with_their_signs_of_life_orders_counts_and_log() -> None:
    row = {"name": "wlcg/one", "vo": "wlcg", "harvester_id": "one", "version": "0.7.5", "started_at": NOW - 3600 * SECOND,
           "seen_at": NOW - 30 * SECOND, "metrics": [{"host": "h1", "document_json": HOSTILE}], "sequence": 9}  # fmt: skip
    order = {"number": 3, "command": "SET_N_WORKERS_JOBTYPE:Q", "parameters": HOSTILE, "ack_requested": True, "ordered_at": NOW,
             "handed_out_at": None, "acknowledged_at": None, "total": 70}  # fmt: skip
    count = {"job_type": "managed", "resource_type": "SCORE", "running": 1234, "submitted": 1, "finished": 0, "to_submit": 2}
    dialog = {"number": 1, "written_at": NOW, "module": "submitter", "identifier": "x", "level": "ERROR", "message": HOSTILE,
              "total": 1}  # fmt: skip
    tables = {
        "select * from harvester": [row], "from harvester_order": [order], "from harvester_dialog": [dialog],
        "from worker where": [{"queue": "Q", "state": "running", "count": 5}],
        "from harvester h": [row | {"queues": ["Q"]}],
        "from harvester_count": [{"queue": "Q", "counts": [count], "reported_at": NOW}],
    }  # fmt: skip

    _, html = shown(harvester.PAGE, a_view(harvester.PAGE, "/harvesters/one/", tables))
    _, listed = shown(harvesters.PAGE, a_view(harvesters.PAGE, "/harvesters/", tables))

    for text in ("0.7.5", "30 s ago", "SET_N_WORKERS_JOBTYPE:Q", "waits for it to ask", "1,234", "submitter",
                 "The newest 1 of 70"):  # fmt: skip
        assert text in html, text
    assert 'href="/harvesters/one/"' in listed
    assert "0.7.5" in listed


def test_a_queue_is_shown_with_its_funnel_and_what_is_wanted_by_class() -> None:
    terms = {"wanted": 7, "memory_mb": 8000, "cores": 1, "walltime_seconds": 0, "standby": 2, "waiting": 30, "running": 4,
             "cut_by_pilots_max": 29, "cut_by_pending_max": 0, "cut_by_ramp": 0, "kept_for_now": 0}  # fmt: skip
    demand = {"wanted": 7, "live": 6, "reason": "medium: 7", "held_back": f"0 pilots wanted {HOSTILE}", "unhealthy": "",
              "probe_at": 0, "sequence": 1,
              "classes": [{"name": "medium", **terms}]}  # fmt: skip
    tables = {
        "select * from queue": [{"name": "Q", "settings": {}, "waiting": 30, "leased": 4, "held_tasks": [], "sequence": 1}],
        "from worker_demand": [demand],
        "cross join lateral": [{"events": ["JobLeased", "WorkerEnded", "WorkerIntended"], "state": "finished", "count": 1500},
                               {"events": ["WorkerEnded", "WorkerIntended"], "state": "missed", "count": 20}],
    }  # fmt: skip

    data, html = shown(queue.PAGE, a_view(queue.PAGE, "/queue/Q/", tables))

    assert {step["name"]: step["count"] for step in data["funnel"]} == {
        "wanted": 7, "intended": 1520, "submitted": 1500, "pending": 1500, "running": 1500,
        "asked": 1500, "got work": 1500, "ended well": 1500,
    }  # fmt: skip
    assert "1,520" in html
    assert "held back" in html
    assert "medium" in html
    assert "pilots_max" in html
    assert data["ended_early"] == [{"state": "missed", "count": 20}]


def test_what_a_harvester_says_moves_its_page_and_no_other() -> None:
    heard = LiveChange()
    heard.take([Message("culm.harvester.events.v1", b"wlcg/one")])  # type: ignore[list-item]

    touched, _ = heard.swap()

    assert touched == Touched(frozenset(), frozenset(), frozenset(), frozenset({"wlcg/one"}))
    assert heard.swap()[0] == Touched(frozenset(), frozenset(), frozenset())
    views = {name: a_view(harvester.PAGE, f"/harvesters/{name}/", {}) for name in ("one", "two")}
    assert [name for name, view in views.items() if harvester.PAGE.concerned(touched, view)] == ["one"]
