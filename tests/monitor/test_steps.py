"""The steps of a task as a graph, and what may be done with it in each status."""

from typing import Any

from api.monitor.offers import possible_actions
from api.monitor.pages.task import steps_of


def a_task(status: str = "running", **definition: Any) -> dict[str, Any]:
    return {"status": status, "definition": definition}


def jobs(kind: str, **counts: int) -> list[dict[str, Any]]:
    return [{"kind": kind, "status": status, "count": count} for status, count in counts.items()]


def shape(task: dict[str, Any], rows: list[dict[str, Any]]) -> list[tuple[str, str, int, int, int]]:
    return [(one["kind"], one["status"], one["total"], one["finished"], one["failed"]) for one in steps_of(task, rows)]


def test_steps_that_the_task_was_promised_are_there_before_their_jobs() -> None:
    task = a_task(build={"label": "panda"}, merge={"label": "user"})

    assert shape(task, jobs("BUILD", activated=1)) == [
        ("BUILD", "activated", 1, 0, 0),
        ("NORMAL", "to come", 0, 0, 0),
        ("MERGE", "to come", 0, 0, 0),
    ]


def test_a_step_tells_how_far_its_jobs_are() -> None:
    rows = jobs("NORMAL", activated=2, running=1, finished=3, failed=1) + jobs("MERGE", finished=1)

    assert shape(a_task(), rows) == [("NORMAL", "running", 7, 3, 1), ("MERGE", "done", 1, 1, 0)]


def test_a_step_that_an_ended_task_never_came_to_is_said_to_be_not_begun() -> None:
    task = a_task("failed", build={}, merge={"label": "user"})

    assert shape(task, jobs("NORMAL", failed=2, closed=1)) == [("NORMAL", "failed", 3, 0, 3), ("MERGE", "not begun", 0, 0, 0)]


def test_only_what_makes_sense_is_offered() -> None:
    assert possible_actions("task", "running") == ["kill_task", "finish_task", "pause_task", "priority_task", "revert_task"]
    assert possible_actions("task", "failed") == ["retry_task", "reload_task"]
    assert possible_actions("task", "done") == ["reload_task"]
    assert possible_actions("task", "broken") == []
    assert possible_actions("job", "running") == ["kill_job"]
    assert possible_actions("job", "finished") == []
