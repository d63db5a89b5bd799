"""Reading calls: whose tasks are asked for, in which order they come, what details say."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from api.panda import job_commands, jobs, task_lists, task_reads
from api.panda.calls import Call
from api.panda.envelope import Reply
from schemas.job import KillJob
from tests.api.builders import GatewayStandIn, an_answer, an_identity, run
from tests.api.panda.builders import RecordingReadModels, a_call, a_job_row, a_task_row

Function = Callable[[Call], Awaitable[Reply]]
LIST = {"since": None, "filters": None, "n_tasks": 500}


def asked(function: Function, home: Path, arguments: dict[str, Any], **settings: Any) -> tuple[Reply, Any]:
    """The reply, and the questions that the read models got."""
    read_models = RecordingReadModels(settings.pop("tables", {}))
    reply: Reply = run(function(a_call(home, arguments, read_models=read_models, **settings)))
    return reply, read_models.asked


def test_the_callers_own_tasks_are_meant_unless_a_user_is_named(tmp_path: Path) -> None:
    _, mine = asked(task_lists.tasks_since, tmp_path, LIST)
    _, others = asked(task_lists.tasks_since, tmp_path, LIST | {"filters": '{"userName": "John Roe"}'})

    assert "where vo = %s and owner = any(%s) order by" in mine[0][0]
    assert mine[0][1] == ["wlcg", ["subject-jane"], 500]
    assert "where vo = %s and user_name = %s order by" in others[0][0]
    assert others[0][1] == ["wlcg", "John Roe", 500]


def test_the_newest_tasks_come_in_ascending_order(tmp_path: Path) -> None:
    rows = [a_task_row(task_id=10_000_003), a_task_row(task_id=10_000_002), a_task_row(task_id=10_000_001)]
    arguments = LIST | {"n_tasks": 2, "filters": '{"processingType": "panda-client-2.2.0-jedi-run"}'}

    reply, _ = asked(task_lists.tasks_since, tmp_path, arguments, tables={"from task": rows})

    assert [task["jediTaskID"] for task in reply.data] == [10_000_002, 10_000_003]


def test_expressions_on_what_is_no_column_are_searched_by_the_database(tmp_path: Path) -> None:
    rows = [a_task_row(task_id=10_000_002), a_task_row(task_id=10_000_001)]
    tables = {"unnest": [{"place": 2}], "from task": rows}

    reply, questions = asked(task_lists.tasks_since, tmp_path, LIST | {"filters": '{"coreCount": "^N"}'}, tables=tables)

    assert [task["jediTaskID"] for task in reply.data] == [10_000_001]
    assert questions[1][1] == [["None", "None"], "^N"]


def test_filters_that_are_none_are_said_so(tmp_path: Path) -> None:
    for filters in ("{", "[1]", '{"colour": "red"}'):
        reply, questions = asked(task_lists.tasks_since, tmp_path, LIST | {"filters": filters})

        assert reply.message.startswith("Failed to retrieve task IDs")
        assert questions == []


def test_since_is_a_time(tmp_path: Path) -> None:
    reply, _ = asked(task_lists.tasks_since, tmp_path, LIST | {"since": "yesterday"})
    _, questions = asked(task_lists.tasks_since, tmp_path, LIST | {"since": "2026-01-31 12:00:00"})

    assert reply.message == "Argument error: since is 'yesterday', expected YYYY-MM-DD HH:MM:SS"
    assert questions[0][1][2] == 1_769_860_800_000_000


def test_a_task_of_another_vo_is_not_found(tmp_path: Path) -> None:
    reply, questions = asked(task_reads.status, tmp_path, {"task_id": 10_000_001}, identity=an_identity(vo="other"))

    assert (reply.success, reply.message) == (False, "Task not found")
    assert questions[0][1] == [10_000_001, "other"]


def test_details_name_datasets_files_and_jobs(tmp_path: Path) -> None:
    task = 10_000_001
    tables = {
        "from task where": [a_task_row(status="running")],
        "from task_dataset": [
            {"task_id": task, "dataset": "sky", "role": "INPUT"},
            {"task_id": task, "dataset": "user.jdoe.t1_out.txt", "role": "OUTPUT"},
            {"task_id": task, "dataset": "user.jdoe.t1.log/", "role": "LOG"},
        ],
        "from task_file": [
            {"task_id": task, "status": "running", "files": 4},
            {"task_id": task, "status": "ready", "files": 3},
            {"task_id": task, "status": "finished", "files": 2},
        ],
        "from job": [{"task_id": task, "job_id": 1, "kind": "NORMAL"}, {"task_id": task, "job_id": 2, "kind": "MERGE"}],
    }
    arguments = {"task_id": task, "include_parameters": True, "include_status": True}

    reply, _ = asked(task_reads.details, tmp_path, arguments, tables=tables)

    assert reply.data == {
        "inDS": "sky",
        "outDS": "user.jdoe.t1_out.txt/,user.jdoe.t1.log/",
        "statistics": "tobedone*3,finished*2,running*4",
        "PandaID": [1],
        "mergeStatus": None,
        "mergePandaID": [2],
        "status": "running",
        "cliParams": "prun --exec x",
    }


def test_jobs_come_in_the_order_of_their_ids_and_null_for_unknown_ones(tmp_path: Path) -> None:
    rows = [a_job_row(job_id=5), a_job_row(job_id=7)]

    reply, questions = asked(jobs.descriptions, tmp_path, {"job_ids": [7, "6", 5]}, tables={"from job": rows})

    assert [job and job["PandaID"] for job in reply.data] == [7, None, 5]
    assert questions[0][1] == [[7, 6, 5], "wlcg"]


def test_a_described_job_has_its_duration_and_label(tmp_path: Path) -> None:
    tables = {"from task where": [a_task_row()], "from job": [a_job_row()]}

    reply, _ = asked(task_reads.job_descriptions, tmp_path, {"task_id": 1, "unsuccessful_only": False}, tables=tables)

    assert (reply.data[0]["jobDuration"], reply.data[0]["extendedProdSourceLabel"]) == (65, "user_normal")


def test_only_ones_own_jobs_are_killed(tmp_path: Path) -> None:
    rows = [a_job_row(job_id=1, status="running"), a_job_row(job_id=2, status="running", owner="subject-john")]
    gateway = GatewayStandIn()
    arguments = {"job_ids": [1, 2, 3], "code": None}

    reply, _ = asked(job_commands.kill, tmp_path, arguments, tables={"from job": rows}, gateway=gateway)

    assert reply.data == [True, False, False]
    assert gateway.sent == [(KillJob(code=3, reason="killed through the PanDA API"), "1")]


@pytest.mark.parametrize(("status", "killed"), [("finished", False), ("failed", False), ("cancelled", False), ("running", True)])
def test_a_job_that_has_ended_is_not_said_to_be_killed(tmp_path: Path, status: str, killed: bool) -> None:
    """The decider takes the command in any case; the same kill twice is no failure."""
    rows = {"from job": [a_job_row(status=status)]}

    reply, _ = asked(job_commands.kill, tmp_path, {"job_ids": [100_000_010_000_001], "code": None}, tables=rows)

    assert reply.data == [killed]


def test_a_job_that_was_killed_by_this_call_is_said_to_be_killed_although_it_has_ended(tmp_path: Path) -> None:
    gateway = GatewayStandIn(lambda *_: an_answer(event_types=("JobCancelled",)))
    rows = {"from job": [a_job_row(status="cancelled")]}

    reply, _ = asked(job_commands.kill, tmp_path, {"job_ids": [100_000_010_000_001], "code": None}, tables=rows, gateway=gateway)

    assert reply.data == [True]


def test_a_job_that_is_not_there_is_to_be_killed_for_everyone(tmp_path: Path) -> None:
    reply, _ = asked(jobs.statuses, tmp_path, {"job_ids": [5], "timeout": 60})

    assert reply.data == [{"status": "unknown", "command": "tobekilled"}]


def test_a_pilots_role_does_not_kill_jobs_of_others_and_the_production_role_does(tmp_path: Path) -> None:
    rows = {"from job": [a_job_row(owner="subject-john", job_id=2, status="running")]}
    arguments = {"job_ids": [2], "code": None}

    by_pilot, _ = asked(job_commands.kill, tmp_path, arguments, tables=rows, identity=an_identity(role="pilot"))
    by_production, _ = asked(job_commands.kill, tmp_path, arguments, tables=rows, identity=an_identity(role="production"))

    assert (by_pilot.data, by_production.data) == ([False], [True])


def test_what_payloads_reported_is_listed_by_job(tmp_path: Path) -> None:
    rows = [{"job_id": 1, "metadata": '{"answer": 42}'}, {"job_id": 2, "metadata": "no JSON"}]
    tables = {"from task where": [a_task_row()], "from job": rows}

    reply, _ = asked(jobs.user_metadata, tmp_path, {"task_id": 1}, tables=tables)
    nothing, _ = asked(jobs.user_metadata, tmp_path, {"task_id": 1}, tables={"from task where": [a_task_row()]})

    assert reply.data == {"1": {"answer": 42}}
    assert (nothing.success, nothing.message, nothing.data) == (True, "No metadata found", {})
