"""`pbook` 2.2.0, unmodified, against a running Culm: what it must print, row by row (docs/reference/client.md)."""

import json
import re

import httpx
import pytest

from tests.conformance.client import Client

pytestmark = pytest.mark.stack

DATE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


def test_pbook_shows_the_tasks_of_the_user(client: Client, done_task: int) -> None:  # row 11
    said = client.pbook("show")

    assert "PBook user: Jane Doe" in said.text
    assert re.search(r"JediTaskID +ReqID +Status +Progress +TaskName", said.text)
    assert re.search(rf"\n +{done_task} +{done_task} +done +100% +user\.jdoe\.conformance\.done/", said.text)


def test_pbook_shows_a_task_at_length(client: Client, done_task: int) -> None:  # row 12
    said = client.pbook("showl", str(done_task))

    row = rf"\n +{done_task} +done +{DATE} +{DATE} +{done_task} +100% +3\|0\|3 +user\.jdoe\.conformance\.done/"
    assert re.search(row, said.text)


def test_pbook_tells_running_from_ended(client: Client, done_task: int, waiting_task: int) -> None:  # row 13
    running, ended = client.pbook("show", "run").text, client.pbook("show", "fin").text

    assert str(waiting_task) in running
    assert str(done_task) not in running
    assert str(done_task) in ended
    assert str(waiting_task) not in ended


def test_pbook_finds_a_task_by_name(client: Client, done_task: int) -> None:  # row 14
    said = client.pbook("show", "--taskname", "user.jdoe.conformance.done/", "--days", "7", "--limit", "5")

    assert re.findall(r"user\.jdoe\.\S+", said.text) == ["user.jdoe.conformance.done/"]


def test_pbook_finds_tasks_by_an_expression(client: Client, done_task: int, waiting_task: int) -> None:
    said = client.pbook("show", "--taskname", r"^user\.jdoe\.conformance\.(done/$)?", "--limit", "50")

    assert re.findall(r"conformance\.\w+/", said.text) == ["conformance.done/", "conformance.waiting/"]


def test_pbook_shows_only_the_tasks_of_the_named_user(client: Client, stranger: Client, done_task: int) -> None:  # row 15
    theirs = stranger.prun("user.mallory.row15", "--site", "NOWHERE").task_id

    another = client.pbook("show", "--username", "Another User").text
    mallory = client.pbook("show", "--username", "Mallory Moe").text

    assert str(done_task) not in another
    assert str(theirs) in mallory
    assert str(done_task) not in mallory
    assert str(done_task) not in stranger.pbook("show").text


def test_pbook_gives_json_to_scripts(client: Client, done_task: int) -> None:  # row 16
    said = client.pbook("-c", f"x=show({done_task}, format='json'); assert x[0]['jediTaskID']=={done_task}")

    assert said.code == 0, said.text


def test_pbook_kills_once(client: Client) -> None:  # rows 17, 18
    task = client.prun("user.jdoe.row17", "--site", "NOWHERE").task_id

    first = client.pbook("-c", f"kill({task})")
    assert client.ended(task)["status"] == "aborted"
    second = client.pbook("-c", f"kill({task})")

    assert f"INFO : 0\nINFO : Done, jediTaskID={task} will be killed within the next 30 min\n" in first.text
    assert first.code == 0
    assert "ERROR : Command rejected: the kill command is not accepted if the task is in aborted status" in second.text
    assert second.code == 1


def test_a_kill_is_seen_by_the_next_call(client: Client) -> None:
    task = client.prun("user.jdoe.killed", "--site", "NOWHERE").task_id

    said = client.pbook("-c", f"kill({task}); print(show({task}, format='json')[0]['status'])")

    assert said.text.strip().splitlines()[-1] in ("aborting", "aborted")


def test_pbook_finishes_softly(client: Client) -> None:  # row 19
    task = client.prun("user.jdoe.row19", "--site", "NOWHERE").task_id

    said = client.pbook("finish", str(task), "--soft")

    assert f"INFO : Done, jediTaskID={task} will be finished soon\n" in said.text
    assert [event["soft"] for event in client.events(task, "TaskFinishOrdered")] == [True]
    assert client.ended(task)["status"] == "failed"


