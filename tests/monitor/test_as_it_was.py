"""With `asof` a page is of that moment: heading, facts, why, steps, datasets, events; nothing of today stands under it."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from api.log.audit_service import AuditService
from api.monitor.counting import Counts
from api.monitor.page import Data, MonitorPage, PageView
from api.monitor.pages import job, queue, task
from api.monitor.pages.as_it_was import why_job_was
from api.monitor.rendering import Renderer
from api.native.job_files import JobFiles
from api.queries.read_models import ReadModels, Row
from audit.auditor import State
from audit.reason import Reason
from projections.jobs.tables import JOB
from projections.tasks.tables import TASK
from tests.api.builders import ReadModelsStandIn, an_identity, run

NOW, SECOND = 1_800_000_000_000_000, 1_000_000
THEN = NOW - 3600 * SECOND
NOTHING = cast(Any, None)
ABOUT = {"identity": an_identity(), "position": 1, "is_past": True, "live": "/monitor/live", "may_operate": True}
TASK_NOW: dict[str, Any] = {
    **dict.fromkeys(str(column.name) for column in TASK.columns), "task_id": 5, "name": "user.jdoe.five", "vo": "wlcg",
    "owner": "subject-jane", "user_name": "Jane Doe", "label": "user", "status": "finished", "current_priority": 1000,
    "attempt": 3, "parameters": "{}", "created_at": NOW - 7200 * SECOND, "modified_at": NOW, "started_at": NOW - 5000 * SECOND,
    "ended_at": NOW,
    "files_total": 100, "files_finished": 90, "files_failed": 10, "jobs_live": 0, "jobs_total": 130,
    "message": "today's message", "lists": [],
}  # fmt: skip
TASK_THEN = TASK_NOW | {
    "status": "running", "attempt": 1, "ended_at": None, "modified_at": THEN, "files_finished": 20, "files_failed": 0,
    "message": None, "jobs_live": 7, "jobs_total": 8,
}  # fmt: skip
JOB_NOW: dict[str, Any] = {
    **dict.fromkeys(str(column.name) for column in JOB.columns), "job_id": 50000001, "task_id": 5, "attempt": 1, "kind": "NORMAL",
    "queue": "Q", "status": "failed", "priority": 1, "vo": "wlcg", "owner": "subject-jane", "user_name": "Jane Doe",
    "core_count": 1, "ram_mb_min": 2000, "created_at": NOW - 7200 * SECOND, "activated_at": NOW - 7200 * SECOND, "sent_at": THEN,
    "started_at": THEN + SECOND, "ended_at": NOW, "modified_at": NOW, "node": "n1", "pilot": "p1", "exit_code": 65, "outputs": [],
    "log_extract": "today's log",
    "spec": {},
    "errors": [{"source": "pilot", "code": 1305, "diagnostic": "today's error"}],
}  # fmt: skip
JOB_THEN = JOB_NOW | {
    "status": "sent", "started_at": None, "ended_at": None, "exit_code": None, "errors": [], "log_extract": None,
}  # fmt: skip


@dataclass
class Remembered:
    """An audit service with the rows of two moments."""

    tables: dict[str, list[dict[str, Any]]]

    async def check(self, *_: Any) -> None:
        """All is there."""

    async def why(self, *_: Any) -> list[Reason]:
        """Of now."""
        return [Reason("today's reason")]

    async def state(self, _: Any, subject: Any, moment: Any) -> State:
        """Of event 3; nothing before the first."""
        first = moment.sequence == 0
        tables = {name: [] for name in self.tables} if first else self.tables
        return State(subject, tables, moment.sequence, moment.sequence, None if first else THEN, None)


@dataclass
class Noted(ReadModelsStandIn):
    """Read models that keep what they were asked."""

    asked: list[tuple[str, Any]] = field(default_factory=list)

    def rows_now(self, sql: str, parameters: Any = ()) -> list[Row]:
        """As the others, noted."""
        self.asked.append((sql, parameters))
        return super().rows_now(sql, parameters)


class NoFiles:
    """Files of jobs, none of which is there."""

    async def of(self, _: Any) -> list[Row]:
        """None."""
        return []


def looked(
    page: MonitorPage, path: str, asof: str, rows: dict[str, Any], then: dict[str, Any]
) -> tuple[Data, str, Noted]:
    """Data and HTML of a page at a moment."""
    names, read_models = page.match(path), Noted(deepcopy(rows))
    assert names is not None
    view = PageView(
        an_identity(), path, names, {"asof": asof} if asof else {}, cast(ReadModels, read_models),
        cast(AuditService, Remembered(then)), NOTHING, Counts(), cast(JobFiles, NoFiles()), NOW,
    )  # fmt: skip
    data = run(page.load(view))
    html = Renderer().page(page, view, data, ABOUT | {"is_past": bool(asof)})
    regions = Renderer().regions(page, view, data)
    assert [name for name, text in regions.items() if text.strip() not in html] == []
    page.document(data)
    return data, html, read_models


DATASET = {"task_id": 5, "dataset": "data.in", "role": "INPUT", "stream": "IN", "files_total": 100, "files_finished": 20,
           "files_failed": 0}  # fmt: skip
OF_TASK: dict[str, Any] = {
    "select * from task": [TASK_NOW], "from task_dataset": [DATASET | {"files_finished": 90, "files_failed": 10}],
    "select kind, status": [{"kind": "NORMAL", "status": "finished", "count": 130}],
    "select j.kind": [{"kind": "NORMAL", "event_type": "JobStarted", "count": 7},
                      {"kind": "BUILD", "event_type": "JobFinished", "count": 1}],
    "coalesce(ended_at": [], "error_diagnostic": [
        {"error_source": "pilot", "error_code": 1, "text": "today's cause", "count": 1, "retried": 0, "attempt": 1,
         "example": 1}],
}  # fmt: skip


def test_a_task_is_shown_as_it_was_with_nothing_of_today() -> None:
    data, html, read_models = looked(
        task.PAGE, "/task/5/", "#3", OF_TASK, {"task": [TASK_THEN], "task_dataset": [DATASET]}
    )

    assert (data["task"]["status"], data["task"]["attempt"], data["task"]["ended_at"]) == ("running", 1, None)
    assert [(step["kind"], step["status"], step["total"]) for step in data["steps"]] == [
        ("BUILD", "done", 1), ("NORMAL", "running", 7),
    ]  # fmt: skip
    assert data["why"][0].says == "It works: 20 of 100 input units are done, 0 failed; 7 jobs in pilots' hands, 0 waiting."
    assert [row["files_finished"] for row in data["datasets"]] == [20]
    assert "As it was at event 3" in html
    assert "20 of 100 input units done" in html
    assert [word for word in ("today's", "90 of 100", ">130<") if word in html] == []
    assert 'action="/monitor/act"' not in html
    bounded = [parameters["until"] for sql, parameters in read_models.asked if "sequence <= %(until)s" in sql]
    assert set(bounded) == {3}
    assert len(bounded) >= 2


def test_the_same_task_now_is_of_now() -> None:
    data, html, _ = looked(task.PAGE, "/task/5/", "", OF_TASK, {"task": [TASK_THEN]})

    assert data["task"]["status"] == "finished"
    assert "today&#39;s reason" in html
    assert "As it was at event" not in html
    assert "Not kept for moments of the past" not in html


@pytest.mark.parametrize(("page", "path"), [(task.PAGE, "/task/5/"), (job.PAGE, "/job/50000001/")])
def test_what_was_not_there_yet_is_said_not_to_have_been(page: MonitorPage, path: str) -> None:
    rows = OF_TASK | {"select * from job": [JOB_NOW]}

    _, html, _ = looked(page, path, "#0", rows, {"task": [], "task_dataset": []} if page is task.PAGE else {"job": []})

    assert "It was not there yet." in html
    assert [word for word in ("today's", "today&#39;s", "90 of 100", "1305", "None") if word in html] == []


def test_a_job_is_shown_as_it_was_with_its_life_up_to_then() -> None:
    events = [{"event_type": name, "at": at} for name, at in (
        ("JobDefined", THEN - 60 * SECOND), ("JobSent", THEN), ("JobStarted", THEN + SECOND), ("JobFailed", NOW))]  # fmt: skip
    rows = {"select * from job": [JOB_NOW], "select at, event_type": events}

    data, html, _ = looked(job.PAGE, "/job/50000001/", "#3", rows, {"job": [JOB_THEN]})

    assert data["job"]["status"] == "sent"
    assert data["why"][0].says == "Pilot p1 on n1 had it (sent)."
    assert [one["status"] for one in data["states"]] == ["activated", "sent"]
    assert [one["bar"].name for one in data["timeline"]["bars"]] == ["queued", "pilot prepares"]
    assert [(one["status"], one["ended_at"], one["errors"]) for one in data["attempts"]] == [("sent", None, [])]
    assert [word for word in ("today's", "today&#39;s", "1305", "65", "looking at its heartbeats") if f">{word}" in html] == []


def test_why_a_job_was_where_it_was_follows_from_its_own_events() -> None:
    assert why_job_was(JOB_NOW | {"status": "activated"}).says == "It waited for a pilot at Q."
    assert why_job_was(JOB_NOW).says == "It had ended failed: pilot 1305 today's error."
    assert why_job_was(JOB_NOW | {"status": "finished", "errors": []}).says == "It had ended finished."


def test_a_queue_is_shown_with_its_settings_and_counters_of_then() -> None:
    now = {"name": "Q", "settings": {"status": "OFFLINE"}, "waiting": 4321, "leased": 9, "held_tasks": [], "sequence": 9}
    then = now | {"settings": {"status": "ONLINE"}, "waiting": 12, "leased": 3}
    rows = {"select * from queue": [now], "from worker_demand": []}

    data, html, _ = looked(queue.PAGE, "/queue/Q/", "#3", rows, {"queue": [then], "held_task": [{"task_id": 5}]})

    assert (data["queue"]["settings"]["status"], data["queue"]["waiting"], data["queue"]["held_tasks"]) == ("ONLINE", 12, [5])
    assert "4,321" not in html
    assert "pilots alive" not in html
    assert "Not kept for moments of the past" in html
