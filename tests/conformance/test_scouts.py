"""Scouts as users of the unmodified client meet them, on a stack with pilots (docs/decisions/0072)."""

import pytest

from tests.conformance.client import Client

pytestmark = pytest.mark.stack
#: Succeeds for the first four jobs only.
FIRST_FOUR = "test %RNDM:1 -le 4"


def test_a_task_whose_scouts_all_fail_is_broken_and_pbook_shows_why(client: Client) -> None:
    task = client.prun("user.jdoe.scouts.dead", "--nJobs", "40", "--maxAttempt", "1", payload="exit 1").task_id

    assert client.ended(task)["status"] == "broken"
    assert len(client.events(task, "JobsGenerated")) == 1
    shown = client.pbook("-c", f"print(show({task}, format='json')[0]['errorDialog'])")
    assert "no scout jobs succeeded: all 10 input units of the scouts failed" in shown.text


def test_one_success_short_of_the_goal_exhausts_the_task_and_pbook_retries_it(client: Client) -> None:
    task = client.prun("user.jdoe.scouts.short", "--nJobs", "40", "--maxAttempt", "1", payload=FIRST_FOUR).task_id
    assert client.ended(task)["status"] == "exhausted"

    said = client.pbook("retry", str(task))

    assert f"INFO : command=retry is registered for task ID {task}. will be executed in a few minutes\n" in said.text
    client.wait_for(task, lambda row: row["status"] == "scouting")
    client.pbook("kill", str(task))
    assert client.ended(task)["status"] == "aborted"


def test_scouts_are_left_out_where_the_client_says_so_and_an_avalanche_is_ordered(client: Client) -> None:
    without = client.prun("user.jdoe.scouts.none", "--nJobs", "20", "--expertOnly_skipScout", "--site", "NOWHERE").task_id
    task = client.prun("user.jdoe.scouts.forced", "--nJobs", "40", payload="sleep 30").task_id
    client.wait_for(task, lambda row: row["status"] == "scouting")

    said = client.ask("POST", "/api/v1/task/avalanche", json={"task_id": task})

    assert said.json()["success"], said.text
    client.wait_for(task, lambda row: row["status"] == "running")
    client.wait_for(without, lambda row: row["status"] == "pending")
    assert client.events(without, "InputHeld") == []
    for one in (task, without):
        client.pbook("kill", str(one))
        assert client.ended(one)["status"] == "aborted"