def test_pbook_retries_a_failed_task(client: Client) -> None:  # row 20
    task = client.prun("user.jdoe.row20", "--nJobs", "1", "--maxAttempt", "1", payload="exit 1").task_id
    assert client.ended(task)["status"] == "failed"

    said = client.pbook("retry", str(task))

    assert f"INFO : command=retry is registered for task ID {task}. will be executed in a few minutes\n" in said.text
    assert "ERROR" not in said.text
    assert len(client.events(task, "TaskRetried")) == 1
    assert client.ended(task)["status"] == "failed"


def test_pbook_retries_with_new_parameters(client: Client) -> None:  # row 21
    task = client.prun("user.jdoe.row21", "--nJobs", "1", "--maxAttempt", "1", payload="exit 1").task_id
    assert client.ended(task)["status"] == "failed"

    said = client.pbook("retry", str(task), "--nFilesPerJob", "2", "--excludedSite", "A,B")

    assert f"INFO : reactivation accepted. jediTaskID={task} will be re-executed" in said.text
    assert "ERROR" not in said.text
    assert client.ended(task)["parameters"]["excludedSite"] == ["A", "B"]


def test_pbook_gives_a_task_at_work_more_attempts(client: Client, waiting_task: int) -> None:
    said = client.pbook("retry", str(waiting_task))

    assert "INFO : retry has been triggered for failed jobs while the task is still pending\n" in said.text
    assert "ERROR" not in said.text


def test_pbook_cannot_touch_the_task_of_another_user(stranger: Client, waiting_task: int, done_task: int) -> None:  # row 22
    killed = stranger.pbook("kill", str(waiting_task))
    others = [
        stranger.pbook("finish", str(waiting_task)),
        stranger.pbook("retry", str(waiting_task)),
        stranger.pbook("retry", str(done_task), "--nFiles", "1"),
        stranger.pbook("reload_input", str(done_task)),
        stranger.pbook("recover_lost_files", str(done_task)),
    ]

    for said in (killed, *others):
        assert "ERROR : not the task owner or no production role\n" in said.text
    assert f"ERROR : Failed to kill jediTaskID={waiting_task}\n" in killed.text


def test_pbook_cannot_kill_what_is_not_there(client: Client) -> None:  # row 23
    assert "Permission denied: reqID=5 is not owned by Jane Doe" in client.pbook("kill", "5").text


def test_pbook_reloads_input(client: Client) -> None:  # row 24
    task = client.prun("user.jdoe.row24", "--nJobs", "1").task_id
    client.ended(task)

    said = client.pbook("reload_input", str(task))

    assert f"INFO : command is registered for task {task} and will be executed in a few minutes\n" in said.text
    assert len(client.events(task, "TaskReloaded")) == 1


def test_pbook_dumps_what_payloads_reported(client: Client) -> None:  # row 27
    payload = 'echo {\\"answer\\": 42} > jobReport.json'
    task = client.prun("user.jdoe.row27", "--nJobs", "1", payload=payload).task_id
    assert client.ended(task)["status"] == "done"

    said = client.pbook("get_user_job_metadata", str(task), "md.json")

    assert "INFO : dumped to md.json\n" in said.text
    assert isinstance(json.loads((client.folder / "md.json").read_text(encoding="utf-8")), dict)


def test_pbook_looks_for_lost_files(client: Client, done_task: int) -> None:  # row 28
    said = client.pbook("recover_lost_files", str(done_task), "--test_mode")

    found = re.search(r"INFO : \{'logFileURL': '(\S+)'\}", said.text)
    assert found, said.text
    assert httpx.get(found[1], timeout=10).text == f"task {done_task}: 6 registered output files, 0 lost\n"


def test_pbook_gets_an_answer_about_debug_mode(client: Client, done_task: int) -> None:  # row 29
    job = client.get(f"/v1/jobs?task_id={done_task}")["jobs"][0]["job_id"]

    assert "INFO : debug mode is not offered" in client.pbook("debug", str(job), "True").text
