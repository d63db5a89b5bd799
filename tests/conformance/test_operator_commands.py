"""Commands of operators against a running Culm: what a dry run counts, what is changed, what is ordered for later.

The client commands where panda-client 2.2.0 has the call; the others are sent in the reference's form with the client's token.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conformance.client import Client

pytestmark = pytest.mark.stack
PRODUCTION = {"Origin": "wlcg:production"}


def call(client: Client, path: str, body: dict[str, Any], **options: str) -> dict[str, Any]:
    """The envelope of a call of an operator."""
    answer = client.ask("POST", f"/api/v1/{path}", json=body, params=options, headers=PRODUCTION)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_kill_hits_as_many_jobs_as_its_dry_run_counted(client: Client) -> None:
    task = client.prun("user.jdoe.operators.kill", "--nJobs", "4", payload="sleep 300").task_id
    client.wait_for(task, lambda found: found["jobs_total"] == 4)

    dry = call(client, "task/kill", {"task_id": task}, dry_run="true")
    still = client.api(f"print(c.getTaskStatus({task}))")
    said = client.api(f"print(c.killTask({task}))")

    assert dry == {"success": True, "message": "dry run: 4 jobs and 4 input units", "data": {"jobs": 4, "input_units": 4}}
    assert "aborted" not in still
    assert "(0, (True, 0))" in said
    assert client.ended(task)["status"] == "aborted"
    states = client.api(f"print([j.jobStatus for j in c.getFullJobStatus(c.getPandaIDsWithTaskID({task})[1])[1]])")
    assert states == "['cancelled', 'cancelled', 'cancelled', 'cancelled']\n"


def test_requirements_and_rules_are_changed_with_a_reason_that_is_kept(client: Client) -> None:
    task = client.prun("user.jdoe.operators.change", "--site", "NOWHERE").task_id
    client.wait_for(task, lambda found: found["status"] == "pending")

    ram = call(client, "task/change_attribute", {"task_id": task, "attribute_name": "ramCount", "value": 3500}, reason="ticket 7")
    rule = call(client, "task/change_split_rule", {"task_id": task, "attribute_name": "NF", "value": 3})
    unknown = call(client, "task/change_split_rule", {"task_id": task, "attribute_name": "QQ", "value": 3})
    parameters = client.api(f"p = c.getTaskParamsMap({task})[1]; print(p['ramCount'], p['nFilesPerJob'])")

    assert (ram["data"], rule["data"], unknown["success"]) == (0, 0, False)
    assert "'QQ' is no split rule, expected one of NF, MF" in unknown["message"]
    assert parameters == "3500 3\n"
    assert [one["reason"] for one in client.events(task, "TaskAttributeChanged")] == ["ticket 7"]


def test_a_finish_that_was_ordered_for_later_happens_by_itself(client: Client) -> None:
    task = client.prun("user.jdoe.operators.later", "--site", "NOWHERE").task_id
    client.wait_for(task, lambda found: found["status"] == "pending")
    soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()

    ordered = call(client, "task/kill", {"task_id": task}, at=soon, reason="end of the campaign")

    assert (ordered["success"], ordered["data"]) == (True, 0)
    assert ordered["message"].startswith("KillTask is ordered for ")
    assert client.ended(task)["status"] == "aborted"
    assert [one["outcome"] for one in client.events(task, "ScheduledCommandEnded")] == ["carried out"]
    assert [one["reason"] for one in client.events(task, "TaskKillOrdered")] == ["end of the campaign"]


def test_scripts_raise_attempts_pause_and_resume_as_a_dry_run_says(client: Client) -> None:
    task = client.prun("user.jdoe.operators.pause", "--site", "NOWHERE").task_id
    client.wait_for(task, lambda found: found["status"] == "pending")

    dry = [call(client, path, {"task_id": task, **more}, dry_run="true") for path, more in [
        ("task/pause", {}), ("task/increase_attempts", {"increase": 2}), ("task/resume", {}),
    ]]  # fmt: skip
    said = client.api(f"print(c.pauseTask({task}, False), c.resumeTask({task}, False), c.increase_attempt_nr({task}, 2))")

    assert [one["success"] for one in dry] == [True, True, False]
    assert "the resume command is not accepted if the task is in pending status" in dry[2]["message"]
    assert said == "(0, (True, 0)) (0, (True, 0)) (0, (True, 0))\n"
